/** What expressions give, by hand; each for one row as it is and for a page of it. */
import { deepStrictEqual } from 'node:assert/strict'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../../event/error.ts'
import { columnOf, valueAt } from '../../../operators/columns.ts'
import { evaluate, expressionOf, interpret, keepWhere } from '../../../operators/expressions/expression.ts'
import type { Page, Row } from '../../../operators/flow.ts'
import type { StepContext } from '../../../operators/operator.ts'
import { columnsOf, pageOf } from '../../../operators/page.ts'

const row: Row = {
  price: 2.5,
  count: 7,
  name: 'Ada',
  status: 'open',
  none: null,
  ok: true,
  at: '2024-02-29T12:00:00Z',
  ms: 1_709_208_000_000,
  customer: { address: { city: 'Bern', zip: '3000' }, tags: ['a', 'b'], __proto: 1 },
  lone: '\ud800',
  end: 5,
  'two words': 2,
  $stream: 'orders-1',
}

const context = (dead: unknown[]): StepContext =>
  ({ dead: (_: Page, __: number, error: unknown) => void dead.push(error) }) as unknown as StepContext

function answer(text: string): unknown {
  const expression = expressionOf(text)
  const dead: unknown[] = []
  const { column } = evaluate(expression)(pageOf([row], { order: new Float64Array(1) }), context(dead))
  try {
    const value = interpret(expression, row)
    deepStrictEqual(dead, [])
    deepStrictEqual(valueAt(column, 0), value)
    return value
  } catch (error) {
    if (!isEventStoreError(error, 'INVALID')) throw error
    assert.is((dead[0] as Error).message, error.message, text)
    assert.is(error.details['expression'], text)
    return 'fails'
  }
}

const values: readonly (readonly [text: string, value: unknown])[] = [
  ['price * 2 + 1', 6],
  ['count / 2', 3.5],
  ['count::integer / 2', 3],
  ['7 / 2', 3],
  ['price / 0', 'fails'],
  ['1e300 * 1e300', 'fails'],
  ['9007199254740991 + 1', 'fails'],
  ['price::integer', 2],
  ['name + 1', 'fails'],
  ['name || count', 'Ada7'],
  ["upper(name) || '!'", 'ADA!'],
  ['missing', null],
  ['missing + 1', null],
  ['none is null and missing is null', true],
  ['customer.address.city', 'Bern'],
  ["customer->'address'->>'city'", 'Bern'],
  ["customer['address']['city']", 'Bern'],
  ['customer.tags[0]', 'a'],
  ["customer #>> '{tags,1}'", 'b'],
  ['customer.nothing.there', null],
  ['customer.constructor', null],
  ['customer.__proto__', null],
  ['customer.tags.length', null],
  ['name.length', null],
  ['customer.address.zip::integer', 3000],
  ["customer.address.city = 'Bern'", true],
  ['customer.address > 5', 'fails'],
  ['customer.address = 5', 'fails'],
  ['customer.address = customer.tags', false],
  ['name = count', false],
  ['name < count', 'fails'],
  ['cardinality(customer.tags)', 2],
  ["'a' = any(customer.tags)", true],
  ["'z' = any(customer.tags)", false],
  ["at::timestamp + interval '1 hour'", 1_709_211_600_000],
  ["at > timestamp '2024-01-01'", true],
  ["at - interval '1 month'", 1_706_529_600_000],
  ['ms::timestamp::text', '2024-02-29 12:00:00'],
  ['extract(hour from at)', 12],
  ['to_timestamp(1709208000)', 1_709_208_000_000],
  ['at::timestamp::number', 1_709_208_000_000],
  ['name::timestamp', 'fails'],
  ['1e18::timestamp', 'fails'],
  ['lone = lone', true],
  ['length(lone)', 1],
  ['lone || lone', '\ud800\ud800'],
  ['lone < chr(57344)', true],
  ['upper(lone) = lower(lone)', true],
  ["'🛫' > chr(65535)", true],
  ["lone ~ '^.$'", true],
  ['octet_length(lone)', 3],
  ['"two words" + "end"', 7],
  ["$stream like 'orders-%'", true],
  ["case when ok then 'yes' end", 'yes'],
  ['case when price <> 0 then 1 / price end', 0.4],
  ['case when count = 0 then 1 / 0 else 5 end', 5],
  ['coalesce(price, 1 / 0)', 2.5],
  ['ok or 1 / 0 > 1', true],
  ['not ok and 1 / 0 > 1', false],
  ['1 / 0 > 1 or ok', 'fails'],
  ['ok in (true, false)', true],
  ["status in ('open', 'new')", true],
  ["status not in ('x', null)", null],
  ['repeat(name, 100000000)', 'fails'],
  ['lpad(name, 2000000000)', 'fails'],
  ["'[1, 2]'::json", [1, 2]],
  ["jsonb_build_object('__proto__', 1) ->> '__proto__'", '1'],
  ["array['a', null]", ['a', null]],
  ['round(price * 1.077, 2)', 2.69],
  ['-0.0 = 0', true],
  ['(-0.0)::text', '-0'],
  ['0::integer * -1', 0],
  ["'a' || null", null],
  ['customer::text', '{"tags": ["a", "b"], "__proto": 1, "address": {"zip": "3000", "city": "Bern"}}'],
  ['customer @> \'{"tags": ["b"]}\'', true],
  ["customer ? 'tags'", true],
  ['0', 0],
  ["''", ''],
  ['null', null],
]

test('values', () => {
  for (const [text, value] of values) deepStrictEqual(answer(text), value, text)
})

