/** What windows compute: expressions in place of columns, the columns read and made, and values that are hard to keep. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { anyRow, type RowType } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import type { ExampleFlow } from '../../operators/operator.ts'
import { countWindow } from '../../operators/countWindow.ts'
import { hop } from '../../operators/hop.ts'
import { session } from '../../operators/session.ts'
import { total } from '../../operators/total.ts'
import { tumble } from '../../operators/tumble.ts'
import { runOperator } from '../contract/operator-run.ts'

const functionOf = (): undefined => undefined
const input: RowType = {
  fields: { origin: 'text', gate: 'integer', price: 'number', at: 'timestamp', late: 'boolean', tags: 'text[]' },
  isOpen: false,
  key: ['origin'],
  isTimed: true,
}
const isInvalid = (error: { code?: unknown }): boolean => error.code === 'INVALID'

async function totalOf(
  rows: readonly Row[],
  aggregate: Readonly<Record<string, unknown>>,
  by?: readonly string[],
): Promise<{ rows: Row[]; dead: number[] }> {
  const flows: ExampleFlow[] = [...rows.slice(0, 2), 'barrier', ...rows.slice(2), 'barrier', 'end']
  const options = { aggregate, ...(by && { by }) }
  const [whole, cut] = await Promise.all([
    runOperator(total, { options, input: flows, pageRows: 4096 }),
    runOperator(total, { options, input: flows, pageRows: 1, restartAfter: [1, 2] }),
  ])
  assert.equal([cut.ports, cut.dead], [whole.ports, whole.dead])
  return { rows: whole.ports['main'] ?? [], dead: whole.dead }
}

test('an aggregate of an expression is that of its values, and a row for which it fails is given up alone', async () => {
  const rows = [
    { price: 2, quantity: 3 },
    { price: 5, quantity: 1 },
    { price: 7, quantity: 0 },
    { price: null, quantity: 4 },
  ]
  const { rows: found, dead } = await totalOf(rows, {
    rows: { aggregate: 'count' },
    sum: { aggregate: 'sum', of: 'price * quantity' },
    again: { aggregate: 'max', of: 'price * quantity' },
    unit: { aggregate: 'max', of: '10 / quantity' },
    priced: { aggregate: 'count', of: 'price + 1' },
    all: { aggregate: 'every', of: 'price > 2' },
    some: { aggregate: 'some', of: 'price > 2' },
    best: { aggregate: 'argMax', of: 'price * quantity' },
    kept: { aggregate: 'argMax', of: 'price * quantity', take: ['price'] },
    dearest: { aggregate: 'argMax', field: 'price' },
    list: { aggregate: 'collect', of: 'price * 2' },
  })
  assert.equal(dead, [2])
  assert.equal(found, [
    {
      rows: 3,
      sum: 11,
      again: 6,
      unit: 10,
      priced: 2,
      all: false,
      some: true,
      best: [{ price: 2, quantity: 3 }],
      kept: [{ price: 2 }],
      dearest: [{ price: 5, quantity: 1 }],
      list: [4, 10],
    },
  ])
})

test('an expression that gives what an aggregate can not take makes a dead letter of the row', async () => {
  const rows = [{ v: 3 }, { v: 'three' }, { v: null }]
  const { rows: found, dead } = await totalOf(rows, {
    sum: { aggregate: 'sum', of: 'case when true then v end' },
    n: { aggregate: 'count' },
  })
  assert.equal([found, dead], [[{ sum: 3, n: 2 }], [1]])
})

test('times as texts are compared as the times they are, and those beside them see the texts', async () => {
  const row: RowType = { ...anyRow, fields: { at: 'timestamp', 'the "time"': 'timestamp', n: 'integer' } }
  const rows = [
    { at: '2026-03-02T10:00:00+02:00', n: 1, 'the "time"': '2026-03-02' },
    { at: '2026-03-02T09:00:00', n: 2, 'the "time"': '2026-03-01' },
    { at: 'soon', n: 3 },
    { at: Date.UTC(2026, 2, 2, 8, 30), n: 4 },
    { at: null, n: 5 },
    { at: '02.03.2026', n: 6 },
  ]
  const aggregate = {
    from: { aggregate: 'min', field: 'at' },
    to: { aggregate: 'max', field: 'at' },
    named: { aggregate: 'max', field: 'the "time"' },
    middle: { aggregate: 'percentile', field: 'at', p: 0.5 },
    newest: { aggregate: 'argMax', field: 'at' },
    list: { aggregate: 'collect', field: 'at' },
    first: { aggregate: 'first', field: 'at' },
  }
  const options = { aggregate }
  const input: ExampleFlow[] = [...rows.slice(0, 2), 'barrier', ...rows.slice(2), 'barrier', 'end']
  const [whole, cut] = await Promise.all([
    runOperator(total, { options, input, row, pageRows: 4096 }),
    runOperator(total, { options, input, row, pageRows: 1, restartAfter: [1, 2] }),
  ])
  assert.equal([cut.ports, cut.dead], [whole.ports, whole.dead])
  assert.equal(whole.dead, [2, 5])
  assert.equal(whole.ports['main'], [
    {
      from: Date.UTC(2026, 2, 2, 8),
      to: Date.UTC(2026, 2, 2, 9),
      named: Date.UTC(2026, 2, 2),
      middle: Date.UTC(2026, 2, 2, 8, 30),
      newest: [rows[1]],
      list: ['2026-03-02T10:00:00+02:00', '2026-03-02T09:00:00', Date.UTC(2026, 2, 2, 8, 30)],
      first: '2026-03-02T10:00:00+02:00',
    },
  ])
})

test('the columns that an expression reads must come in, and those of a key that the step names', () => {
  const aggregate = { paid: { aggregate: 'sum', of: 'price * quantity' }, gates: { aggregate: 'countDistinct', field: 'gate' } }
  const late = (port: string): ReadonlySet<string> => new Set(port === 'late' ? ['at'] : ['paid'])
  const sorted = (fields: ReadonlySet<string>): string[] => [...fields].sort()
  assert.equal(sorted(total.needs({ aggregate }, late, functionOf)), ['gate', 'price', 'quantity'])
  assert.equal(sorted(tumble.needs({ size: 1, aggregate, by: ['origin'] }, late, functionOf)), [
    'at',
    'gate',
    'origin',
    'price',
    'quantity',
  ])
  assert.equal(sorted(countWindow.needs({ size: 1, aggregate, by: ['origin'] }, late, functionOf)), ['gate', 'origin', 'price', 'quantity'])
})

test('the columns that leave are the key, the bounds of the window, and results with their types', () => {
  const aggregate = {
    n: { aggregate: 'count' },
    paid: { aggregate: 'sum', of: 'price * gate' },
    last: { aggregate: 'last', field: 'at' },
    first: { aggregate: 'first', of: 'upper(origin)' },
    top: { aggregate: 'max', field: 'gate' },
    newest: { aggregate: 'max', field: 'at' },
    gates: { aggregate: 'collect', field: 'gate' },
    all: { aggregate: 'every', field: 'late' },
  }
  const results = {
    n: 'integer',
    paid: 'number',
    last: 'timestamp',
    first: 'text',
    top: 'integer',
    newest: 'timestamp',
    gates: 'integer[]',
    all: 'boolean',
  }
  const bounds = { windowStart: 'timestamp', windowEnd: 'timestamp' }
  const closed = { isOpen: false, key: [] }
  assert.equal(tumble.types?.({ size: 1, aggregate }, input, functionOf)['main'], {
    fields: { origin: 'text', ...bounds, ...results },
    ...closed,
    isTimed: true,
  })
  assert.equal(session.types?.({ gap: 1, aggregate, by: ['gate', 'late'] }, input, functionOf)['main'], {
    fields: { gate: 'integer', late: 'boolean', ...bounds, ...results },
    ...closed,
    isTimed: true,
  })
  const untimed = { ...input, isTimed: false }
  for (const isTimed of [true, false])
    assert.equal(countWindow.types?.({ size: 1, aggregate }, { ...untimed, isTimed }, functionOf)['main'], {
      fields: { origin: 'text', ...results },
      ...closed,
      isTimed,
    })
  assert.equal(total.types?.({ aggregate }, input, functionOf)['main'], {
    fields: { origin: 'text', ...results },
    ...closed,
    isTimed: false,
  })
})

test('names that are taken, and columns of a type that an aggregate can not take, are INVALID', () => {
  const count = { aggregate: 'count' }
  const wrong: readonly (() => unknown)[] = [
    () => tumble.types?.({ size: 1, aggregate: { windowEnd: count } }, input, functionOf),
    () => hop.types?.({ size: 2, every: 1, aggregate: { windowStart: count } }, input, functionOf),
    () => session.types?.({ gap: 1, aggregate: { origin: count } }, input, functionOf),
    () => countWindow.types?.({ size: 1, by: ['gate'], aggregate: { gate: count } }, input, functionOf),
    () => tumble.types?.({ size: 1, by: ['windowStart'], aggregate: { n: count } }, anyRow, functionOf),
    () => total.types?.({ aggregate: { n: { aggregate: 'sum', field: 'origin' } } }, input, functionOf),
    () => total.types?.({ aggregate: { n: { aggregate: 'sum', field: 'tags' } } }, input, functionOf),
    () => total.types?.({ aggregate: { n: { aggregate: 'sum', field: 'at' } } }, input, functionOf),
    () => total.types?.({ aggregate: { n: { aggregate: 'avg', field: 'at' } } }, input, functionOf),
    () => total.types?.({ aggregate: { n: { aggregate: 'mean', of: 'at' } } }, input, functionOf),
    () => total.types?.({ aggregate: { n: { aggregate: 'percentileCont', field: 'at', p: 0.5 } } }, input, functionOf),
    () => total.types?.({ aggregate: { n: { aggregate: 'max', of: "origin || 'x'" } } }, input, functionOf),
    () => total.types?.({ aggregate: { n: { aggregate: 'some', field: 'price' } } }, input, functionOf),
    () => total.types?.({ aggregate: { n: { aggregate: 'sum', of: 'price *' } } }, input, functionOf),
    () => total.types?.({ aggregate: { n: { aggregate: 'toString' } } }, input, functionOf),
    () => tumble.types?.({ size: 0, aggregate: { n: count } }, input, functionOf),
    () => session.types?.({ gap: 0, aggregate: { n: count } }, input, functionOf),
  ]
  for (const make of wrong) assert.throws(make, isInvalid, String(make))
})

test('total has no windows, so its key and results may be called as theirs are', async () => {
  const count = { aggregate: 'count' }
  const aggregate = { windowEnd: { aggregate: 'max', field: 'windowEnd' }, n: count }
  const row = total.types?.(
    { aggregate, by: ['windowStart'] },
    { ...input, fields: { windowStart: 'timestamp', windowEnd: 'timestamp' } },
    functionOf,
  )
  assert.equal(row?.['main']?.fields, { windowStart: 'timestamp', windowEnd: 'timestamp', n: 'integer' })
  const rows = [1, 2, 3].map(n => ({ windowStart: 0, windowEnd: n }))
  assert.equal((await totalOf(rows, aggregate, ['windowStart'])).rows, [{ windowStart: 0, windowEnd: 3, n: 3 }])
})

test('keys and values that JSON writes otherwise are taken as it writes them, and those it can not write are given up', async () => {
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  const aggregate = {
    n: { aggregate: 'count' },
    last: { aggregate: 'last', field: 'v' },
    kinds: { aggregate: 'countDistinct', field: 'v' },
    rows: { aggregate: 'argMax', field: 'n', take: ['v'] },
  }
  const rows = [
    { k: new Date(0), n: 1, v: new Date(5) },
    { k: '1970-01-01T00:00:00.000Z', n: 1, v: '1970-01-01T00:00:00.005Z' },
    { k: 'x', n: 1, v: 7n },
    { k: 'x', n: 1, v: circle },
    { k: 5n, n: 1, v: 1 },
    { k: 'x', n: 1, v: { a: undefined, b: [NaN] } },
    { k: 'x', n: 1, v: { b: [null] } },
    { k: '__proto__', n: 1, v: { toJSON: 1 } },
    { k: '\ud800', n: 1, v: '\udfff' },
    { k: '\ud801', n: 1, v: NaN },
  ]
  const { rows: found, dead } = await totalOf(rows, aggregate, ['k'])
  assert.equal(dead, [2, 3, 4])
  const at = (k: string): Row | undefined => found.find(row => row['k'] === k)
  assert.is(found.length, 5)
  assert.equal([at('1970-01-01T00:00:00.000Z')?.['n'], at('1970-01-01T00:00:00.000Z')?.['kinds']], [2, 1])
  assert.equal([at('x')?.['n'], at('x')?.['kinds'], at('x')?.['last']], [2, 1, { b: [null] }])
  assert.equal(at('__proto__')?.['last'], { toJSON: 1 })
  assert.is(at('\ud800')?.['last'], '\udfff')
})

test('results may have any name', async () => {
  const aggregate = JSON.parse('{"__proto__":{"aggregate":"count"},"constructor":{"aggregate":"sum","field":"n"}}') as Record<
    string,
    unknown
  >
  const fields = total.types?.({ aggregate: aggregate as never }, anyRow, functionOf)['main']?.fields
  assert.equal(Object.entries(fields ?? {}), [
    ['__proto__', 'integer'],
    ['constructor', 'number'],
  ])
})

test.run()
