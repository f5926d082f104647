/** The store that the flip test harms: tables and write-ahead files, several segments, given ids, a topology that has ended; closed or killed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Event } from '../../event/event.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { readWitness } from '../../store/damage/witness.ts'

export const options = { partitions: 4, shards: 1, limits: { segmentEntries: 128 } } as const

/** All that can be read of a store, as plain data. */
export interface Baseline {
  readonly events: readonly Event[]
  readonly state: readonly { readonly key: readonly unknown[]; readonly value: unknown }[]
  /** Last synced sequence of each partition that the witness knows. */
  readonly witnessed: readonly number[]
}

async function fill(node: Node, from: number, to: number): Promise<void> {
  for (let request = from; request < to; request++) {
    const lane = request % 30
    const events = Array.from({ length: 1 + (request % 7) }, (_, index) => ({
      type: 'sent.ids',
      data: {
        lane,
        request,
        index,
        cents: (request * 17 + index) % 200,
        at: request * 600_000,
        words: 'as it was sent '.repeat(request % 9),
      },
      ...(request % 4 === 0 && { id: `${lane}/${request}/${index}` }),
    }))
    await node.appendToStream(
      `stream-${lane}`,
      events,
      request % 5 === 0 ? { producer: `lane-${lane}`, producerSequence: request + 1 } : {},
    )
  }
}

async function readBaseline(node: Node): Promise<Omit<Baseline, 'witnessed'>> {
  const events: Event[] = []
  const state: { key: readonly unknown[]; value: unknown }[] = []
  for await (const event of node.readAll() as AsyncIterable<Event>) events.push(event)
  for await (const row of node.state('sums').list()) state.push(row)
  return { events, state }
}

/** Three sessions, so that opening has moved rows from write-ahead files to tables. In the last one the process is killed, unless `close`. */
async function make(directory: string, close: boolean): Promise<void> {
  const first = await openNode({ directory, ...options })
  await fill(first, 0, 150)
  await first.deploy(new URL('./sums-topology.ts', import.meta.url), { export: 'sums', until: 'head' })
  await first.topologyEnded('sums')
  await first.close()
  const second = await openNode({ directory, ...options })
  await fill(second, 150, 200)
  await second.close()
  const third = await openNode({ directory, ...options })
  await fill(third, 200, 280)
  await third.undeploy('sums')
  await third.deploy(new URL('./sums-topology.ts', import.meta.url), { export: 'sums', until: 'head' })
  await third.topologyEnded('sums')
  const baseline = await readBaseline(third)
  if (close) await third.close()
  process.stdout.write(JSON.stringify({ ...baseline, witnessed: witnessedIn(directory) }), () => process.kill(process.pid, 'SIGKILL'))
}

function witnessedIn(directory: string): readonly number[] {
  const witness = readWitness(join(directory, 'witness-00'))
  return witness.state === 'good' ? [...witness.testimony.sequences] : []
}

/** Made by a process of its own, because it is to be killed. */
export async function makeStore(directory: string, close: boolean): Promise<Baseline> {
  const child = spawn(process.execPath, [import.meta.filename, directory, String(close)], { stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8')
  child.stdout.on('data', (chunk: string) => {
    text += chunk
  })
  await once(child, 'close')
  return JSON.parse(text) as Baseline
}

if (process.argv[1] === import.meta.filename) await make(process.argv[2]!, process.argv[3] === 'true')
