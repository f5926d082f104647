/** Topologies in files: YAML as people write it, or JSON that holds a plain topology. */
import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { EventStoreError } from '../../event/error.ts'
import { readTopology } from '../../topology/check.ts'
import type { Topology } from '../../topology/topology.ts'

/** No topology is nearly as long; what is may be anything. */
const fileBytesMax = 16 * 1024 * 1024

/** True for a file of data: its functions are in modules beside it. */
export function isTopologyFile(url: string): boolean {
  return /\.(?:ya?ml|json)$/i.test(new URL(url).pathname)
}

/** INVALID names the file as it is `shown` to people. */
export async function topologyOfFile(url: string, shown: string): Promise<Topology> {
  const text = textOf(url, shown)
  if (!/\.json$/i.test(new URL(url).pathname)) {
    // Loaded when there is a file: most threads never read one.
    const { topologyOfText } = await import('../../topology/read/read.ts')
    return topologyOfText(text, shown)
  }
  try {
    return readTopology(JSON.parse(text))
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    const details = cause instanceof EventStoreError ? cause.details : {}
    throw new EventStoreError('INVALID', `${shown}: ${why}`, { ...details, file: shown }, { cause })
  }
}

function textOf(url: string, shown: string): string {
  if (!url.startsWith('file:')) throw new EventStoreError('INVALID', `${shown} is no file of this machine`, { file: shown })
  const refuse = (why: string, cause?: unknown): EventStoreError =>
    new EventStoreError('INVALID', `${shown} can not be read: ${why}`, { file: shown }, { cause })
  try {
    const path = fileURLToPath(url)
    const { size } = statSync(path)
    if (size > fileBytesMax) throw refuse(`it has ${size} bytes, and a topology at most ${fileBytesMax}`)
    return readFileSync(path, 'utf8')
  } catch (cause) {
    if (cause instanceof EventStoreError) throw cause
    const isMissing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    throw refuse(isMissing ? 'there is no such file' : cause instanceof Error ? cause.message : String(cause), cause)
  }
}
