/** Rows that come back from the log to the step that gave them up: the same at any page size and after any restart, late if they are late by now. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { REPLAYED, type DeadLetterData } from '../../actors/dead-letter.ts'
import { createFragment } from '../../actors/fragment.ts'
import { readProjection, readTopologyRow } from '../../store/state.ts'
import { PARTITIONS, StandInLog, standInReplays, StandInStore, type StandInWorld, stampAt, startPipeline } from './pipeline-stand-ins.ts'
import { planOf } from './outside.ts'

const functions: Readonly<Record<string, (row: never) => unknown>> = {
  '#isFine': ({ n }: { n: number }) => {
    if (n < 0) throw new RangeError('negative')
    return true
  },
  '#isSmall': ({ n }: { n: number }) => n < 8,
}

const plan = {
  ...planOf(
    ['time', 'eventTime', { field: 'at', lag: 20 }, 'log.main'],
    ['fine', 'filter', { where: '#isFine' }, 'time.main'],
    ['small', 'filter', { where: '#isSmall' }, 'fine.main'],
    ['keyed', 'keyBy', { fields: ['key'] }, 'small.main'],
    ['w', 'tumble', { size: 100, aggregate: { sum: { aggregate: 'sum', field: 'n' } } }, 'keyed.main'],
    ['windows', 'append', { stream: 'windows', type: 'w' }, 'w.main'],
    ['late', 'append', { stream: 'late', type: 'l' }, 'w.late'],
    ['rows', 'projection', { name: 'sums', key: ['key', 'windowStart'] }, 'w.main'],
  ),
  topology: 'counts',
}

interface Row {
  readonly at: number
  readonly key: string
  readonly n: number
  /** Comes back to this step; is an ordinary row when left out. */
  readonly to?: 'time' | 'fine' | 'small' | 'w'
}

/** Replays lie in the partition of their stream; ordinary rows fill the places between. */
function worldOf(rows: readonly Row[]): StandInWorld {
  const log = new StandInLog()
  for (const { to, ...row } of rows) {
    if (to === undefined) {
      log.add(row)
      continue
    }
    while (log.events.length % PARTITIONS !== standInReplays.partition) log.add({ at: 0, key: 'fill', n: 9 })
    const beside = { ...(to !== 'time' && { eventTime: row.at }), ...(to === 'w' && { key: ['key'] }) }
    const letter = { letter: 5, step: to, input: 0, deployment: 1, attempt: 4, position: null, payload: row, stream: 'was' }
    log.add({ ...letter, ...beside, row }, 'json', { stream: standInReplays.stream, type: REPLAYED })
  }
  return { log, store: new StandInStore() }
}

/** Runs to the end of the log, with a stop behind so many turns of the event loop wherever `stops` says so. */
async function run(rows: readonly Row[], pageRows: number, stops: readonly number[] = []): Promise<{ seen: unknown; world: StandInWorld }> {
  const world = worldOf(rows)
  const upTo = stampAt(world.log.events.length - 1)
  const resolve = (reference: string): Promise<unknown> => Promise.resolve(functions[reference])
  for (const [life, turns] of [...stops, Infinity].entries()) {
    if (readTopologyRow(world.store, 'counts')?.status === 'ended') break
    // Every reading of the clock is a slice later, so that the pipeline yields, and may be stopped, behind every page.
    let now = 0
    const clock = { now: () => 0, monotonic: () => (now += 5), random: () => new Uint8Array(0) }
    const actor = await startPipeline(world, { plan, pageRows, upTo, incarnation: life + 1, createFragment, resolve, clock })
    for (let turn = 0; turn < turns && turns !== Infinity; turn++) await new Promise<void>(done => void setImmediate(done))
    if (turns !== Infinity) await actor.stop({ commit: turns % 2 === 0 })
    else assert.is((await actor.done).status, 'ended')
  }
  const row = readTopologyRow(world.store, 'counts')!
  const byProducer = Map.groupBy(world.log.outputs, ({ producer }) => producer)
  const sums = [...readProjection(world.store, 'sums')]
  return {
    world,
    seen: [[...byProducer].sort(([a], [b]) => (a < b ? -1 : 1)), sums, { ...row, epoch: 0, outbox: 0, lanes: { ...row.lanes } }],
  }
}

