/** Rows that steps give up: as letters with all that is needed to take them again, or for the step that takes from the port `dead`. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { deadLetters, readReplay, replayOf } from '../../actors/dead-letter.ts'
import { plainOf } from '../../actors/dead-letter-json.ts'
import { createFragment } from '../../actors/fragment.ts'
import { type EpochWriter, StateWriter } from '../../actors/state-writer.ts'
import { EventStoreError } from '../../event/error.ts'
import { limitsWith } from '../../event/limits.ts'
import type { Page } from '../../operators/flow.ts'
import { operators } from '../../operators/index.ts'
import { onPage } from '../../operators/lift.ts'
import type { AnyOperator, Operator } from '../../operators/operator.ts'
import { valueAt } from '../../operators/columns.ts'
import { aliveRows, columnNamed, gather, withColumns } from '../../operators/page.ts'
import { build, Outside, page, planOf } from './outside.ts'
import { StandInLog, StandInStore, stampAt, startPipeline } from './pipeline-stand-ins.ts'

const spec = { summary: '', options: {}, ports: { main: '' } }
const all = { needs: () => new Set(['*']), example: { title: '', options: {}, input: [], output: {} } }

/** Changes its page before it gives rows up, and takes rows out into pages of their own. */
const changing: Operator<Record<string, never>> = {
  ...all,
  spec: { ...spec, name: 'changing', kind: 'stateless' },
  create: (_, context) =>
    onPage((came, emit) => {
      const changed = withColumns(came, [['n', { kind: 'value', values: new Array<unknown>(came.count).fill('changed') }]])
      const numbers = columnNamed(came, 'n')
      const rows = aliveRows(came)
      const rest = (row: number): number => (valueAt(numbers, row) as number) % 3
      // The last first: what leaves is in the order of the rows all the same.
      for (const row of rows.toReversed())
        if (rest(row) === 0) context.dead(changed, row, new RangeError(`row ${String(valueAt(numbers, row))}`))
      for (const row of rows) if (rest(row) === 1) context.dead(gather(changed, Int32Array.of(row)), 0, 'a text')
      emit({ ...changed, selection: rows.filter(row => rest(row) === 2) })
    }),
}

/** Keeps all rows, and gives them up at the barrier and at the end. */
const hoarding: Operator<Record<string, never>> = {
  ...all,
  spec: { ...spec, name: 'hoarding', kind: 'stateful' },
  create(_, context) {
    let kept: Page[] = []
    const giveUp = (): void => {
      for (const one of kept) for (const row of aliveRows(one)) context.dead(one, row, new EventStoreError('NOT_FOUND', 'kept'))
      kept = []
    }
    return onPage({ page: one => void kept.push(one), barrier: giveUp, end: giveUp })
  },
}

const added = operators as Record<string, AnyOperator>
test.before(() => void Object.assign(added, { changing, hoarding }))
test.after(() => {
  for (const name of ['changing', 'hoarding']) delete added[name]
})

const numbered = (from: number, count: number): Page => page(Array.from({ length: count }, (_, i) => ({ n: from + i, none: null })), from) // prettier-ignore

/** Notes every row that comes, with what stands beside it, and sends it on. */
const watching = (came: unknown[]): Operator => ({
  ...all,
  spec: { ...spec, name: 'watching', kind: 'stateless' },
  create: () =>
    onPage((one, emit) => {
      for (const row of aliveRows(one))
        came.push([one.port, one.input, one.key, one.order[row], one.eventTime?.[row], one.watermark?.[row]])
      emit(one)
    }),
})

for (const pages of [
  [[0, 6]],
  [
    [0, 3],
    [3, 3],
  ],
  [
    [0, 2],
    [2, 4],
  ],
] as const)
  // prettier-ignore
  test(`who takes from dead has the rows as they came, in order, with what went wrong (${pages.length} pages of ${pages[0][1]})`, async () => {
    const came: unknown[] = []
    added['watching'] = watching(came)
    const outside = new Outside()
    const plan = planOf(['x', 'changing', {}, 'log.main'], ['y', 'watching', {}, 'x.dead'], ['out', 'append', { stream: 's', type: 't' }, 'y.main'])
    const fragment = await build(plan, outside)
    delete added['watching']
    for (const [from, count] of pages) {
      const one = numbered(from, count)
      fragment.push({ ...one, key: ['n'], eventTime: one.order.map(n => n * 10), watermark: one.order.map(n => n - 1) })
    }
    assert.equal(outside.deadRows, [], 'they are no letters')
    assert.equal(fragment.counters.get('x'), { in: 6, out: 2, late: 0, suspect: 0, dead: 4 })
    assert.equal(fragment.counters.get('y')?.in, 4)
    const given = [0, 1, 3, 4]
    assert.equal(came, given.map(n => ['main', 0, ['n'], n, n * 10, n - 1])) // prettier-ignore
    const rows = given.map(n => ({ n, error: n % 3 === 0 ? `RangeError: row ${n}` : 'a text', errorStep: 'x' }))
    assert.equal(outside.appended, rows.map(row => ['s', row])) // prettier-ignore
  })

