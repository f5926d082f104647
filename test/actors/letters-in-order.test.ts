/** Rows that wait behind an earlier one of their key: as a dumb program with queues says, at any page size and after any restart. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type DeadLetterData, DISCARDED, REPLAYED } from '../../actors/dead-letter.ts'
import { createFragment } from '../../actors/fragment.ts'
import { readTopologyRow } from '../../store/state.ts'
import type { Plan, PlanStep } from '../../topology/plan.ts'
import { InOrderTwin, type TwinRow } from './letters-in-order-twin.ts'
import { planOf } from './outside.ts'
import { PARTITIONS, StandInLog, standInReplays, StandInStore, type StandInWorld, stampAt, startPipeline } from './pipeline-stand-ins.ts'

const dies = {
  first: ({ n }: TwinRow): boolean => typeof n === 'number' && n < 0,
  second: ({ n }: TwinRow): boolean => typeof n === 'number' && n % 5 === 4,
}

const functions: Readonly<Record<string, (row: never) => unknown>> = {
  '#first': (row: TwinRow) => refuse(dies.first(row)),
  '#second': (row: TwinRow) => refuse(dies.second(row)),
}

function refuse(isBad: boolean): true {
  if (isBad) throw new RangeError('bad')
  return true
}

const inOrder = (plan: Plan, ...ids: string[]): Plan => ({
  ...plan,
  steps: plan.steps.map((step): PlanStep => (ids.includes(step.id) ? { ...step, inOrder: ['key'] } : step)),
})

const plan = inOrder(
  {
    ...planOf(
      ['first', 'filter', { where: '#first' }, 'log.main'],
      ['second', 'filter', { where: '#second' }, 'first.main'],
      ['out', 'append', { stream: 'out', type: 'o' }, 'second.main'],
      ['counts', 'total', { by: ['key'], aggregate: { n: { aggregate: 'count' } } }, 'second.main'],
    ),
    topology: 'counts',
  },
  'first',
  'second',
)

/** What happens, one after the other; letters are chosen among those that are open then. */
type Deed =
  { readonly row: TwinRow } | { readonly replay: number; readonly set: TwinRow; readonly withTurn: boolean } | { readonly discard: number }

/** The deeds as the log that the pipeline reads; the twin has done them then. */
function worldOf(deeds: readonly Deed[]): { world: StandInWorld; twin: InOrderTwin } {
  const log = new StandInLog()
  const twin = new InOrderTwin(
    Object.entries(dies).map(([id, dead]) => ({ id, dies: dead })),
    'key',
  )
  const give = (row: TwinRow): void => {
    log.add(row)
    twin.row(row)
  }
  const tell = (type: string, data: object): void => {
    while (log.events.length % PARTITIONS !== standInReplays.partition) give({ key: 'fill', n: 0 })
    log.add(data, 'json', { stream: standInReplays.stream, type })
  }
  for (const deed of deeds) {
    if ('row' in deed) {
      give({ ...deed.row })
      continue
    }
    const open = twin.letters.filter(({ isOpen }) => isOpen)
    const letter = open[('replay' in deed ? deed.replay : deed.discard) % open.length]
    if (letter === undefined) continue
    const { step, turn, attempts } = letter
    const about = { topology: 'counts', deployment: 1, letter: 5, step }
    if ('discard' in deed) {
      tell(DISCARDED, { ...about, turn })
      twin.discard(letter)
      continue
    }
    const row = { ...letter.row, ...deed.set }
    tell(REPLAYED, { ...about, ...(deed.withTurn && { turn }), input: 0, attempt: attempts + 1, position: null, payload: null, row })
    twin.replay(letter, row, deed.withTurn)
  }
  return { world: { log, store: new StandInStore() }, twin }
}

/** Runs to the end of the log, with a stop behind so many turns of the event loop wherever `stops` says so. */
async function run(world: StandInWorld, pageRows: number, stops: readonly number[] = []): Promise<void> {
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
}

const isFilling = ({ key }: TwinRow): boolean => key === 'fill'

