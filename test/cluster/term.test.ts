/** Term machines under schedules nobody wrote: no term is led by two, terms rise, and when all is well again the preferred node leads. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type ClusterNode, TermCluster, type WriteFate } from './term-cluster.ts'
import type { ShardTemper } from './term-shard.ts'

const ids = ['n1', 'n2', 'n3'] as const
const id = fc.constantFrom(...ids)
/** The longest wait that failures of a short schedule can add up to, and everything behind it. */
const HEALING_MS = 240_000
const QUIET_MS = 15_000
const RUNS = 200

type Fault = readonly [afterMs: number, apply: (cluster: TermCluster) => void, name: string]

function fault<Value>(value: fc.Arbitrary<Value>, name: string, apply: (cluster: TermCluster, value: Value) => void): fc.Arbitrary<Fault> {
  const afterMs = fc.oneof(fc.nat(50), fc.nat(1500), fc.nat(12_000))
  return fc.tuple(afterMs, value).map(([ms, drawn]) => [ms, cluster => apply(cluster, drawn), `${ms} ${name} ${JSON.stringify(drawn)}`])
}

const fates = fc.array(fc.constantFrom<WriteFate>('written', 'lost', 'landed', 'late', 'spurious'), { minLength: 1, maxLength: 6 })
const tempers = fc.constantFrom<ShardTemper>('well', 'slow', 'silent', 'failing')
const onNode = (name: string, apply: (node: ClusterNode, cluster: TermCluster) => unknown): fc.Arbitrary<Fault> =>
  fault(id, name, (cluster, drawn) => void apply(cluster.node(drawn), cluster))

const faults: fc.Arbitrary<Fault> = fc.oneof(
  onNode('kill', (node, cluster) => cluster.kill(node.id)),
  onNode('start', (node, cluster) => node.isUp || cluster.start(node.id)),
  onNode('kill and start', (node, cluster) => (cluster.kill(node.id), cluster.start(node.id))),
  onNode('pause', node => (node.isPaused = node.isUp)),
  onNode('resume', (node, cluster) => cluster.resume(node.id)),
  onNode('table cut', node => (node.isCutFromTable = true)),
  onNode('table joined', node => (node.isCutFromTable = false)),
  onNode('watch off', node => (node.isWatching = false)),
  onNode('drain', node => (node.isDraining = true)),
  onNode('undrain', node => (node.isDraining = false)),
  onNode('lose', ({ shard, state }) => state.phase === 'leading' && shard.lose(state.ledTerm)),
  onNode('resign', (node, cluster) => node.isUp && !node.isPaused && cluster.input(node, { kind: 'resign' })),
  onNode('failover', ({ id: to }, cluster) => {
    const { leader } = cluster
    if (leader !== undefined && !leader.isPaused) cluster.input(leader, { kind: 'hand-over', to })
  }),
  fault(fc.tuple(id, id), 'cut', (cluster, [from, to]) => void cluster.node(to).deafTo.add(from)),
  fault(fc.tuple(id, id), 'join', (cluster, [from, to]) => void cluster.node(to).deafTo.delete(from)),
  fault(fc.tuple(id, fates), 'writes', (cluster, [to, drawn]) => void cluster.node(to).fates.push(...drawn)),
  fault(fc.tuple(id, tempers), 'shard', (cluster, [to, temper]) => void (cluster.node(to).shard.temper = temper)),
  fault(fc.tuple(id, fc.integer({ min: -1e9, max: 1e9 })), 'clock', (cluster, [to, ms]) => void (cluster.node(to).clockOffsetMs += ms)),
)

const schedulesOf = (of: fc.Arbitrary<Fault>): fc.Arbitrary<Schedule> =>
  fc.record({
    faults: fc.array(of, { minLength: 1, maxLength: 25 }),
    latencies: fc.array(fc.oneof(fc.constant(1), fc.nat(20), fc.nat(400)), { minLength: 5, maxLength: 40 }),
  })

interface Schedule {
  readonly faults: readonly Fault[]
  readonly latencies: readonly number[]
}

