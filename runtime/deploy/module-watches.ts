/** Watches the modules of projections that are deployed: what is saved is taken, and what can not be taken is told and leaves all as it was. */
import { isEventStoreError } from '../../event/error.ts'
import type { DeployedUpdate, ModuleChange, ModuleFailure, TopologyStatus } from '../../event/topologies.ts'
import { FileWatch } from './file-watch.ts'
import type { Deployment } from './registry.ts'
import { asEventStoreError } from './topology-run.ts'
import { filesOfPlan } from './user-module.ts'

export interface ModuleWatchesParts {
  /** Undefined when it is deployed no more. */
  deployment(name: string): Deployment | undefined
  /** Digest of the module's files as they run; undefined when it does not run. */
  digest(name: string): string | undefined
  /** Takes the module as it is now; undefined when nothing of it is new. Rejects with why it can not be taken. */
  take(name: string, isChanged: boolean): Promise<DeployedUpdate | undefined>
}

type Tell = (change: ModuleChange) => void

export class ModuleWatches {
  readonly #parts: ModuleWatchesParts
  readonly #watches = new Map<string, FileWatch>()
  readonly #refused = new Map<string, ModuleFailure>()
  readonly #tell = new Set<Tell>()

  constructor(parts: ModuleWatchesParts) {
    this.#parts = parts
  }

  /** What a change came to, from now on; the answer ends it. */
  listen(tell: Tell): () => void {
    this.#tell.add(tell)
    return () => void this.#tell.delete(tell)
  }

  /** Takes what has another revision now, then watches all that can be. */
  async begin(tell: Tell, deployments: readonly Deployment[]): Promise<() => void> {
    const stop = this.listen(tell)
    for (const { name, plan, status } of deployments) {
      if (plan.projection === undefined || status === 'ended') continue
      await this.take(name, false)
      this.add(name)
    }
    return stop
  }

  add(name: string): void {
    if (this.#watches.has(name)) return
    const files = (): ReturnType<typeof filesOfPlan> => {
      const deployment = this.#parts.deployment(name)
      return deployment === undefined ? new Map() : filesOfPlan(deployment.module, deployment.plan)
    }
    this.#watches.set(name, new FileWatch({ files, seen: this.#parts.digest(name), changed: () => void this.take(name) }))
  }

  remove(name: string): void {
    this.#watches.get(name)?.close()
    this.#watches.delete(name)
    this.#refused.delete(name)
  }

  statusOf(name: string): Pick<TopologyStatus, 'watched' | 'refused'> {
    const refused = this.#refused.get(name)
    return { ...(this.#watches.has(name) && { watched: true as const }), ...(refused && { refused }) }
  }

  /** The module is as it runs. */
  taken(name: string): void {
    this.#refused.delete(name)
  }

  /** Takes the module as it is now; what goes wrong is told and not thrown. With `isChanged` false the same revision is left as it runs. */
  async take(name: string, isChanged = true): Promise<void> {
    try {
      if (this.#parts.deployment(name) === undefined) return this.remove(name)
      const update = await this.#parts.take(name, isChanged)
      this.#refused.delete(name)
      if (update !== undefined) this.#say({ topology: name, update })
    } catch (error) {
      if (isEventStoreError(error, 'CLOSED')) return
      const failure = failureOf(error)
      this.#refused.set(name, failure)
      this.#say({ topology: name, refused: failure })
    }
  }

  #say(change: ModuleChange): void {
    for (const tell of this.#tell) tell(change)
  }

  close(): void {
    for (const name of [...this.#watches.keys()]) this.remove(name)
    this.#tell.clear()
  }
}

function failureOf(error: unknown): ModuleFailure {
  const { code, message, details } = asEventStoreError(error)
  const { file, line } = details
  return { code, message, ...(typeof file === 'string' && { file }), ...(typeof line === 'number' && { line }) }
}