test('letters of rows of one order lie as the rows came, whenever their step found out', async () => {
  const outside = new Outside()
  const fragment = await build(planOf(['x', 'changing', {}, 'log.main']), outside)
  // As rows that one row was made into; the step looks at the last first, and at texts only then.
  fragment.push({ ...page([0, 4, 3, 1, 6].map(n => ({ n })), 0), order: new Float64Array(5) }) // prettier-ignore
  assert.equal(outside.deadRows.filter(({ cause }) => cause !== 'a text').map(({ row }) => row['n']), [0, 3, 6]) // prettier-ignore
})

test('rows given up at a barrier are in its epoch: they come before it', async () => {
  const outside = new Outside()
  const plan = planOf(
    ['x', 'hoarding', {}, 'log.main'],
    ['w', 'total', { aggregate: { n: { aggregate: 'count' } } }, 'x.dead'],
    ['out', 'append', { stream: 's', type: 't' }, 'w.main'],
  )
  let fragment = await build(plan, outside)
  fragment.push(numbered(0, 3))
  fragment.push({ kind: 'barrier', epoch: 1 })
  fragment.close()
  fragment = await build(plan, outside)
  fragment.push(numbered(3, 2))
  fragment.push({ kind: 'end' })
  assert.equal(outside.appended, [['s', { n: 5 }]])
  assert.equal(outside.deadRows, [])
})

for (const [operator, options] of [
  ['append', { stream: 'a', type: 't' }],
  ['projection', { name: 'p', key: ['n'] }],
] as const)
  // prettier-ignore
  test(`${operator} gives rows up by dead as other steps do`, async () => {
    const fail = (): never => {
      throw new EventStoreError('TOO_LARGE', 'too large')
    }
    const outside = new Outside()
    const context = Object.assign(outside, {
      outbox: (step: string) => ({
        append: (stream: string, { data }: { data: unknown }) => (step === 'bad' ? fail() : void outside.appended.push([stream, data])),
        post: fail,
      }),
      projection: () => ({ put: fail, delete: fail }),
    })
    const fragment = await build(planOf(['bad', operator, options, 'log.main'], ['rest', 'append', { stream: 'r', type: 't' }, 'bad.dead']), context)
    fragment.push(numbered(0, 2))
    assert.equal(outside.appended, [0, 1].map(n => ['r', { n, error: 'too large', errorCode: 'TOO_LARGE', errorStep: 'bad' }])) // prettier-ignore
    assert.equal(fragment.counters.get('bad'), { in: 2, out: 0, late: 0, suspect: 0, dead: 2 })
  })

test('a letter names the input its row came by, its time and key; a step takes it again from there', async () => {
  const outside = new Outside()
  const plan = planOf(['a', 'changing', {}, 'log.main'], ['b', 'changing', {}, 'log.main', 'a.main'])
  const fragment = await build(plan, outside)
  fragment.push({ ...numbered(0, 3), key: ['n'], eventTime: Float64Array.of(5, 6, 7), watermark: Float64Array.of(1, 1, 1) })
  const [first] = outside.deadRows.filter(({ step }) => step === 'b')
  assert.equal([first?.input, first?.port, first?.eventTime, first?.key, first?.row], [0, 'main', 5, ['n'], { n: 0 }])
  // A third input of b there is not, nor a step c.
  for (const replay of [{ step: 'b', input: 2 }, { step: 'c', input: 0 }]) fragment.push({ ...numbered(7, 1), replay }) // prettier-ignore
  assert.equal(outside.deadRows.slice(-2).map(({ step, code, row }) => [step, code, row]), [
    ['b', 'NOT_FOUND', { n: 7 }],
    ['c', 'NOT_FOUND', { n: 7 }],
  ]) // prettier-ignore
  fragment.push({ ...numbered(9, 1), replay: { step: 'b', input: 1 } })
  assert.equal([outside.deadRows.at(-1)?.step, outside.deadRows.at(-1)?.input], ['b', 1])
  assert.is(fragment.counters.get('a')?.in, 3)
})

test('what is thrown and can not be shown is a cause all the same', async () => {
  const thrown: unknown[] = [undefined, Symbol('s'), Object.create(null), { toString: 5 }, new Proxy({}, { getPrototypeOf: () => null })]
  const outside = new Outside({
    '#f': ({ n }: { n: number }) => {
      throw thrown[n]
    },
  })
  const fragment = await build(planOf(['x', 'filter', { where: '#f' }, 'log.main']), outside)
  fragment.push(numbered(0, thrown.length))
  assert.equal(outside.deadRows.map(({ cause }) => typeof cause), thrown.map(() => 'string')) // prettier-ignore
})