function heal(cluster: TermCluster): void {
  for (const node of cluster.nodes.values()) {
    node.deafTo.clear()
    node.fates.length = 0
    node.isCutFromTable = false
    node.isWatching = true
    node.isDraining = false
    node.shard.temper = 'well'
    if (!node.isUp) cluster.start(node.id)
    if (node.isPaused) cluster.resume(node.id)
  }
}

/** Every record begins a term above the one before. */
function checkLog({ log }: TermCluster): void {
  for (const [index, { term }] of log.entries()) assert.ok(term > (log[index - 1]?.term ?? 0), 'terms rise')
}

/** Nobody but the writer of a term's first record was ever told to lead it. */
function checkTerms(cluster: TermCluster): void {
  checkLog(cluster)
  for (const [term, led] of cluster.told) assert.is(led.size, 1, `term ${term} was led by ${[...led].join(' and ')}`)
  for (const { term, writer } of cluster.log) assert.ok(cluster.told.get(term)?.has(writer), `${writer} was told to lead ${term}`)
}

/** What is still wrong with a cluster that should be well; empty when the preferred node leads, alone, and all know. */
function amiss(cluster: TermCluster): string {
  const leading = [...cluster.nodes.values()].filter(({ state }) => state.phase === 'leading')
  const [leader] = leading
  if (leader === undefined || leading.length > 1) return `${leading.length} lead`
  if (leader.id !== preferredOf(cluster)) return `${leader.id} leads, and ${preferredOf(cluster)} should`
  if (!cluster.isEffective(leader)) return `${leader.id} is not the last that wrote`
  // A table that was lost and not written since tells nobody.
  if (cluster.registry.entry === null) return ''
  const { ledTerm } = leader.state
  const unaware = [...cluster.nodes.values()].filter(
    ({ state: { told } }) => told.node !== leader.id || told.term !== ledTerm || !told.isStarted,
  )
  return unaware.map(({ id: node }) => `${node} does not know`).join()
}

/** The node that people asked for last, else the first in order. */
function preferredOf({ registry, leader }: TermCluster): string {
  // A table that was lost and not written since: the leader remembers.
  const entry = registry.entry ?? leader?.state.entry
  return entry?.isPinned === true ? entry.node : 'n1'
}

function play({ faults: drawn, latencies }: Schedule, check: (cluster: TermCluster) => void): void {
  let draws = 0
  const lines: string[] = []
  const cluster = new TermCluster(ids, { latencyMs: () => latencies[draws++ % latencies.length]!, trace: line => lines.push(line) })
  try {
    for (const [ms, apply, name] of drawn) {
      cluster.run(ms)
      cluster.say(`── ${name}`)
      apply(cluster)
      check(cluster)
    }
    heal(cluster)
    cluster.say('── healed')
    const end = cluster.nowMs + HEALING_MS
    for (let quietMs = 0; quietMs < QUIET_MS; quietMs = amiss(cluster) === '' ? quietMs + 1000 : 0) {
      assert.ok(cluster.nowMs < end, amiss(cluster))
      cluster.run(1000)
      check(cluster)
    }
  } catch (error) {
    throw new Error(`${String(error)}\n${lines.filter(line => !line.includes(' tells ')).join('\n')}`, { cause: error })
  }
}

test('no schedule gives a term to two, and healed the preferred node leads alone', () => {
  const schedules = schedulesOf(faults)
  fc.assert(
    fc.property(schedules, schedule => play(schedule, checkTerms)),
    { numRuns: RUNS, includeErrorInReport: true },
  )
})

test('the log keeps terms apart even if the table is lost', () => {
  const anew = fault(fc.constant(0), 'table made anew', cluster => cluster.forgetTable())
  const schedules = schedulesOf(fc.oneof({ arbitrary: faults, weight: 6 }, { arbitrary: anew, weight: 1 }))
  fc.assert(
    fc.property(schedules, schedule => play(schedule, checkLog)),
    { numRuns: RUNS / 4, includeErrorInReport: true },
  )
})

test.run()
