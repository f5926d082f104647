/** A node whose disk is gone takes all events again, while another appends: how fast it catches up, and what that costs the appends. */
import { systemClock } from '../../event/clock.ts'
import { loadAverage } from '../machine.ts'
import { report, say } from '../report.ts'
import type { CaseParts } from './cases.ts'
import type { LoadAsk } from './load.ts'
import { type BenchNode, settled, startNodes, until } from './nodes.ts'

const CASE = 'a wiped node catches up'
const ROUND_SECONDS = 5
/** Slower than this it does not count as catching up. */
const SLOWEST_PER_MS = 5
const WAIT_MS = 60_000
/** Batches that leave processors for what catches up. */
const steady = { streams: 100_000, perRequest: 1000, outstanding: 32, warmSeconds: 0 } as const

export async function catchUpCase(parts: CaseParts): Promise<void> {
  if (!parts.isWanted(CASE)) return
  const { nats, directory, options } = parts
  say(`cluster: ${CASE}`)
  const nodes = await startNodes(nats, directory, parts.nextName())
  const [writer, , wiped] = nodes.nodes
  const ask: LoadAsk = { ...steady, seconds: ROUND_SECONDS }
  while ((await eventsAt(writer)) < options.events) await writer.ask('load', ask)
  const before = await writer.ask('load', ask)
  const events = await eventsAt(writer)
  await wiped.kill()
  await wiped.wipe()
  const begun = systemClock.monotonic()
  let [meanwhile, seconds, isThere] = [0, 0, false]
  const appending = (async () => {
    while (!isThere) {
      const { events: more, seconds: took } = await writer.ask('load', ask)
      meanwhile += more
      seconds += took
    }
  })()
  await wiped.start()
  const openMs = systemClock.monotonic() - begun
  let states: string[] = []
  const hasAll = async (): Promise<boolean> => {
    const { partitions } = await wiped.ask('status', null)
    states = [...new Set([...states, ...partitions.map(({ state }) => state)])]
    return partitions.reduce((sum, { sequence }) => sum + sequence, 0) >= events
  }
  await until('the wiped node has what was there', hasAll, WAIT_MS + events / SLOWEST_PER_MS)
  const elapsed = (systemClock.monotonic() - begun) / 1000
  isThere = true
  await appending
  report({
    bench: 'cluster',
    case: CASE,
    value: events / elapsed,
    unit: 'events/s',
    events,
    seconds: elapsed,
    openMs,
    states,
    appendsBeforePerSecond: before.events / before.seconds,
    appendsMeanwhilePerSecond: meanwhile / seconds,
    appendsLeft: meanwhile / seconds / (before.events / before.seconds),
    load: loadAverage(),
  })
  await settled(writer)
  await nodes.close()
}

async function eventsAt(node: BenchNode): Promise<number> {
  return (await node.ask('status', null)).partitions.reduce((sum, { sequence }) => sum + sequence, 0)
}