const deployed = { topology: 't', deployment: 7 }
const letterOf = (row: object): { replayable: boolean; row: unknown } =>
  deadLetters(deployed, { step: 's', cause: 'c', order: 1, row: { ...row }, attempts: 1, input: 0 }, undefined)[0]!.data

test('JSON is kept as it is, whatever its names, and comes back', () => {
  const property = fc.property(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 4 })), given => {
    const row = JSON.parse(JSON.stringify(given)) as object
    const letter = letterOf(row)
    assert.ok(letter.replayable)
    const sent = JSON.parse(JSON.stringify(replayOf(letter as never, 3, letter.row as never))) as unknown
    const back = readReplay(sent, 7)
    assert.equal(Object.entries(back?.row ?? {}), Object.entries(row))
    assert.is(readReplay(sent, 8), undefined)
  })
  fc.assert(property, { seed: 4 })
  assert.equal(Object.keys(letterOf(JSON.parse('{"__proto__":{"a":1},"constructor":2}') as object).row as object), [
    '__proto__',
    'constructor',
  ])
})

test('what is no JSON is replaced by something to read, and can not be replayed', () => {
  const cyclic: Record<string, unknown> = { a: 1 }
  cyclic['self'] = cyclic
  const broad = Array.from({ length: 40 }).reduce<unknown>(inner => [inner, inner], 0)
  const deep = JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) as unknown
  const hostile = {
    get a(): never {
      throw new Error('no')
    },
  }
  const odd = [
    NaN,
    -Infinity,
    10n,
    undefined,
    Symbol('x'),
    () => 1,
    new Uint8Array([1]),
    new Date(5),
    new Date(NaN),
    new Map(),
    cyclic,
    broad,
    deep,
    hostile,
  ]
  for (const value of odd) {
    const { value: plain, isExact } = plainOf(value)
    assert.not(isExact, String(typeof value))
    assert.type(JSON.stringify(plain), 'string')
    assert.not(letterOf({ value: [value] }).replayable)
  }
  assert.equal(plainOf([10n, new Date(5), new Uint8Array([1]), NaN]).value, ['10', '1970-01-01T00:00:00.005Z', { $bytes: 'AQ==' }, 'NaN'])
  assert.equal(plainOf({ a: undefined, b: [null] }), { value: { b: [null] }, isExact: true })
})

test('a letter that no step was given has no way back', () => {
  const [letter] = deadLetters(deployed, { step: 'log', cause: 'c', order: 1, row: {}, attempts: 1 }, undefined)
  assert.not(letter!.data.replayable)
})

test('a step that throws for every row stops nobody, and its letters do not pile up: epochs end early', async () => {
  const log = new StandInLog()
  const count = 10_000
  for (let n = 0; n < count; n++) log.add({ n })
  const store = new StandInStore()
  const inner = new StateWriter(store)
  const sizes: number[] = []
  const writer: EpochWriter = {
    begin: (topology, incarnation) => inner.begin(topology, incarnation),
    drop: topology => inner.drop(topology),
    write(epoch) {
      sizes.push(epoch.bytes.length)
      return inner.write(epoch)
    },
  }
  const branches = planOf(
    ['never', 'filter', { where: '#never' }, 'log.main'],
    ['none', 'append', { stream: 'none', type: 't' }, 'never.main'],
    ['all', 'total', { aggregate: { n: { aggregate: 'count' } } }, 'log.main'],
    ['out', 'append', { stream: 'out', type: 't' }, 'all.main'],
  )
  const never = (): never => {
    throw new Error('never')
  }
  const limits = limitsWith({ dirtyBytes: 400_000 })
  const options = { writer, limits, createFragment, resolve: () => Promise.resolve(never), epochMs: 1_000_000_000 }
  const actor = await startPipeline(
    { store, log },
    { ...options, plan: { ...branches, topology: 'counts' }, pageRows: 64, upTo: stampAt(count - 1) },
  )
  assert.is((await actor.done).status, 'ended')
  const into = (stream: string): unknown[] => log.outputs.flatMap(output => (output.stream === stream ? [output.data] : []))
  assert.equal(into('out'), [{ n: count }])
  assert.is(into('$dead-letter-counts').length, count)
  assert.equal(actor.counters['never'], [count, 0, 0, 0, count])
  assert.ok(sizes.length > 10, `${sizes.length} epochs`)
  assert.ok(Math.max(...sizes) < limits.dirtyBytes, `${Math.max(...sizes)} bytes`)
})

test.run()
