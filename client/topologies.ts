/** Topologies of a node, over a wire: waiting is asking again until it is so. */
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { RestoreOptions, Savepoint, SavepointOptions } from '../event/savepoints.ts'
import type { Deployed, DeployOptions, DeployTextOptions, Topologies, TopologyStatus, UndeployOptions } from '../event/topologies.ts'
import { segment, type Wire } from './wire.ts'

/** A node answers a wait after this long at the latest. */
const waitSeconds = 20

/** How a node comes to the files of this machine. */
export interface NodeFiles {
  readonly sharesFiles: boolean
  readonly readFile: ((file: URL) => Promise<string>) | undefined
}

export class RemoteTopologies implements Topologies {
  readonly #wire: Wire
  readonly #files: NodeFiles

  constructor(wire: Wire, files: NodeFiles) {
    this.#wire = wire
    this.#files = files
  }

  async deploy(module: URL | string, options: DeployOptions = {}): Promise<Deployed> {
    this.#wire.check()
    const { sharesFiles, readFile } = this.#files
    const { until, watch, accept, rebuild, workers } = options
    if (sharesFiles) {
      const body = JSON.stringify({ file: String(module), export: options.export, until, watch, accept, rebuild, workers })
      return this.#wire.json({ method: 'POST', path: '/v1/topologies', body })
    }
    const isText = /\.(?:ya?ml|json)$/i.test(String(module))
    if (!isText || readFile === undefined) throw unseen(String(module), isText)
    const text = await readFile(new URL(module))
    const format = /json$/i.test(String(module)) ? 'json' : 'yaml'
    const given = {
      ...(until !== undefined && { until }),
      ...(accept !== undefined && { accept }),
      ...(rebuild !== undefined && { rebuild }),
    }
    return this.deployText(text, { format, ...given, ...(workers !== undefined && { workers }) })
  }

  async deployText(text: string, { format = 'yaml', until, accept, rebuild, workers }: DeployTextOptions = {}): Promise<Deployed> {
    const ask = { method: 'POST', path: '/v1/topologies' } as const
    if (format === 'yaml')
      return this.#wire.json({ ...ask, query: { until, accept, rebuild, workers }, body: text, contentType: 'application/yaml' })
    const more = JSON.stringify({ until, accept, rebuild, workers }).slice(1, -1)
    return this.#wire.json({ ...ask, body: `{"topology":${text}${more && `,${more}`}}` })
  }

  async pause(name: string): Promise<void> {
    await this.#wire.text({ method: 'POST', path: `${pathOf(name)}/pause`, isRepeatable: true })
  }

  async resume(name: string): Promise<void> {
    await this.#wire.text({ method: 'POST', path: `${pathOf(name)}/resume`, isRepeatable: true })
  }

  async drain(name: string): Promise<void> {
    await this.#wire.text({ method: 'POST', path: `${pathOf(name)}/drain`, isRepeatable: true })
  }

  async rescale(name: string, workers: number): Promise<void> {
    await this.#wire.text({ method: 'POST', path: `${pathOf(name)}/rescale`, query: { workers }, isRepeatable: true })
  }

  async undeploy(name: string, { keepSavepoints = false }: UndeployOptions = {}): Promise<void> {
    await this.#wire.text({ method: 'DELETE', path: pathOf(name), query: { keepSavepoints: keepSavepoints ? 'true' : undefined } })
  }

  async cancelRebuild(name: string): Promise<void> {
    await this.#wire.text({ method: 'DELETE', path: `${pathOf(name)}/rebuild` })
  }

  async deployedPlan(name: string): Promise<unknown> {
    return this.#wire.json({ path: `${pathOf(name)}/plan` })
  }

  async savepoint(topology: string, options: SavepointOptions = {}): Promise<Savepoint> {
    return this.#wire.json({ method: 'POST', path: `${pathOf(topology)}/savepoints`, body: JSON.stringify(options), timeoutMs: 0 })
  }

  async savepoints(topology?: string): Promise<Savepoint[]> {
    const path = topology === undefined ? '/v1/savepoints' : `${pathOf(topology)}/savepoints`
    return (await this.#wire.json<{ savepoints: Savepoint[] }>({ path })).savepoints
  }

  async restoreSavepoint(topology: string, id: string, options: RestoreOptions = {}): Promise<Deployed> {
    const path = `${pathOf(topology)}/savepoints/${segment(id)}/restore`
    return this.#wire.json({ method: 'POST', path, body: JSON.stringify(options), timeoutMs: 0 })
  }

  async dropSavepoint(topology: string, id: string): Promise<void> {
    await this.#wire.text({ method: 'DELETE', path: `${pathOf(topology)}/savepoints/${segment(id)}` })
  }

  async topologies(): Promise<TopologyStatus[]> {
    const { topologies } = await this.#wire.json<{ topologies: TopologyStatus[] }>({ path: '/v1/topologies' })
    return topologies.map(restored)
  }

  async caughtUp(): Promise<void> {
    const ask = { method: 'POST', path: '/v1/topologies/caught-up', query: { wait: waitSeconds }, isRepeatable: true, waits: true } as const
    for (;;) {
      try {
        return void (await this.#wire.text(ask))
      } catch (error) {
        // The node itself waited so long; that it does not answer at all is another matter.
        if (!isEventStoreError(error, 'UNREACHABLE') || !('waited' in error.details)) throw error
      }
    }
  }

  async topologyEnded(name: string): Promise<TopologyStatus> {
    for (;;) {
      const status = await this.#wire.json<TopologyStatus>({ path: pathOf(name), query: { wait: 'ended' }, waits: true })
      if (status.status === 'ended' || status.status === 'failed') return restored(status)
    }
  }
}

/** After the end the watermark lies above every time, for which JSON has no number. */
export function restored(status: TopologyStatus): TopologyStatus {
  return (status.watermark as number | null | undefined) === null ? { ...status, watermark: Number.POSITIVE_INFINITY } : status
}

function unseen(file: string, isText: boolean): EventStoreError {
  const instead = isText
    ? 'send its text by deployText'
    : 'a module is deployed on the machine of the node, or is written as a topology file, whose text can be sent'
  return new EventStoreError('INVALID', `the node at an address does not see the file ${file}; ${instead}`, { field: 'module', file })
}

const pathOf = (name: string): string => `/v1/topologies/${segment(name)}`
