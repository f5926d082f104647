/** `parse` against the contract, with what is malformed, too deep, or made to harm. */
import * as fc from 'fast-check'
import { Packr } from 'msgpackr'
import * as assert from 'uvu/assert'
import { packBytes } from '../../event/payload.ts'
import { valueAt } from '../../operators/columns.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import { parse, type ParseOptions } from '../../operators/parse.ts'
import { runOperator } from '../contract/operator-run.ts'
import { operatorContract } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'
import { pageOfRows, sendPage } from './keys.ts'
import { anyValue, sameInOtherPages } from './selected.ts'

const isObject = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)
const readOr = (text: unknown): unknown => {
  try {
    return typeof text === 'string' ? (JSON.parse(text) as unknown) : undefined
  } catch {
    return undefined
  }
}
const texts = fc.oneof(
  anyValue.map(value => JSON.stringify(value)),
  fc.record({ a: anyValue, c: anyValue }).map(value => JSON.stringify(value)),
  fc.constantFrom('{', '', ' {} ', 'nul', '"\\ud800"', '{"a":1}}', 7, true, null),
)
const named: ParseOptions = { field: 't', columns: ['a', 'c'] }

const test = operatorContract(parse, {
  poison: { topic: 'x', message: '[' },
  twin: {
    input: withBarriers(fc.record({ t: texts, a: fc.integer() })),
    options: fc.constantFrom<Readonly<Record<string, unknown>>>({ ...named }, { field: 't', into: 'a' }, { field: 't', into: 't' }),
    answer: (rows, { into }) => {
      const whole = (row: Row): unknown => (row['t'] === null ? null : readOr(row['t']))
      const fits = (row: Row): boolean => row['t'] === null || (into === undefined ? isObject(whole(row)) : whole(row) !== undefined)
      const picked = (value: unknown, name: string): unknown => (isObject(value) ? (value[name] ?? null) : null)
      const made = ({ a }: Row, value: unknown): Row =>
        into === undefined ? { a: picked(value, 'a'), c: picked(value, 'c') } : { a, [into as string]: value }
      return {
        ports: { main: rows.filter(fits).map(row => made(row, whole(row))) },
        dead: [...rows.entries()].flatMap(([order, row]) => (fits(row) ? [] : [order])),
      }
    },
    numRuns: 200,
  },
})

const objects = fc.record({ a: anyValue, c: anyValue, t: anyValue }, { requiredKeys: [] }).map(value => JSON.stringify(value))
sameInOtherPages(test, parse, {
  options: fc.constantFrom({ field: 't' }, { ...named }, { field: 't', into: 'c' }, { field: 't', as: 'csv', columns: ['a', 'd'] }),
  input: withBarriers(fc.record({ t: fc.oneof(objects, texts, fc.constantFrom('x,y', '"x,y",')), a: anyValue }, { requiredKeys: [] })),
})

async function read(
  options: Omit<ParseOptions, 'field'>,
  ...values: unknown[]
): Promise<{ main: readonly Row[]; dead: readonly number[] }> {
  const input = values.map(t => ({ t }))
  const { ports, dead } = await runOperator(parse, { options: { field: 't', ...options }, input, pageRows: 4096 })
  return { main: ports['main'] ?? [], dead }
}

test('a field that one object lacks keeps what the row had, whatever its neighbours have', async () => {
  const input = [
    { t: '{"a":null}', a: 1 },
    { t: '{"b":2}', a: 3 },
  ]
  const { ports } = await runOperator(parse, { options: { field: 't' }, input, pageRows: 4096 })
  assert.equal(ports['main'], [
    { a: null, b: null },
    { a: 3, b: 2 },
  ])
})

test('CSV is one row of texts', async () => {
  const options = { as: 'csv', columns: ['a', 'b'] } as const
  assert.equal(await read(options, '1,x', '"a ""b"", c"," "\r\n', ',', Buffer.from('é,\u{1f6eb}')), {
    main: [
      { a: '1', b: 'x' },
      { a: 'a "b", c', b: ' ' },
      { a: '', b: '' },
      { a: 'é', b: '\u{1f6eb}' },
    ],
    dead: [],
  })
  assert.equal(
    (await read(options, '1', '1,2,3', '1,2\n3,4', '"1,2', '', 7, { a: 1 }, Buffer.from([0xff, 44]))).dead,
    [0, 1, 2, 3, 4, 5, 6, 7],
  )
  assert.equal(await read({ as: 'csv', columns: ['a'], into: 'row' }, '', '1'), {
    main: [{ row: { a: '' } }, { row: { a: '1' } }],
    dead: [],
  })
})

