/** Looks at a harmed store as its users do: opens it, reads all of it each way, verifies it, and says how the harm was met. */
import { once } from 'node:events'
import { basename } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { type EventStoreError, isEventStoreError } from '../../event/error.ts'
import type { Event } from '../../event/event.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import type { LogDamage } from '../../store/damage/accepted-losses.ts'
import { type Baseline, options } from './flip-store.ts'

/** `wrong` is what must never be: a value that is not what was written, or one that is gone without a word. */
export interface Look {
  readonly class: 'refused' | 'named' | 'unread' | 'young' | 'folded again' | 'wrong'
  readonly words: string
}

/** What reading brought to light. */
interface Findings {
  readonly named: string[]
  readonly wrong: string[]
  readonly damage: LogDamage[]
  young: number
  /** The topology has to fold again, and has not ended yet. */
  folding: boolean
}

const ENDED_MS = 10_000

export async function look(directory: string, baseline: Baseline): Promise<Look> {
  let node: Node
  try {
    node = await openNode({ directory, ...options })
  } catch (error) {
    if (!isEventStoreError(error)) return { class: 'wrong', words: `open threw ${String(error)}` }
    const isSaid = error.code === 'DAMAGED' || error.code === 'INCOMPATIBLE'
    return isSaid ? { class: 'refused', words: wordsOf(error) } : { class: 'wrong', words: `open answered ${error.code}: ${error.message}` }
  }
  const found: Findings = { named: [], wrong: [], damage: [], young: 0, folding: false }
  try {
    await examine(node, baseline, found)
  } catch (error) {
    found.wrong.push(`reading threw ${String(error)}`)
  }
  try {
    await node.close()
  } catch (error) {
    found.named.push(`close: ${String(error)}`)
  }
  const { named, wrong, young, folding } = found
  if (wrong.length > 0) return { class: 'wrong', words: wrong.slice(0, 5).join('; ') }
  if (named.length > 0) return { class: 'named', words: named[0]! }
  if (young > 0) return { class: 'young', words: `${young} events younger than the witness are gone` }
  return folding ? { class: 'folded again', words: '' } : { class: 'unread', words: '' }
}

const wordsOf = (error: EventStoreError): string => `${error.code}: ${error.message} ${JSON.stringify(error.details['file'] ?? '')}`

/** Runs a read; damage that it names is what we want, anything else is wrong. */
async function reading<T>(found: Findings, what: string, read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (isEventStoreError(error, 'DAMAGED')) found.named.push(`${what}: ${wordsOf(error)}`)
    else found.wrong.push(`${what} threw ${String(error)}`)
    return undefined
  }
}

async function examine(node: Node, baseline: Baseline, found: Findings): Promise<void> {
  for (const place of (await node.stats()).damage) note(place, 'stats', found)
  const report = await reading(found, 'verify', () => node.verify())
  for (const place of report?.damage ?? []) note(place, 'verify', found)
  const events = await reading(found, 'readAll', () => collect(node.readAll()))
  if (events) compareEvents(events, baseline, found)
  await compareStreams(node, baseline, found)
  await compareState(node, baseline, found)
}

function note(place: LogDamage, by: string, found: Findings): void {
  found.damage.push(place)
  found.named.push(`${by}: ${JSON.stringify(place)}`)
}

async function collect<T>(from: AsyncIterable<unknown>): Promise<T[]> {
  const all: T[] = []
  for await (const each of from) all.push(each as T)
  return all
}

const placeOf = ({ partition, sequence }: Event): string => `${partition}/${sequence}`

function compareEvents(events: readonly unknown[], { events: written, witnessed }: Baseline, found: Findings): void {
  const read = new Map((events as Event[]).map(event => [placeOf(event), event]))
  if (read.size !== events.length) found.wrong.push('readAll gave an event twice')
  for (const event of written) {
    const twin = read.get(placeOf(event))
    if (twin) {
      if (!isDeepStrictEqual(JSON.parse(JSON.stringify(twin)), event)) found.wrong.push(`${placeOf(event)} is not as it was written`)
    } else if (event.sequence > (witnessed[event.partition] ?? 0)) found.young++
    else if (found.named.length === 0) found.wrong.push(`${placeOf(event)} is gone without a word`)
  }
}

/** By stream, by version and by id: equal, or damaged in so many words. */
async function compareStreams(node: Node, { events }: Baseline, found: Findings): Promise<void> {
  const streams = new Map<string, Event[]>()
  for (const event of events) {
    if (!streams.has(event.stream)) streams.set(event.stream, [])
    streams.get(event.stream)!.push(event)
  }
  for (const [stream, written] of streams) {
    const read = await reading(found, `readStream ${stream}`, () => collect(node.readStream(stream)))
    if (!read || isDeepStrictEqual(JSON.parse(JSON.stringify(read)), written)) continue
    if (found.young === 0 && found.named.length === 0)
      found.wrong.push(`readStream ${stream} gives ${read.length} events of ${written.length}`)
  }
  for (const event of events.filter((_, n) => n % 9 === 0)) {
    const read = await node.readEvent(event.id).catch((error: unknown) => error)
    if (isDeepStrictEqual(JSON.parse(JSON.stringify(read)), event)) continue
    if (isEventStoreError(read, 'DAMAGED')) found.named.push(`readEvent: ${wordsOf(read)}`)
    else if (found.young === 0 && found.named.length === 0) found.wrong.push(`readEvent ${event.id} gives ${String(read)}`)
  }
}

/** The topology has ended, so its state is what it was, or what it becomes again. */
async function compareState(node: Node, { state }: Baseline, found: Findings): Promise<void> {
  // What deployed it was younger than the witness too.
  if (found.young > 0 && (await node.topologies()).length === 0) return
  const before = found.named.length
  const ended = await reading(found, 'topologyEnded', () => Promise.race([node.topologyEnded('sums'), sleep(ENDED_MS, null)]))
  if (ended === undefined && found.named.length === before) return
  if (ended?.error) found.named.push(`the topology failed: ${ended.error.code} ${ended.error.message}`)
  if (ended?.rebuilt) found.folding = true
  const rows = await reading(found, 'state', () => collect(node.state('sums').list()))
  if (!rows || isDeepStrictEqual(rows, state)) return
  if (ended === null && found.named.length === 0) found.wrong.push(`the topology does not end; ${rows.length} rows of ${state.length}`)
  else if (found.named.length === 0 && found.young === 0)
    found.wrong.push(`${rows.length} rows of state instead of ${state.length}, or other values`)
}

/** Looks at one directory a line, for a process that may die of what it looks at. */
async function run(): Promise<void> {
  const input = createInterface({ input: process.stdin })
  const lines = input[Symbol.asyncIterator]()
  const baselines = new Map<string, Baseline>()
  for (let line = await lines.next(); !line.done; line = await lines.next()) {
    const order = JSON.parse(line.value) as { directory: string; name: string; baseline?: Baseline }
    if (order.baseline) {
      baselines.set(order.name, order.baseline)
      continue
    }
    const seen = await look(order.directory, baselines.get(order.name)!)
    if (!process.stdout.write(`${JSON.stringify(seen)}\n`)) await once(process.stdout, 'drain')
  }
}

if (process.argv[1] !== undefined && basename(process.argv[1]) === basename(import.meta.filename)) await run()
