/** Cases of the cluster bench that append: batches and single events, at the leaders and through a node that forwards, and at half load. */
import { streamsFor } from '../../cluster/jetstream.ts'
import { rawJetStream, type RawJetStreamResult } from '../cluster-raw.ts'
import { loadAverage } from '../machine.ts'
import { payloadBytes } from '../payload.ts'
import { report, say } from '../report.ts'
import type { CaseParts } from './cases.ts'
import type { LoadAsk, LoadResult } from './load.ts'
import { handOverTo, PARTITIONS, settled, startNodes } from './nodes.ts'
import { trafficMeter } from './traffic.ts'

const SECONDS = 10
const WARM_SECONDS = 2
const MB = 1e6

const batches = { streams: 100_000, perRequest: 1000, outstanding: 128, warmSeconds: WARM_SECONDS } as const
const singles = { streams: 100_000, perRequest: 1, outstanding: 256, warmSeconds: WARM_SECONDS } as const

/** `load`: what one node appends; `isLeader`: it leads every partition, otherwise a third of them. */
const loads = [
  { name: 'batches at the leader', load: batches, isLeader: true, halfLoad: true },
  { name: 'batches through one of three leaders', load: batches, isLeader: false, halfLoad: false },
  { name: 'single appends of 256 clients at the leader', load: singles, isLeader: true, halfLoad: true },
  { name: 'single appends of 256 clients through one of three leaders', load: singles, isLeader: false, halfLoad: false },
] as const

/** JetStream alone, with messages of two sizes, then each load. */
export async function appendCases(parts: CaseParts): Promise<void> {
  const wanted = loads.filter(({ name }) => parts.isWanted(name))
  if (wanted.length === 0 && !parts.isWanted('raw')) return
  const raw = await rawCases(parts)
  for (const one of wanted) await loadCase(parts, one, raw)
}

async function rawCases({ nats, options }: CaseParts): Promise<RawJetStreamResult> {
  const results: RawJetStreamResult[] = []
  for (const [name, messageBytes] of [
    ['raw: 16 KiB', 16 * 1024],
    ['raw: 64 KiB', 64 * 1024],
  ] as const) {
    say(`cluster: ${name}`)
    const result = await rawJetStream({ servers: nats.urls, messageBytes, seconds: options.seconds ?? SECONDS })
    const { perSecond, bytesPerSecond, latency, spurious } = result
    report({
      bench: 'cluster',
      case: name,
      value: bytesPerSecond / MB,
      unit: 'MB/s',
      messagesPerSecond: perSecond,
      latencyMs: latency,
      spurious,
      load: loadAverage(),
    })
    results.push(result)
  }
  return results.at(-1)!
}

async function loadCase(parts: CaseParts, one: (typeof loads)[number], raw: RawJetStreamResult): Promise<void> {
  const { nats, directory, options } = parts
  say(`cluster: ${one.name}`)
  const name = parts.nextName()
  const nodes = await startNodes(nats, directory, name)
  const [writer] = nodes.nodes
  if (one.isLeader) await handOverTo(writer, { partition: 'all', to: writer.id })
  await settled(writer)
  const ask: LoadAsk = { ...one.load, seconds: options.seconds ?? SECONDS }
  const meter = await trafficMeter(nats, name, streamsFor(PARTITIONS))
  const result = await writer.ask('load', ask)
  const { messages, bytes } = await meter()
  const perSecond = result.events / result.seconds
  const payloadMB = (perSecond * payloadBytes) / MB
  const loadSeconds = result.seconds + WARM_SECONDS
  report({
    bench: 'cluster',
    case: one.name,
    value: payloadMB,
    unit: 'MB/s of payload',
    baseline: { name: 'raw JetStream in this run, 64 KiB messages, MB/s', value: raw.bytesPerSecond / MB },
    eventsPerSecond: perSecond,
    ...shown(result),
    jetStreamMBPerSecond: bytes / loadSeconds / MB,
    jetStreamMessagesPerSecond: messages / loadSeconds,
    jetStreamMessageBytes: messages === 0 ? 0 : bytes / messages,
    rssMiB: await writer.ask('rss', null),
    load: loadAverage(),
  })
  if (one.halfLoad) {
    const requestsPerSecond = Math.max(1, perSecond / one.load.perRequest / 2)
    const half = await writer.ask('load', { ...ask, requestsPerSecond, outstanding: one.load.outstanding * 4 })
    report({
      bench: 'cluster',
      case: `${one.name}, half of that rate`,
      value: half.requestMs.p50,
      unit: 'ms p50',
      baseline: { name: 'raw JetStream in this run, 64 KiB messages, at its full rate, p50', value: raw.latency.p50 },
      p99: half.requestMs.p99,
      rawP99: raw.latency.p99,
      eventsPerSecond: half.events / half.seconds,
      ...shown(half),
      load: loadAverage(),
    })
  }
  await nodes.close()
}

const shown = ({ requestMs, failed, cores, mainThreadCores }: LoadResult): Record<string, unknown> => ({
  requestMs,
  failed,
  cores,
  mainThreadCores,
})
