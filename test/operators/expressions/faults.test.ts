/** Expressions that are refused: the code, the place that is blamed, and a hint where one is owed. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../../event/error.ts'
import { expressionOf } from '../../../operators/expressions/expression.ts'
import { anyRow, type RowType, type ValueType } from '../../../operators/expressions/types.ts'

const closed: RowType = {
  fields: { amount: 'number', name: 'text', placed: 'timestamp', tags: 'json', ok: 'boolean' },
  isOpen: false,
  key: [],
  isTimed: false,
}

interface Fault {
  readonly at: readonly [offset: number, length: number]
  readonly message: string
}

function faultOf(text: string, row: RowType = anyRow, wanted?: ValueType): Fault {
  try {
    expressionOf(text, row, wanted)
  } catch (error) {
    if (!isEventStoreError(error, 'INVALID')) throw new Error(`not INVALID: ${String(error)}`, { cause: error })
    const { expression, offset, length } = error.details
    assert.type(expression, 'string')
    return { at: [offset as number, length as number], message: error.message }
  }
  throw new Error(`was not refused: ${text}`)
}

/** The part that is blamed, between the arrows. */
const marked: readonly (string | readonly [text: string, hint: RegExp])[] = [
  '⟶⟵',
  '   ⟶⟵',
  'a +⟶⟵',
  'a ⟶b⟵',
  '⟶(⟵a + 1',
  'a + 1⟶)⟵',
  'upper⟶(⟵a',
  'upper(a,⟶)⟵',
  ['a ⟶==⟵ 1', /=/],
  ['a ⟶&&⟵ b', /and/],
  ['⟶!⟵a', /not/],
  ['a ⟶!⟵ b', /<>/],
  'a < b ⟶<⟵ c',
  ['⟶case⟵ when a then b', /end/],
  'case when a ⟶b⟵ end',
  'case a ⟶else⟵ 1 end',
  ['a = ⟶null⟵', /is null/],
  ['⟶null⟵ <> a', /is not null/],
  ['case a when ⟶null⟵ then 1 end', /is null/],
  ["placed - ⟶'1d'⟵", /interval '1d'/],
  ["placed::timestamp - ⟶'1 day'⟵", /interval '1 day'/],
  ['a = ⟶"ok"⟵', /'ok'/],
  ['a in (1, ⟶"ok"⟵)', /'ok'/],
  ['case a when ⟶"ok"⟵ then 1 end', /'ok'/],
  ["⟶'abc⟵", /'/],
  '⟶"abc⟵',
  '⟶""⟵ = 1',
  '⟶/*⟵ a',
  ['⟶lenght⟵(a)', /length/],
  ['⟶toupper⟵(a)', /upper/],
  ['⟶now⟵()', /\$recorded|\$time/],
  '⟶random⟵()',
  ['⟶current_timestamp⟵', /\$time/],
  ['⟶$tim⟵ > 5', /\$time/],
  ['a::⟶integr⟵', /integer/],
  ['a::⟶date⟵', /date_trunc/],
  'a::text⟶(⟵5)',
  "⟶'abc'⟵::integer",
  "timestamp ⟶'2024-02-30'⟵",
  "interval ⟶'5 bananas'⟵",
  "⟶'y'⟵ = 5",
  "date_trunc(⟶'mnth'⟵, a)",
  'extract(⟶hour⟵, a)',
  'substring(a from⟶)⟵',
  '⟶upper(a, b)⟵',
  'upper(⟶5⟵)',
  '⟶9007199254740993⟵',
  '⟶1e400⟵',
  '⟶5x⟵',
  '⟶$1⟵ + 1',
  "a ~ '⟶(⟵b'",
  "a ~ 'it''s ⟶(⟵b'",
  "a ~ 'b⟶{⟵2'",
  "a ~ '⟶(⟵?=b)'",
  "a ~ '(b)⟶\\⟵1'",
  "a ~ 'b*⟶*⟵'",
  "a ~ '[⟶[⟵:alphx:]]'",
  'a ~ ⟶b⟵',
  "regexp_replace(a, 'b⟶*⟵?', 'c')",
  "a like ⟶'b\\'⟵",
  '⟶array[]⟵',
  '⟶array[array[1]]⟵',
  "⟶interval '1 day'⟵",
  'a = any(⟶5⟵)',
  'a ⟶as⟵ b',
  'a⟶,⟵ b',
  'a⟶;⟵',
  'a ? b ⟶:⟵ c',
  'a ⟶collate⟵ b',
  "case when a then 1 else ⟶'x'⟵ end",
  '⟶upper(name)⟵ + 1',
  '⟶{⟵a}',
  '⟶‘⟵a’',
  "⟶'a' + 'b'⟵",
]

for (const one of marked) {
  const [written, hint] = typeof one === 'string' ? [one, undefined] : one
  const text = written.replace('⟶', '').replace('⟵', '')
  test(`${written} is refused there`, () => {
    const offset = written.indexOf('⟶')
    const fault = faultOf(text)
    assert.equal(fault.at, [offset, written.indexOf('⟵') - 1 - offset], fault.message)
    if (hint !== undefined) assert.match(fault.message, hint)
  })
}

test('columns and types that are known are held to', () => {
  const cases: readonly (readonly [text: string, blamed: string, hint?: RegExp])[] = [
    ['amuont > 5', 'amuont', /amount/],
    ['name = "x"', '"x"', /'x'/],
    ['name + 1', 'name', /\|\||::number/],
    ['ok + 1', 'ok'],
    ['amount = name', 'name', /number/],
    ['upper(amount)', 'amount', /::text/],
    ['tags > 1', 'tags', /->>/],
    ['not amount', 'amount'],
    ['placed + 5', 'placed + 5', /interval/],
    ['placed > 5', '5'],
    ['ok and amount', 'amount'],
    ['case when ok then 1 else name end', 'name'],
    ['placed + placed', 'placed + placed'],
    ['amount.x', 'amount.x'],
    ['name[1]', 'name[1]'],
    ['placed::boolean', 'boolean'],
    ['amount::json::interval', 'interval'],
    ['coalesce(amount, name)', 'name'],
    ['name in (1, 2)', '1'],
  ]
  for (const [text, blamed, hint] of cases) {
    const { at, message } = faultOf(text, closed)
    assert.is(text.slice(at[0], at[0] + at[1]), blamed, `${text}: ${message}`)
    if (hint !== undefined) assert.match(message, hint)
  }
})

test('the type that is wanted is had, or refused', () => {
  assert.is(expressionOf('amount > 5', closed, 'boolean').type, 'boolean')
  assert.is(expressionOf('x', anyRow, 'boolean').type, 'boolean')
  assert.is(expressionOf("'2024-01-01'", anyRow, 'timestamp').type, 'timestamp')
  assert.is(expressionOf('null', anyRow, 'number').type, 'number')
  assert.is(expressionOf('1', anyRow, 'number').type, 'integer')
  assert.equal(faultOf('amount', closed, 'boolean').at, [0, 6])
  assert.equal(faultOf('amount', closed, 'text').at, [0, 6])
  assert.equal(faultOf('1.5', anyRow, 'integer').at, [0, 3])
})

test('what is too long, too deep or too large is refused without the end of the stack', () => {
  const deep = 100_000
  assert.ok(faultOf('a'.repeat(70_000)).message.length > 0)
  for (const text of [
    '('.repeat(30_000) + '1' + ')'.repeat(30_000),
    'not '.repeat(16_000) + 'a',
    '- '.repeat(32_000) + '1',
    '1'.padStart(65_000, '('),
    'abs('.repeat(16_000),
    'case when '.repeat(6000),
    '1 + '.repeat(16_000) + '1',
    'a.'.repeat(20_000) + 'a',
    'a' + '[0]'.repeat(20_000),
    'a' + '::text'.repeat(10_000),
    "'a' || ".repeat(9000) + "'a'",
    'array['.repeat(10_000),
    '/*'.repeat(30_000),
    'a in ('.repeat(10_000),
    'trim('.repeat(10_000),
    'substring(a from '.repeat(3000),
    `a ~ '${'('.repeat(30_000)}'`,
    `a ~ '${'(a'.repeat(15_000)}'`,
    'interval '.repeat(7000),
  ])
    faultOf(text)
  assert.throws(() => expressionOf('('.repeat(deep) + ')'.repeat(deep)), /characters/)
  const wide = Array.from({ length: 3000 }, (_, index) => `a = ${index}`).join(' or ')
  assert.equal(expressionOf(wide, anyRow, 'boolean').reads, ['a'])
})

test('names that objects have are no columns, functions or types', () => {
  for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty']) {
    assert.equal(faultOf(name, closed).at[0], 0)
    assert.equal(faultOf(`${name}(a)`).at, [0, name.length])
    faultOf(`a::${name}`)
    assert.equal(expressionOf(name).reads, [name])
  }
})

test.run()