const lettersIn = ({ log }: StandInWorld): DeadLetterData[] =>
  log.outputs.flatMap(({ stream, data }) => (stream === standInReplays.stream ? [data as DeadLetterData] : []))

const dataIn = ({ log }: StandInWorld, name: string): unknown[] =>
  log.outputs.flatMap(({ stream, data }) => (stream === name ? [data] : []))

test('a row that comes back counts in the window it is still in time for, and is late for one that has closed', async () => {
  const rows: Row[] = [
    { at: 10, key: 'a', n: 1 },
    { at: 20, key: 'a', n: 2, to: 'fine' },
    { at: 90, key: 'a', n: 3, to: 'w' },
    { at: 119, key: 'a', n: 4 },
    { at: 30, key: 'a', n: 5, to: 'small' },
    { at: 120, key: 'a', n: 4 },
    { at: 40, key: 'a', n: 6, to: 'fine' },
    { at: 199, key: 'a', n: 7, to: 'time' },
    { at: 60, key: 'b', n: 8, to: 'fine' },
  ]
  for (const pageRows of [1, 4, 4096]) {
    const { world } = await run(rows, pageRows)
    assert.equal(dataIn(world, 'late'), [{ at: 40, key: 'a', n: 6 }])
    assert.equal(dataIn(world, 'windows'), [
      { key: 'a', windowStart: 0, windowEnd: 100, sum: 11 },
      { key: 'a', windowStart: 100, windowEnd: 200, sum: 15 },
    ])
    assert.equal(lettersIn(world), [])
    const { counters, rows: taken } = readTopologyRow(world.store, 'counts')!
    assert.equal([counters['log']?.[0], counters['time']?.[0]], [taken, taken + 1], 'only one came in before the first step')
    assert.equal(counters['small']?.slice(0, 2), [taken + 5, 7])
  }
})

test('a row that dies again is a letter of one attempt more; where it dies elsewhere it is the first', async () => {
  const { world } = await run([{ at: 10, key: 'a', n: -1, to: 'fine' }, { at: 11, key: 'a', n: -2, to: 'time' }], 64) // prettier-ignore
  const letters = lettersIn(world).map(({ step, attempts, replayOf, stream, position, payload, replayable, eventTime }) => ({
    step,
    attempts,
    replayOf,
    stream,
    position,
    payload: payload as Row,
    replayable,
    eventTime,
  }))
  const again = { step: 'fine', replayOf: 5, stream: 'was', position: null, replayable: true }
  assert.equal(letters, [
    { ...again, attempts: 4, payload: { at: 10, key: 'a', n: -1 }, eventTime: 10 },
    { ...again, attempts: 1, payload: { at: 11, key: 'a', n: -2 }, eventTime: 11 },
  ])
})

test('is the same at any page size and after any stops', async () => {
  const row = fc.record({
    at: fc.integer({ min: 0, max: 600 }),
    key: fc.constantFrom('a', 'b'),
    n: fc.integer({ min: -1, max: 9 }),
    to: fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, { weight: 2, arbitrary: fc.constantFrom('time', 'fine', 'small', 'w') }),
  })
  const stops = fc.array(fc.nat(30), { maxLength: 6 })
  const property = fc.asyncProperty(fc.array(row, { maxLength: 40 }), fc.constantFrom(1, 3, 64), stops, async (list, pageRows, turns) => {
    const rows = list.map(({ to, ...rest }): Row => ({ ...rest, ...(to !== undefined && { to: to as 'time' }) }))
    const [whole, cut] = [await run(rows, 4096), await run(rows, pageRows, turns)]
    assert.equal(cut.seen, whole.seen)
  })
  await fc.assert(property, { seed: 4, numRuns: 80 })
})

test.run()
