/** A topology is paused, resumed, drained, spread over other lanes: each time it stops after an epoch, which is noted, and goes on or not. */
import { EventStoreError } from '../../event/error.ts'
import { failPoint } from '../../event/fail-points.ts'
import type { DeployerOptions } from './deployer-options.ts'
import type { Deployments } from './deployments.ts'
import { checkWorkers, refuseOver, refuseRebuilding } from './refusals.ts'
import type { TopologyRuns } from './topology-runs.ts'

export interface ControlsParts {
  readonly options: DeployerOptions
  readonly deployments: Deployments
  readonly runs: TopologyRuns
  /** Whatever changes what is deployed, one after the other. */
  inTurn<Answer>(work: () => Promise<Answer>): Promise<Answer>
}

export class Controls {
  readonly #parts: ControlsParts

  constructor(parts: ControlsParts) {
    this.#parts = parts
  }

  /** See `Node.pause`. */
  pause(name: string): Promise<void> {
    return this.#parts.inTurn(async () => {
      const current = this.#parts.deployments.named(name)
      if (current.status === 'paused') return
      refuseOver(current, 'paused')
      await this.#parts.deployments.note({ type: 'topology.paused', data: { name, deployment: current.deployment } })
      await this.#stop(name, 'patient')
    })
  }

  /** See `Node.resume`. */
  resume(name: string): Promise<void> {
    return this.#parts.inTurn(async () => {
      const current = this.#parts.deployments.named(name)
      refuseOver(current, 'resumed')
      if (current.status !== 'paused') return
      await this.#parts.deployments.note({ type: 'topology.resumed', data: { name, deployment: current.deployment } })
      this.#goOn(name)
    })
  }

  /** See `Node.drain`. */
  drain(name: string): Promise<void> {
    return this.#parts.inTurn(async () => {
      const current = this.#parts.deployments.named(name)
      const { deployment, plan, status, until, head } = current
      refuseOver(current, 'drained')
      refuseRebuilding(current, 'drained')
      if (plan.source.kind !== 'log')
        throw new EventStoreError('INVALID', `topology ${name} makes its own rows and ends with them; pause or undeploy it`, {
          topology: name,
        })
      if (status === 'draining' || (status === 'running' && until !== undefined)) return
      // First, or it would have read on behind the head by the time the head is noted.
      await this.#stop(name, 'soon')
      try {
        const last = until === undefined || head === undefined ? this.#parts.options.head() : head
        await this.#parts.deployments.note({ type: 'topology.draining', data: { name, deployment, head: last } })
      } finally {
        if (this.#parts.deployments.named(name).status !== 'paused') this.#goOn(name)
      }
    })
  }

  /** See `Node.rescale`. */
  rescale(name: string, workers: number): Promise<void> {
    return this.#parts.inTurn(async () => {
      checkWorkers(workers, this.#parts.options.limits.topologyWorkers)
      const { deployment, status, workers: before = 1, ...current } = this.#parts.deployments.named(name)
      refuseOver({ ...current, status, deployment }, 'rescaled')
      if (workers === before) return
      // First, or what it folds until then would be folded by as many as before and counted as by the others.
      if (status !== 'paused') await this.#stop(name, 'soon')
      failPoint('rescale.stopped')
      try {
        await this.#parts.deployments.note({ type: 'topology.rescaled', data: { name, deployment, workers } })
        failPoint('rescale.noted')
      } finally {
        if (status !== 'paused') this.#goOn(name)
      }
    })
  }

  /** Throws what it failed with, if it did so instead. */
  async #stop(name: string, deliveries: 'patient' | 'soon'): Promise<void> {
    await this.#parts.runs.stop(name, { commit: true, deliveries })
    const { error } = this.#parts.deployments.named(name)
    if (error) throw new EventStoreError(error.code, error.message, { topology: name })
  }

  #goOn(name: string): void {
    if (this.#parts.options.resume) void this.#parts.runs.takeUp(this.#parts.deployments.named(name))
  }
}
