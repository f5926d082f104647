/** Waits for the topology `sums` to have folded all there is, and compares what it holds and has sent with the twin. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Event } from '../../event/event.ts'
import type { Node } from '../../runtime/index.ts'
import type { Sent } from './sums-topology.ts'
import { nameOf, type Sums, sumsOf } from './sums-twin.ts'

const PATIENCE_MS = 30_000
const SENT_ON: Readonly<Record<string, 'big' | 'late'>> = { 'sums.big': 'big', 'sums.late': 'late' }

export interface Examined {
  readonly different: readonly string[]
  readonly expected: Sums
}

/** What differs, empty when nothing does, and what was expected. */
export async function examineSums(node: Node, ended: boolean, patienceMs = PATIENCE_MS): Promise<Examined> {
  const began = performance.now()
  for (;;) {
    const examined = await compare(node, ended)
    if (examined.different.length === 0 || performance.now() - began > patienceMs) return examined
    await sleep(20)
  }
}

async function compare(node: Node, ended: boolean): Promise<Examined> {
  const events: Event[] = []
  for await (const event of node.readAll({ system: true }) as AsyncIterable<Event>) events.push(event)
  const expected = sumsOf(events, ended)
  const different = [...compareOutput(events, expected)]
  const windows = new Map<string, string>()
  for await (const { key, value } of node.state('sums').list()) {
    const { count, sum } = value as { count: number; sum: number }
    windows.set(key.join('/'), `${count}/${sum}`)
  }
  for (const [key, value] of expected.windows)
    if (windows.get(key) !== value) different.push(`window ${key} is ${windows.get(key) ?? 'missing'}, not ${value}`)
  for (const key of windows.keys()) if (!expected.windows.has(key)) different.push(`window ${key} is not closed yet`)
  return { different, expected }
}

function* compareOutput(events: readonly Event[], expected: Sums): Generator<string> {
  const sent = { big: [] as string[], late: [] as string[] }
  let dead = 0
  for (const event of events) {
    const output = SENT_ON[event.type]
    if (output) sent[output].push(nameOf(event.data as Sent))
    if (event.stream === '$dead-letter-sums') dead++
  }
  for (const output of ['big', 'late'] as const) {
    const wanted = new Set(expected[output])
    if (new Set(sent[output]).size !== sent[output].length) yield `an event of ${output} was sent twice`
    for (const name of sent[output]) if (!wanted.delete(name)) yield `${output}: ${name} was sent and should not have been`
    if (wanted.size > 0) yield `${output}: ${wanted.size} were not sent`
  }
  if (dead !== expected.dead) yield `${dead} dead letters instead of ${expected.dead}`
}
