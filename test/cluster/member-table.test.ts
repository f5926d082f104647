/** Who is alive as one node hears it, and what it takes a heartbeat for. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { decodeHeartbeat, encodeHeartbeat, type Heartbeat, HEARTBEAT_BYTES } from '../../cluster/heartbeat.ts'
import { type MemberEntry, MemberTable, readMemberEntry } from '../../cluster/member-table.ts'
import { readTermEntry } from '../../cluster/term-state.ts'
import { writeJson } from '../../cluster/wire.ts'

const beat: Heartbeat = { format: 1, leads: [], ineligible: [], isDraining: false, followsAll: false, stamp: 0, applied: [0, 0] }
const entry: MemberEntry = { node: 'n1', incarnation: 'a', zone: 'a', format: 1, disk: 'd1', address: '', isDraining: false }

function tableOf(...nodes: readonly string[]): MemberTable {
  const table = new MemberTable({ node: 'n1', partitions: 2, deadlineMs: 1000, lagRecords: 10 })
  for (const [index, node] of nodes.entries()) table.register({ ...entry, node }, index + 1)
  return table
}

const healthy = (table: MemberTable): string[] => table.rows.flatMap(row => (row.isHealthy ? [row.entry.node] : []))

test('silence of a deadline is death, and one heartbeat is life', () => {
  const table = tableOf('n1', 'n2')
  assert.equal(healthy(table), [])
  for (const node of ['n1', 'n2']) assert.ok(table.heard(node, 'a', beat, 0))
  for (let nowMs = 100; nowMs < 1000; nowMs += 100) {
    table.heard('n1', 'a', beat, nowMs)
    table.tick(nowMs, 0)
    assert.equal(healthy(table), ['n1', 'n2'])
  }
  table.tick(1000, 0)
  assert.equal(healthy(table), ['n1'])
  table.heard('n2', 'a', beat, 1001)
  assert.equal(healthy(table), ['n1', 'n2'])
})

test('a node that stood still takes nobody for dead before another deadline', () => {
  const table = tableOf('n1', 'n2', 'n3')
  for (const node of ['n1', 'n2', 'n3']) table.heard(node, 'a', beat, 0)
  table.heard('n1', 'a', beat, 500)
  table.heard('n2', 'a', beat, 500)
  table.tick(1200, 0)
  assert.equal(healthy(table), ['n1', 'n2'])
  table.tick(60_000, 58_700)
  // Who was dead before is not raised by a pause.
  assert.equal(healthy(table), ['n1', 'n2'])
  table.tick(60_900, 0)
  assert.equal(healthy(table), ['n1', 'n2'])
  for (let nowMs = 61_000; nowMs < 63_000; nowMs += 100) table.tick(nowMs, 0)
  assert.equal(healthy(table), [])
})

test('late ticks raise the deadline, which comes down again', () => {
  const table = tableOf('n1', 'n2')
  assert.is(table.deadlineMs, 1000)
  table.tick(100, 300)
  assert.is(table.deadlineMs, 1300)
  table.tick(200, 1e9)
  assert.is(table.deadlineMs, 2000)
  for (let ticks = 0; ticks < 500; ticks++) table.tick(300, 0)
  assert.is(table.deadlineMs, 1000)
})

test('another incarnation is silent until it is heard, and the old one is not listened to', () => {
  const table = tableOf('n1', 'n2')
  table.heard('n2', 'a', beat, 0)
  table.register({ ...entry, node: 'n2', incarnation: 'b' }, 9)
  assert.equal(healthy(table), [])
  assert.not.ok(table.heard('n2', 'a', beat, 1))
  assert.not.ok(table.heard('n3', 'a', beat, 1))
  assert.ok(table.heard('n2', 'b', beat, 1))
  // An old list does not bring the old one back.
  table.register({ ...entry, node: 'n2' }, 2)
  assert.ok(table.heard('n2', 'b', beat, 2))
})

test('a view says who can lead', () => {
  const table = tableOf('n1', 'n2', 'n3')
  table.heard('n1', 'a', { ...beat, applied: [100, 100] }, 0)
  table.heard('n2', 'a', { ...beat, applied: [90, 89], leads: [[0, 7]] }, 0)
  table.heard('n3', 'a', { ...beat, applied: [100, 100], ineligible: [1] }, 0)
  table.tick(1, 0)
  const seen = (partition: number): unknown =>
    table.view(partition, { isEligible: true }).nodes.map(({ node, isEligible, leadsTerm }) => [node, isEligible, leadsTerm])
  const sorted = (partition: number): unknown => (seen(partition) as [string][]).sort(([a], [b]) => (a < b ? -1 : 1))
  assert.equal(sorted(0), [
    ['n1', true, 0],
    ['n2', true, 7],
    ['n3', true, 0],
  ])
  assert.equal(sorted(1), [
    ['n1', true, 0],
    ['n2', false, 0],
    ['n3', false, 0],
  ])
  table.heard('n3', 'a', { ...beat, isDraining: true, applied: null }, 2)
  assert.equal((sorted(0) as unknown[])[2], ['n3', false, 0])
  const { hearsSelf, hearsOthers } = table.view(0, { isEligible: true })
  assert.ok(hearsSelf && hearsOthers)
})

test('what a node never said or a dead one had keeps nobody back', () => {
  const table = tableOf('n1', 'n2')
  assert.is(table.lag('n2', 0), null)
  table.heard('n2', 'a', { ...beat, applied: [5_000, 0] }, 0)
  table.heard('n1', 'a', { ...beat, applied: [100, 0] }, 0)
  table.tick(1, 0)
  assert.is(table.lag('n1', 0), 4_900)
  table.heard('n1', 'a', beat, 1100)
  table.tick(1101, 0)
  assert.is(table.lag('n1', 0), 0)
})

test('heartbeats come back, and what is none is refused', () => {
  const whole: Heartbeat = { ...beat, leads: [[1, 9]], ineligible: [0], isDraining: true, followsAll: true, stamp: 77, applied: null }
  assert.equal(decodeHeartbeat(encodeHeartbeat(whole), 2), whole)
  const wrong: readonly Partial<Record<keyof Heartbeat, unknown>>[] = [
    { format: 1.5 },
    { leads: [[2, 1]] },
    { leads: [[0, 0]] },
    { leads: [[0]] },
    {
      leads: [
        [0, 1],
        [1, 1],
        [0, 1],
      ],
    },
    { leads: {} },
    { ineligible: [-1] },
    { isDraining: 1 },
    { followsAll: null },
    { stamp: -1 },
    { stamp: '1' },
    { applied: [1] },
    { applied: [1, NaN] },
  ]
  for (const part of wrong) assert.is(decodeHeartbeat(writeJson({ ...beat, ...part }), 2), null, JSON.stringify(part))
  assert.is(decodeHeartbeat(new Uint8Array(HEARTBEAT_BYTES + 1), 2), null)
})

test('no value of a peer or of the registry makes a reader throw', () => {
  fc.assert(
    fc.property(fc.jsonValue(), value => {
      const read = [decodeHeartbeat(writeJson(value), 2), readMemberEntry(value), readTermEntry(value)]
      assert.equal(read, [null, null, null])
    }),
  )
  assert.equal(readMemberEntry({ ...entry, more: 1 }), entry)
  assert.equal(readTermEntry({ term: 1, node: 'n1', incarnation: 'a', isPinned: false }), {
    term: 1,
    node: 'n1',
    incarnation: 'a',
    isPinned: false,
  })
})

test.run()