test('what an expression reads is known, and nothing else is looked at', () => {
  assert.equal([...expressionOf('price > 5 and customer.address.city = name').reads].sort(), ['customer', 'name', 'price'])
  assert.equal(expressionOf('1 + 1').reads, [])
  assert.equal(expressionOf('case when false then hidden end').reads, ['hidden'])
})

test('types of results', () => {
  const types = {
    '1': 'integer',
    '1.5': 'number',
    a: 'any',
    'a + 1': 'number',
    'a = 1': 'boolean',
    "a || 'x'": 'text',
    "a::timestamp + interval '1 day'": 'timestamp',
    'array[1]': 'integer[]',
    "a -> 'b'": 'json',
    "a ->> 'b'": 'text',
    'a.b': 'any',
    null: 'any',
    'length(a)': 'integer',
    'coalesce(a, 1)': 'number',
    "case when a then 'x' end": 'text',
  } as const
  for (const [text, type] of Object.entries(types)) assert.is(expressionOf(text).type, type, text)
})

test('results are columns of the narrowest kind', () => {
  const page = pageOf([row, { ...row, price: null, name: 'Bo' }], { order: Float64Array.of(0, 1) })
  const kind = (text: string): string => evaluate(expressionOf(text))(page, context([])).column.kind
  assert.is(kind('price * 2'), 'number')
  assert.is(kind('name'), 'text')
  assert.is(kind("name || 'x'"), 'text')
  assert.is(kind('price > 1'), 'boolean')
  assert.is(kind('customer.address.city'), 'text')
  assert.is(kind('customer'), 'value')
  assert.is(kind('array[name]'), 'value')
  assert.is(kind('missing'), 'value')
})

test('a column that is taken as it is is not copied', () => {
  const page = pageOf([row], { order: new Float64Array(1) })
  for (const name of ['price', 'name', 'customer', 'ok'])
    assert.is(evaluate(expressionOf(name))(page, context([])).column, page.columns.get(name))
})

test('rows that fail are given up and the others go on; the message names the column', () => {
  const rows = [{ a: 1 }, { a: 'x' }, { a: null }, { a: 4 }, { a: true }]
  const page = pageOf(rows, { order: Float64Array.from(rows, (_, index) => index) })
  const dead: unknown[] = []
  const { column, page: fitting } = evaluate(expressionOf('a * 2'))(page, context(dead))
  assert.equal(Array.from(fitting.selection ?? []), [0, 2, 3])
  assert.equal(
    [0, 2, 3].map(at => valueAt(column, at)),
    [2, null, 8],
  )
  assert.is(dead.length, 2)
  for (const error of dead) assert.ok(isEventStoreError(error, 'INVALID') && /\ba\b/.test(error.message))
  const kept = keepWhere(expressionOf('a > 1', undefined, 'boolean'))(page, context([]))
  assert.equal(Array.from(kept.selection ?? []), [3])
})

test('a step whose every row fails gives an empty page, and empty pages are fine', () => {
  const page = pageOf([{ a: 'x' }, { a: 'y' }], { order: Float64Array.of(0, 1) })
  assert.equal(evaluate(expressionOf('a + 1'))(page, context([])).page.selection, new Int32Array(0))
  const empty = pageOf([], { order: new Float64Array(0) })
  assert.is(evaluate(expressionOf('a + 1'))(empty, context([])).page.count, 0)
  assert.is(keepWhere(expressionOf('a > 1', undefined, 'boolean'))(empty, context([])).count, 0)
})

test('a dictionary that grows is looked up anew', () => {
  const dictionaries = new Map()
  const run = evaluate(expressionOf('upper(a)'))
  const test2 = keepWhere(expressionOf("a like 'x%'", undefined, 'boolean'))
  for (let round = 0; round < 50; round++) {
    const rows = Array.from({ length: 7 }, (_, index) => ({ a: index === 3 ? null : `${index % 2 === 0 ? 'x' : 'y'}${round * index}` }))
    const page: Page = {
      ...pageOf([], { order: Float64Array.from(rows, (_, index) => index) }),
      count: rows.length,
      columns: columnsOf(rows, dictionaries),
    }
    const { column } = run(page, context([]))
    assert.equal(
      rows.map((_, index) => valueAt(column, index)),
      rows.map(({ a }) => a?.toUpperCase() ?? null),
    )
    assert.equal(Array.from(test2(page, context([])).selection ?? []), [0, 2, 4, 6])
  }
})

test('values that are deep or no JSON fail alone', () => {
  let deep: unknown = 1
  for (let depth = 0; depth < 50_000; depth++) deep = [deep]
  const rows = [
    { a: deep, b: 1 },
    { a: 10n, b: 1 },
    { a: new Uint8Array(3), b: 1 },
    { a: [1], b: 1 },
  ]
  const page: Page = {
    ...pageOf([], { order: Float64Array.from(rows, (_, index) => index) }),
    count: 4,
    columns: new Map([['a', columnOf(rows.map(({ a }) => a))]]),
  }
  const dead: unknown[] = []
  const { page: fitting } = evaluate(expressionOf('a::text'))(page, context(dead))
  assert.equal(Array.from(fitting.selection ?? []), [3])
  assert.ok(dead.every(error => isEventStoreError(error, 'INVALID')))
})

test('what was not made by expressionOf is no expression', () => {
  assert.throws(() => evaluate({ text: 'a', type: 'any', reads: ['a'] }))
  assert.throws(() => keepWhere(expressionOf('1')))
})

test.run()
