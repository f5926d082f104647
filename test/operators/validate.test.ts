/** `validate` against the contract, with the reasons it gives and the schemas it refuses. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { rows } from '../../operators/functions.ts'
import { validate, type ValidateOptions } from '../../operators/validate.ts'
import { runOperator } from '../contract/operator-run.ts'
import { operatorContract } from '../contract/operator.ts'
import { pageOfRows, sendPage } from './keys.ts'
import { everyRow, sameInOtherPages } from './selected.ts'

const schema = { required: ['delay', 'a'], properties: { delay: { minimum: 0 }, a: { type: ['number', 'string'] } } }
const functions = { '#early': rows({ reads: ['delay'] }, ({ delay }) => (delay as number) < 30) }
const fits = ({ a, delay }: Row, { schema, where }: ValidateOptions): boolean => {
  const bySchema = schema === undefined || (delay !== null && (delay as number) >= 0 && ['number', 'string'].includes(typeof a))
  return bySchema && (where === undefined || ((where.startsWith('#') || delay !== null) && (delay as number) < 30))
}
const choices: readonly ValidateOptions[] = [{ schema }, { schema, where: '#early' }, { where: 'delay < 30', reason: '{delay}' }]
const options = fc.constantFrom(...choices.map(one => ({ ...one })))

const test = operatorContract(validate, {
  poison: { order: 'seven', price: 1 },
  twin: {
    input: everyRow,
    options,
    functions,
    answer: (list, chosen) => ({
      ports: { main: list.filter(row => fits(row, chosen)) },
      dead: [...list.entries()].flatMap(([order, row]) => (fits(row, chosen) ? [] : [order])),
    }),
    numRuns: 25,
  },
})

sameInOtherPages(test, validate, { options, functions, numRuns: 30 })

const reasons = async (given: ValidateOptions, ...list: readonly Row[]): Promise<readonly string[]> =>
  (await sendPage(validate, given, pageOfRows(list))).reasons

test('the reason says what is wrong and where', async () => {
  const order = { properties: { id: {}, items: { items: { properties: { price: { type: 'number' }, unit: { enum: ['kg', 'l'] } } } } } }
  assert.equal(
    await reasons(
      { schema: { ...order, required: ['id'], additionalProperties: false } },
      { items: [{ price: '1' }], id: 1 },
      { id: 1, z: 1, y: 1 },
      { b: 1 },
    ),
    ['/items/0/price must be number', 'the row must NOT have additional properties: "y"', "the row must have required property 'id'"],
  )
  assert.equal(await reasons({ schema: order, reason: 'order {id}' }, { id: 7, items: [{ unit: 'm' }] }), [
    'order 7: /items/0/unit must be equal to one of the allowed values: ["kg","l"]',
  ])
})

test('the reason of a condition is the condition, or what was given', async () => {
  assert.equal(await reasons({ where: "a <> '{}'" }, { a: '{}' }), ["not true: a <> '{}'"])
  assert.equal(await reasons({ where: 'a > 1', reason: 'a is {a}, b is {b}' }, { a: 1, b: 2 }, { a: 2, b: 2 }), ['a is 1, b is 2'])
})

test('a row is given up once, also where nothing of it fits', async () => {
  const { dead } = await runOperator(validate, {
    options: { schema: { required: ['b'] }, where: 'a > 1' },
    input: [{ a: 1 }, { a: 'x' }, { a: 1, b: 1 }, { a: 2, b: 1 }],
    pageRows: 4096,
  })
  assert.equal(dead, [0, 1, 2])
})

test('the envelope is no data, and null is missing', async () => {
  const closed = { additionalProperties: false, properties: { a: { type: 'number' } } }
  assert.equal(await reasons({ schema: closed }, { a: 1, $stream: 's', b: null }), [])
  assert.equal(await reasons({ schema: { ...closed, required: ['a'] } }, { a: null }), ["the row must have required property 'a'"])
})

test('what objects inherit is not there', async () => {
  assert.is((await reasons({ schema: { required: ['toString'] } }, { a: 1 })).length, 1)
  assert.equal(await reasons({ schema: { properties: { constructor: { type: 'number' } } } }, { a: 1 }), [])
  const row = JSON.parse('{"__proto__":{"b":1},"a":1}') as Row
  assert.equal(await reasons({ schema: { required: ['a'], not: { required: ['b'] } } }, row), [])
})

const file = (text: string): string => `data:application/json,${encodeURIComponent(text)}`
const code = (given: ValidateOptions): Promise<unknown> =>
  sendPage(validate, given, pageOfRows([])).then(
    () => 'none',
    (error: { code: unknown }) => error.code,
  )

test('a schema is read from a file beside the module', async () => {
  assert.is((await reasons({ schema: file('{"required":["b"]}') }, { a: 1 })).length, 1)
  assert.is((await reasons({ schema: '../../package.json' }, { a: 1 }).catch(() => [])).length, 0)
  assert.is(await code({ schema: true }), 'none')
  assert.is((await reasons({ schema: false }, { a: 1 })).length, 1)
})

test('a bad schema is INVALID when the step is made, and named', async () => {
  const bad: ValidateOptions[] = [
    ...[{ typ: 'object' }, { type: 'objekt' }, { minimum: 'x' }, { $ref: 'other.json' }, { pattern: '(' }, { $async: true }].map(one => ({
      schema: one,
    })),
    { schema: { $schema: 'http://json-schema.org/draft-07/schema#' } },
    { schema: { properties: JSON.parse('{"__proto__":{"type":"string"}}') as Row } },
    { schema: { $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } }, $ref: '#/$defs/a' } },
    { schema: 7 as never },
    { schema: [] as never },
    { schema: 'no-such-file.json' },
    { schema: file('{"type":') },
    { schema: file('null') },
    { schema: 'ftp://example.org/schema.json' },
    { schema: 'http://' },
  ]
  for (const given of bad) assert.is(await code(given), 'INVALID', JSON.stringify(given))
  const { message } = (await sendPage(validate, { schema: 'no-such-file.json' }, pageOfRows([])).catch((error: Error) => error)) as Error
  assert.match(message, 'no-such-file.json')
})

test('a schema that never ends for a row costs that row alone', async () => {
  const again = (name: string): object => ({ allOf: [{ $ref: `#/$defs/${name}` }] })
  const endless = { $defs: { a: again('b'), b: again('a') }, properties: { a: { $ref: '#/$defs/a' } } }
  const { pages, reasons: given } = await sendPage(validate, { schema: endless }, pageOfRows([{ b: 1 }, { a: 1 }]))
  assert.equal([pages[0]?.selection, given.length], [Int32Array.of(0), 1])
})

test('it needs a schema or a condition', async () => {
  assert.throws(
    () => validate.types?.({}, { fields: {}, isOpen: true, key: [], isTimed: false }, () => undefined),
    (error: { code: string }) => error.code === 'INVALID',
  )
  assert.is(await code({ reason: 'none' }), 'INVALID')
})

test('a schema sees all columns, a condition what it reads', () => {
  const needs = (given: ValidateOptions): unknown =>
    validate.needs(
      given,
      () => new Set(['x']),
      name => functions[name as '#early'],
    )
  assert.equal([needs({ schema }), needs({ where: '#early', reason: '{a}' })], [new Set(['x', '*']), new Set(['x', 'delay', 'a'])])
})

test.run()
