/** Cases of the cluster bench in which something happens: nodes and NATS servers are killed, partitions handed over, a node loses its disk. */
import { streamOf } from '../../cluster/nats-subjects.ts'
import { systemClock } from '../../event/clock.ts'
import { loadAverage } from '../machine.ts'
import { percentiles, report, say } from '../report.ts'
import type { CaseParts } from './cases.ts'
import { pause, type ProbeResult } from './load.ts'
import { type BenchNode, type BenchNodes, handOverTo, PARTITIONS, settled, startNodes, until } from './nodes.ts'

/** Between two appends to a partition while something happens: how exactly a gap is known. */
const PROBE_MS = 50
const HAND_OVER_PROBE_MS = 20
const BEFORE_MS = 1000
/** Partitions that are handed over one by one each round. */
const ONE_BY_ONE = 8

const everyPartition = Array.from({ length: PARTITIONS }, (_, partition) => partition)
const inTurn = ({ nodes }: BenchNodes, round: number): BenchNode => nodes[round % nodes.length]!

const FAILOVER = 'failover, a node killed'
const NATS_FAILOVER = 'failover, the NATS server killed that leads a stream'
const HAND_OVER = 'hand-over'

export async function faultCases(parts: CaseParts): Promise<void> {
  const wanted = [FAILOVER, NATS_FAILOVER, HAND_OVER].filter(name => parts.isWanted(name))
  if (wanted.length === 0) return
  const name = parts.nextName()
  const nodes = await startNodes(parts.nats, parts.directory, name)
  if (wanted.includes(FAILOVER)) await failover(parts, nodes)
  if (wanted.includes(NATS_FAILOVER)) await natsFailover(parts, nodes, name)
  // Last: partitions stay where people have put them.
  if (wanted.includes(HAND_OVER)) await handOver(parts, nodes)
  await nodes.close()
}

/** From the kill to the first acknowledged append, begun after it, of each partition that the node led. */
async function failover({ options }: CaseParts, nodes: BenchNodes): Promise<void> {
  const gaps: number[] = []
  const outcomes = new Outcomes()
  for (let kill = 0; kill < options.kills; kill++) {
    const { partitions } = await settled(inTurn(nodes, kill))
    const ledBy = ({ id }: BenchNode): number[] => partitions.filter(({ leader }) => leader === id).map(({ partition }) => partition)
    // One that came back a moment ago leads little yet.
    const victim = nodes.nodes.reduce((most, node) => (ledBy(node).length > ledBy(most).length ? node : most))
    const witness = nodes.nodes.find(node => node !== victim)!
    const led = ledBy(victim)
    gaps.push(...(await gapOf({ witness, partitions: led, outcomes }, () => victim.kill())))
    say(
      `cluster: ${FAILOVER}: ${kill + 1} of ${options.kills}: ${led.length} partitions, ${Math.round(Math.max(...gaps.slice(-led.length)))} ms`,
    )
    await victim.start()
  }
  await settled(nodes.nodes[0])
  reportGaps(FAILOVER, gaps, { kills: options.kills, ...outcomes.shown })
}

/** As above, of all partitions: those of the other streams are not to notice. */
async function natsFailover({ nats, options }: CaseParts, nodes: BenchNodes, name: string): Promise<void> {
  const gaps: number[] = []
  const outcomes = new Outcomes()
  const kills = Math.max(1, Math.ceil(options.kills / 5))
  for (let kill = 0; kill < kills; kill++) {
    const witness = inTurn(nodes, kill)
    await settled(witness)
    const server = await nats.leaderOf(streamOf(name, 0))
    gaps.push(...(await gapOf({ witness, partitions: everyPartition, outcomes }, () => server.kill())))
    say(`cluster: ${NATS_FAILOVER}: ${kill + 1} of ${kills}: ${Math.round(Math.max(...gaps.slice(-PARTITIONS)))} ms`)
    await server.start()
    await nats.healthy()
  }
  await settled(nodes.nodes[0])
  reportGaps(NATS_FAILOVER, gaps, { kills, ...outcomes.shown })
}

interface Watched {
  readonly witness: BenchNode
  readonly partitions: readonly number[]
  readonly outcomes: Outcomes
}

async function gapOf({ witness, partitions, outcomes }: Watched, kill: () => Promise<void>): Promise<number[]> {
  await witness.ask('probe', { partitions, partitionsTotal: PARTITIONS, everyMs: PROBE_MS })
  await pause(BEFORE_MS)
  const killed = systemClock.now()
  await kill()
  const first = await until('every partition takes appends again', () => witness.ask('firstAfter', killed))
  outcomes.add(await witness.ask('probed', null))
  return first.map(acknowledged => acknowledged - killed)
}

/** What became of the appends around the faults. */
class Outcomes {
  readonly #sum: Record<string, number> = { sent: 0, acknowledged: 0 }
  #longestMs = 0

  add({ sent, acknowledged, failed, appendMs }: ProbeResult): void {
    for (const [name, count] of Object.entries({ sent, acknowledged, ...failed })) this.#sum[name] = (this.#sum[name] ?? 0) + count
    this.#longestMs = Math.max(this.#longestMs, appendMs.max)
  }

  get shown(): { readonly appends: Readonly<Record<string, number>>; readonly longestAppendMs: number } {
    return { appends: this.#sum, longestAppendMs: this.#longestMs }
  }
}

function reportGaps(name: string, gaps: readonly number[], extra: Record<string, unknown>): void {
  const { p50, p99, max } = percentiles(gaps)
  report({ bench: 'cluster', case: name, value: p50, unit: 'ms p50', p99, max, partitions: gaps.length, ...extra, load: loadAverage() })
}

/** Partitions one by one, then all at once, from node to node, while each takes appends. */
async function handOver({ options }: CaseParts, nodes: BenchNodes): Promise<void> {
  const [one, all]: [number[], number[]] = [[], []]
  const outcomes = new Outcomes()
  const [witness] = nodes.nodes
  const rounds = Math.max(3, Math.ceil(options.kills / 3))
  for (let round = 0; round < rounds; round++) {
    const to = inTurn(nodes, round).id
    const { partitions } = await settled(witness)
    const elsewhere = partitions.filter(({ leader }) => leader !== to).map(({ partition }) => partition)
    await witness.ask('probe', { partitions: everyPartition, partitionsTotal: PARTITIONS, everyMs: HAND_OVER_PROBE_MS })
    await pause(BEFORE_MS)
    for (const partition of elsewhere.slice(0, ONE_BY_ONE))
      for (const { tookMs } of await handOverTo(witness, { partition, to })) one.push(tookMs)
    for (const { from, tookMs } of await handOverTo(witness, { partition: 'all', to })) if (from !== to) all.push(tookMs)
    await pause(BEFORE_MS)
    outcomes.add(await witness.ask('probed', null))
  }
  reportGaps(`${HAND_OVER} of one partition`, one, { rounds, ...outcomes.shown })
  reportGaps(`${HAND_OVER} of all others at once`, all, { rounds, ...outcomes.shown })
}
