/** Topologies of a node, over a wire: waiting is asking again until it is so. */
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { Deployed, DeployOptions, DeployTextOptions, Topologies, TopologyStatus } from '../event/topologies.ts'
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
    const { until, watch, workers } = options
    if (sharesFiles) {
      const body = JSON.stringify({ file: String(module), export: options.export, until, watch, workers })
      return this.#wire.json({ method: 'POST', path: '/v1/topologies', body })
    }
    const isText = /\.(?:ya?ml|json)$/i.test(String(module))
    if (!isText || readFile === undefined) throw unseen(String(module), isText)
    const text = await readFile(new URL(module))
    const format = /json$/i.test(String(module)) ? 'json' : 'yaml'
    return this.deployText(text, { format, ...(until !== undefined && { until }), ...(workers !== undefined && { workers }) })
  }

  async deployText(text: string, { format = 'yaml', until, workers }: DeployTextOptions = {}): Promise<Deployed> {
    const ask = { method: 'POST', path: '/v1/topologies' } as const
    if (format === 'yaml') return this.#wire.json({ ...ask, query: { until, workers }, body: text, contentType: 'application/yaml' })
    const more = JSON.stringify({ until, workers }).slice(1, -1)
    const body = `{"topology":${text}${more && `,${more}`}}`
    return this.#wire.json({ ...ask, body })
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

  async undeploy(name: string): Promise<void> {
    await this.#wire.text({ method: 'DELETE', path: pathOf(name) })
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