test('MessagePack is read from bytes and from what stands for them in JSON, as plain data', async () => {
  const value = { n: 1.5, deep: [{ x: null }], b: Uint8Array.of(1, 2) }
  const packed = packBytes(value)
  const { main, dead } = await read(
    { as: 'msgpack', into: 'v' },
    packed,
    { $bytes: Buffer.from(packed).toString('base64') },
    { $bytes: '!' },
    'x',
    [1],
  )
  assert.equal(
    [main, dead],
    [
      [{ v: value }, { v: value }],
      [2, 3, 4],
    ],
  )
  const more = packBytes({ big: 2n ** 60n, whole: 5n, when: new Date(1500), map: new Map([['k', 1]]), set: new Set([2]) })
  assert.equal((await read({ as: 'msgpack' }, more)).main, [{ big: '1152921504606846976', whole: 5, when: 1500, map: { k: 1 }, set: [2] }])
})

const odd = new Packr({ moreTypes: true })

test('bytes cut short, with more behind them, or with what is no data are dead letters', async () => {
  const packed = packBytes({ name: 'a longer text than sixteen characters', list: [1, 2, 300, 70_000, 1.5] })
  const cuts = Array.from({ length: packed.length }, (_, length) => packed.subarray(0, length))
  const { main, dead } = await read(
    { as: 'msgpack' },
    ...cuts,
    Buffer.concat([packed, Buffer.of(1)]),
    odd.pack({ r: /x/ }),
    odd.pack({ e: new Error('x') }),
  )
  assert.equal([main, dead.length], [[], cuts.length + 3])
})

test('bytes that refer to themselves are refused and not unfolded', async () => {
  // Extension 105 names a value, 112 stands for it: a list that holds itself.
  const circle = Buffer.from([0xd6, 0x69, 0, 0, 0, 1, 0x91, 0xd6, 0x70, 0, 0, 0, 1])
  assert.equal((await read({ as: 'msgpack', into: 'v' }, circle)).dead, [0])
})

test('random bytes never break the step', async () => {
  const property = fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 }), async list => {
    for (const options of [{ as: 'msgpack' }, { as: 'msgpack', into: 'v' }, { as: 'json' }, { as: 'csv', columns: ['a'] }] as const) {
      const { main, dead } = await read(options, ...list)
      assert.is(main.length + dead.length, list.length)
    }
  })
  await fc.assert(property, { seed: 5, numRuns: 200 })
})

test('what is nested deeper than an event may be is a dead letter', async () => {
  const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)
  assert.equal((await read({ into: 'v' }, nested(64), nested(65), nested(100_000))).dead, [1, 2])
  let deep: unknown = 0
  for (let i = 0; i < 65; i++) deep = [deep]
  assert.equal((await read({ as: 'msgpack', into: 'v' }, packBytes(deep))).dead, [0])
})

test('fields named as what objects inherit are data', async () => {
  const text = '{"__proto__":{"polluted":true},"constructor":1,"toString":null}'
  const { pages } = await sendPage(parse, { field: 't' }, pageOfRows([{ t: text }]))
  const columns = pages[0]?.columns ?? new Map()
  assert.equal([...columns.keys()], ['__proto__', 'constructor', 'toString'])
  assert.equal(valueAt(columns.get('__proto__'), 0), { polluted: true })
  assert.is(({} as { polluted?: true }).polluted, undefined)
  const picked = await sendPage(parse, { field: 't', columns: ['valueOf', 'constructor'] }, pageOfRows([{ t: text }]))
  assert.equal(
    Array.from(picked.pages[0]?.columns ?? [], ([name, column]) => [name, valueAt(column, 0)]),
    [
      ['valueOf', null],
      ['constructor', 1],
    ],
  )
})

test('the reason names the column and says what is wrong', async () => {
  const { reasons } = await sendPage(parse, { field: 't' }, pageOfRows([{ t: '{"a":' }, { t: '[1]' }, { t: 7 }]))
  assert.is(reasons.length, 3)
  for (const reason of reasons) assert.match(reason, /^can not read t: ./)
})

const input = { ...anyRow, fields: { t: 'text', n: 'number' }, isOpen: false, key: ['n'] } as const
const typed = (options: Omit<ParseOptions, 'field'>): unknown => parse.types?.({ field: 't', ...options }, input, () => undefined)['main']

test('types are known as far as the options say them', () => {
  assert.equal(typed({}), { ...input, fields: {}, isOpen: true })
  assert.equal(typed({ into: 'v' }), { ...input, fields: { n: 'number', v: 'any' } })
  assert.equal(typed({ columns: ['n', 'm'] }), { ...input, fields: { n: 'any', m: 'any' } })
  assert.equal(typed({ as: 'csv', columns: ['m'] }), { ...input, fields: { n: 'number', m: 'text' } })
  assert.throws(
    () => typed({ as: 'csv' }),
    (error: { code: string }) => error.code === 'INVALID',
  )
})

test('what it makes need not come in, when that is known', () => {
  const needs = (options: Omit<ParseOptions, 'field'>): unknown =>
    parse.needs(
      { field: 't', ...options },
      () => new Set(['n', 'm']),
      () => undefined,
    )
  assert.equal(
    [needs({}), needs({ into: 'm' }), needs({ columns: ['n', 'm'] })],
    [new Set(['n', 'm', 't']), new Set(['n', 't']), new Set(['t'])],
  )
})

test.run()