function compare({ log, store }: StandInWorld, { passed, letters }: InOrderTwin): void {
  const into = (stream: string): unknown[] => log.outputs.flatMap(output => (output.stream === stream ? [output.data] : []))
  assert.equal((into('out') as TwinRow[]).filter(row => !isFilling(row)), passed.filter(row => !isFilling(row)).map(withoutNulls)) // prettier-ignore
  const written = into(standInReplays.stream) as DeadLetterData[]
  for (const id of Object.keys(dies))
    assert.equal(
      written.filter(({ step }) => step === id).map(({ row, waits, attempts, turn }) => ({ row, waits, attempts, turn })),
      letters
        .filter(({ step }) => step === id)
        .map(({ row, waits, attempts, turn }) => ({ row: withoutNulls(row), waits: waits || undefined, attempts, turn })),
    )
  const { counters } = readTopologyRow(store, 'counts')!
  for (const id of Object.keys(dies)) assert.is(counters[id]?.[4], letters.filter(({ step }) => step === id).length)
}

function withoutNulls(row: TwinRow): TwinRow {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
}

for (const pageRows of [1, 64, 4096]) {
  test(`rows of the key wait, those of others go on; a restart changes nothing (pages of ${pageRows})`, async () => {
    const rows = (
      [
        ['a', 1],
        ['a', -1],
        ['b', 2],
        ['a', 3],
        ['b', -2],
        ['c', 5],
        ['a', 6],
        ['b', 7],
      ] as const
    ).map(([key, n]) => ({ row: { key, n } }))
    // Open are a −1, a 3, b −2, a 6, b 7. What waits goes when the first one is through, or put away, and not before.
    const send = (replay: number, set: TwinRow = {}): Deed => ({ replay, set, withTurn: true })
    const deeds = [...rows, send(0, { n: 10 }), send(0), { row: { key: 'a', n: 8 } }, send(2), { discard: 0 }, send(2), send(0), send(0)]
    for (const stops of [[], [0, 2, 4, 6, 8, 10]]) {
      const { world, twin } = worldOf(deeds)
      await run(world, pageRows, stops)
      compare(world, twin)
      const passed = twin.passed.filter(row => !isFilling(row)).map(({ key, n }) => `${String(key)}${String(n)}`)
      assert.equal(passed, ['a1', 'b2', 'c5', 'a10', 'a3', 'b7', 'a6', 'a8'])
    }
  })
}

test('is what the queues say, at any page size and after any stops', async () => {
  const key = fc.constantFrom<unknown>('a', 'b', 'é', '\ud800', null, 1, '1', true, ['a'])
  const row = fc.record({ key, n: fc.oneof(fc.constant(-1), fc.nat(9)) })
  const set = fc.oneof(
    { weight: 3, arbitrary: fc.constant({}) },
    { weight: 3, arbitrary: fc.record({ n: fc.integer({ min: -1, max: 9 }) }) },
    { weight: 1, arbitrary: fc.record({ key }) },
    { weight: 1, arbitrary: fc.record({ key, n: fc.constant(0) }) },
  )
  const deed = fc.oneof(
    { weight: 6, arbitrary: fc.record({ row }) },
    {
      weight: 4,
      arbitrary: fc.record({ replay: fc.oneof(fc.constant(0), fc.nat(50)), set, withTurn: fc.constantFrom(true, true, true, false) }),
    },
    { weight: 1, arbitrary: fc.record({ discard: fc.oneof(fc.constant(0), fc.nat(50)) }) },
  )
  const stops = fc.array(fc.nat(30), { maxLength: 6 })
  const property = fc.asyncProperty(
    fc.array(deed, { maxLength: 60 }),
    fc.constantFrom(1, 3, 64, 4096),
    stops,
    async (deeds, pageRows, turns) => {
      const { world, twin } = worldOf(deeds)
      await run(world, pageRows, turns)
      compare(world, twin)
    },
  )
  await fc.assert(property, { seed: 11, numRuns: 200 })
})

test.run()
