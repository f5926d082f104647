/** The pipeline actor over a log in memory: the same results at any page size, after any crash, once. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { PipelineActor } from '../../actors/pipeline.ts'
import { type EpochWrite, StateWriter } from '../../actors/state-writer.ts'
import { EventStoreError } from '../../event/error.ts'
import { outboxPrefix, readProjection, readTopologyRow, scanPrefix } from '../../store/state.ts'
import { END, runToEnd, seen, worldOf } from './counts-world.ts'
import { stampAt, startPipeline } from './pipeline-stand-ins.ts'

const plain = worldOf()
await runToEnd(plain)
const expected = seen(plain)

test('folds, sends and gives up what it should', () => {
  const { totals, outputs, row, waiting } = expected as {
    totals: unknown[]
    outputs: [string, { number: number; stream: string }[]][]
    row: { status: string; counters: unknown; lanes: Record<string, number> }
    waiting: number
  }
  assert.is(totals.length, 3)
  assert.is(row.status, 'ended')
  assert.is(waiting, 0)
  assert.equal(row.counters, { events: [400, 392, 0, 0, 8], count: [392, 0, 0, 0, 12] })
  for (const [producer, events] of outputs) {
    assert.equal(
      events.map(({ number }) => number),
      events.map((_, index) => index + 1),
      producer,
    )
    assert.is(row.lanes[producer.slice('counts#1/'.length)], events.length)
  }
  const dead = plain.log.outputs.filter(({ stream }) => stream === '$dead-letter-counts')
  assert.is(dead.length, 20)
  const letter = dead.find(({ producer }) => producer.includes('/count/'))!.data as Record<string, unknown>
  assert.equal([letter['step'], letter['payload'], letter['attempts'], letter['code']], ['count', { key: 'a', amount: -1 }, 1, undefined])
  assert.type(letter['position'], 'string')
})

for (const pageRows of [1, 7, 64, 4096]) {
  test(`gives the same with pages of ${pageRows}`, async () => {
    const world = worldOf()
    await runToEnd(world, { pageRows })
    assert.equal(seen(world), expected)
  })
}

test('folds on while an epoch is being written, and never has two on the way', async () => {
  const world = worldOf()
  const inner = new StateWriter(world.store)
  let onTheWay = 0
  let most = 0
  let pulledMeanwhile = 0
  const running: { actor?: PipelineActor } = {}
  const writer = {
    begin: (topology: string, incarnation: number) => inner.begin(topology, incarnation),
    drop: (topology: string) => inner.drop(topology),
    async write(epoch: EpochWrite) {
      most = Math.max(most, ++onTheWay)
      const rows = running.actor!.position.rows
      await new Promise(resolve => setTimeout(resolve, 3))
      pulledMeanwhile += running.actor!.position.rows - rows
      await inner.write(epoch)
      onTheWay--
    },
  }
  let now = 0
  // Each reading of the clock is a slice later, so that the pipeline yields after every page.
  const clock = { now: () => 0, monotonic: () => (now += 5), random: () => new Uint8Array(0) }
  running.actor = await startPipeline(world, { ...END, writer, pageRows: 2, clock })
  assert.is((await running.actor.done).status, 'ended')
  assert.is(most, 1)
  assert.ok(pulledMeanwhile > 0)
  assert.equal(seen(world), expected)
})

test('shows folded rows before they are durable, and says where it stands', async () => {
  const world = worldOf(10)
  const actor = await startPipeline(world, { epochMs: 1_000_000, pageRows: 5 })
  while (actor.position.rows < 10 || !actor.isAtHead) await new Promise(resolve => setTimeout(resolve, 1))
  assert.is(readTopologyRow(world.store, 'counts'), undefined)
  assert.equal(JSON.parse(actor.folded!.get('totals', ['a'])!.text!), { count: 2, sum: 5 })
  assert.is(actor.folded!.get('totals', ['zz']), undefined)
  assert.equal(
    actor.folded!.list('totals').map(([, row]) => row.key),
    [['a'], ['b'], ['e']],
  )
  assert.equal(actor.position.place, { stamp: stampAt(9), partition: 1, sequence: 3 })
  await actor.stop({ commit: true })
  assert.equal(actor.folded!.list('totals'), [])
  assert.equal(
    [...readProjection(world.store, 'totals')].map(({ key }) => key),
    [['a'], ['b'], ['e']],
  )
})

test('goes on with what comes later, and removes from the outbox what was sent', async () => {
  const world = worldOf(50)
  const actor = await startPipeline(world, { epochMs: 1 })
  for (let i = 0; i < 30; i++) {
    world.log.add({ key: 'late', amount: 1 })
    await new Promise(resolve => setTimeout(resolve, 1))
  }
  while (
    [...readProjection(world.store, 'totals', { prefix: ['late'] })].every(({ text }) => (JSON.parse(text) as { count: number }).count < 30)
  )
    await new Promise(resolve => setTimeout(resolve, 2))
  while ([...scanPrefix(world.store, 'state', outboxPrefix('counts'))].length > 0) await new Promise(resolve => setTimeout(resolve, 2))
  assert.is(world.log.outputs.filter(({ stream }) => stream === 'out-late').length, 10)
  await actor.stop({ commit: true })
})

test('tries again when a partition is busy, in the order of the numbers', async () => {
  const world = worldOf()
  let calls = 0
  world.log.onAppend = moment => {
    if (moment === 'before' && ++calls % 3 === 0) throw new EventStoreError('BUSY', 'full')
    if (moment === 'after' && calls % 7 === 0) throw new EventStoreError('UNKNOWN_OUTCOME', 'no answer')
  }
  await runToEnd(world)
  assert.equal(seen(world), expected)
})

test('ends as failed, with the reason, when the disk refuses or the log can not take an event', async () => {
  const world = worldOf()
  world.store.write = () => {
    throw new EventStoreError('READ_ONLY', 'disk full')
  }
  const actor = await startPipeline(world)
  const outcome = await actor.done
  assert.is(outcome.status === 'failed' && outcome.error.code, 'READ_ONLY')
  assert.is(actor.folded, undefined)
  const other = worldOf()
  other.log.onAppend = () => {
    throw new EventStoreError('TOO_LARGE', 'no')
  }
  const failed = await (await startPipeline(other)).done
  assert.is(failed.status === 'failed' && failed.error.code, 'TOO_LARGE')
})

test('a row that never returned is a dead letter, and only it', async () => {
  const world = worldOf()
  await runToEnd(world, { skip: [{ step: 'count', order: stampAt(3), attempts: 2 }] })
  const letters = world.log.outputs.filter(({ stream, producer }) => stream === '$dead-letter-counts' && producer.includes('/count/'))
  assert.is(letters.length, 13)
  const { payload, attempts } = letters[0]!.data as { payload: unknown; attempts: number }
  assert.equal([payload, attempts], [{ key: 'e', amount: 3 }, 2])
})

test('an event that may not be appended is refused where it is put', async () => {
  const world = worldOf(0)
  for (const key of ['x', '\u0001', 'y']) for (let i = 0; i < 3; i++) world.log.add({ key, amount: 1 })
  const actor = await startPipeline(world, { upTo: stampAt(8) })
  const outcome = await actor.done
  assert.is(outcome.status, 'failed', 'the stand-in does not catch; operators do')
})

test.run()
