/** Topologies that come as a text: checked to need nothing beside it, and kept in a file from which every start reads it again. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EventStoreError } from '../../event/error.ts'
import { writeWhole } from '../../store/files.ts'
import { readTopology } from '../../topology/check.ts'
import { outsideReferences } from '../../topology/outside-references.ts'
import type { DeployTextOptions } from '../../event/topologies.ts'
import type { Topology } from '../../topology/topology.ts'

/** As people see it in messages. */
const shown = 'the topology'

export class TopologyTexts {
  readonly #directory: string | null
  /** Of a node in memory; gone with it. */
  #temporary: string | null = null

  /** `directory` of the store; null in memory. */
  constructor(directory: string | null) {
    this.#directory = directory
  }

  /** Where the text is kept. INVALID says what is wrong with it; READ_ONLY when it can not be written. */
  async keep(text: string, { format = 'yaml' }: DeployTextOptions): Promise<URL> {
    if (typeof text !== 'string' || text === '') throw invalid('text', 'the topology must be a text of at least one character')
    if (format !== 'yaml' && format !== 'json') throw invalid('format', 'format must be yaml or json')
    const topology = await topologyIn(text, format)
    const [first] = outsideReferences(topology)
    if (first !== undefined)
      throw new EventStoreError(
        'INVALID',
        `${first.step} names ${first.reference}, and a topology that is sent as a text has no files beside it: deploy it as a file, on the machine of the node`,
        { field: 'topology', ...first },
      )
    const name = `${topology.name.replaceAll(/[^\w-]/g, '_').slice(0, 64)}-${createHash('sha256').update(text).digest('hex').slice(0, 16)}.${format}`
    try {
      const folder = this.#folder()
      writeWhole(join(folder, name), Buffer.from(text))
      return pathToFileURL(join(folder, name))
    } catch (cause) {
      throw new EventStoreError('READ_ONLY', `the topology can not be kept: ${(cause as Error).message}`, {}, { cause })
    }
  }

  close(): void {
    if (this.#temporary !== null) rmSync(this.#temporary, { recursive: true, force: true })
  }

  #folder(): string {
    if (this.#directory === null) return (this.#temporary ??= mkdtempSync(join(tmpdir(), 'allsource-topologies-')))
    const folder = join(this.#directory, 'topologies')
    mkdirSync(folder, { recursive: true })
    return folder
  }
}

async function topologyIn(text: string, format: 'yaml' | 'json'): Promise<Topology> {
  if (format === 'yaml') {
    const { topologyOfText } = await import('../../topology/read/read.ts')
    return topologyOfText(text, shown)
  }
  try {
    return readTopology(JSON.parse(text))
  } catch (cause) {
    const details = cause instanceof EventStoreError ? cause.details : {}
    // Whoever wrote it by hand may have left out what the builder always puts there.
    if (cause instanceof TypeError) throw invalid('topology', `${shown} does not have the shape that topology(…) makes`)
    throw new EventStoreError(
      'INVALID',
      `${shown}: ${cause instanceof Error ? cause.message : String(cause)}`,
      { ...details, field: 'topology' },
      { cause },
    )
  }
}

function invalid(field: string, message: string): EventStoreError {
  return new EventStoreError('INVALID', message, { field })
}
