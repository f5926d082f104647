/** The field reader against JSON.parse: whatever JSON.parse says of a payload, the columns say too. */
import fc from 'fast-check'
import { pack } from 'msgpackr'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { FieldColumn } from '../../store/log/field.ts'
import { FieldReader } from '../../store/log/fields.ts'

const NAMES = ['a', 'delay', 'Ünï', '']

function cellOf(column: FieldColumn, row: number): unknown {
  if (column.kind === 'number') return column.nulls?.[row] ? null : column.values[row]
  if (column.kind === 'text') return column.codes[row]! < 0 ? null : column.dictionary[column.codes[row]!]
  if (column.kind === 'boolean') return column.values[row] === 2 ? null : column.values[row] === 1
  return column.values[row]
}

/** What the reader makes of one page of texts: a row each, `undefined` for a malformed one. */
function readAll(
  texts: readonly (string | Uint8Array)[],
  reader = new FieldReader(NAMES),
): { rows: (Record<string, unknown> | undefined)[]; columns: Map<string, FieldColumn> } {
  const payloads = texts.map(text => (typeof text === 'string' ? Buffer.from(text) : text))
  const region = Buffer.concat([Buffer.from('}"'), ...payloads, Buffer.from('1}"')])
  reader.begin(payloads.length)
  let start = 2
  const fine = payloads.map((payload, row) => {
    const isFine = reader.json(region, start, start + payload.length, row)
    start += payload.length
    return isFine
  })
  const columns = reader.columns()
  const rows = fine.map((isFine, row) =>
    isFine ? Object.fromEntries(NAMES.map(name => [name, cellOf(columns.get(name)!, row)])) : undefined,
  )
  return { rows, columns }
}

function expected(text: string | Uint8Array): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(Buffer.from(text as string).toString())
    const has = typeof value === 'object' && value !== null && !Array.isArray(value)
    return Object.fromEntries(
      NAMES.map(name => [name, has && Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : null]),
    )
  } catch {
    return undefined
  }
}

function check(texts: readonly (string | Uint8Array)[]): void {
  const { rows } = readAll(texts)
  texts.forEach((text, row) => {
    const want = expected(text)
    assert.equal(rows[row], want, `row ${row}: ${String(text)}`)
    if (want !== undefined)
      for (const name of NAMES)
        assert.ok(Object.is(rows[row]![name], want[name]) || typeof want[name] === 'object', `${name} of ${String(text)}`)
  })
}

test('says what JSON.parse says of the corners', () => {
  check([
    '{}',
    ' { } ',
    '{"a":1}',
    '{"a":-0}',
    '{"a":0}',
    '{"a":01}',
    '{"a":1.}',
    '{"a":.5}',
    '{"a":1e5}',
    '{"a":1E+5}',
    '{"a":1e}',
    '{"a":-}',
    '{"a":--1}',
    '{"a":+1}',
    '{"a":12345678901234567890}',
    '{"a":0.1}',
    '{"a":123456789.123456789}',
    '{"a":1e400}',
    '{"a":5e-324}',
    '{"a":0.000000000000001}',
    '{"a":9007199254740993}',
    '{"a":"x"}',
    '{"a":""}',
    '{"a":"\\u0041\\n"}',
    '{"a":"\\ud83d\\ude00"}',
    '{"a":"\\ud800"}',
    '{"a":"\\x"}',
    '{"a":"\\u12g4"}',
    '{"a":"\\',
    '{"a":"tab\t"}',
    '{"a":"é😀"}',
    '{"a":"}{\\"]["}',
    '{"\\u0061":7}',
    '{"a":1,"a":2}',
    '{"a":1,"a":null}',
    '{"a":"x","a":3}',
    '{"a":true}',
    '{"a":false}',
    '{"a":null}',
    '{"a":tru}',
    '{"a":nul',
    '{"a":falsey}',
    '{"a":[1,{"b":"]"}]}',
    '{"a":{"a":1}}',
    '{"x":{"a":1},"delay":2}',
    '{"a":[1,]}',
    '{"a":{,}}',
    '{"a":1,}',
    '{,"a":1}',
    '{"a" : 1 , "delay"\t:\r\n2 }',
    '{"a":1} x',
    '{"a":1}}',
    '{"a":1',
    '[]',
    '[1,2]',
    '3',
    '"a"',
    'null',
    '',
    ' ',
    'nope',
    '\ufeff{"a":1}',
    '{"Ünï":"ö"}',
    '{"":5}',
    '{a:1}',
    "{'a':1}",
    '{"a":1 "delay":2}',
    '{"a"1}',
    '{"delax":1}',
    '{"__proto__":1,"a":2}',
  ])
})

test('says what JSON.parse says of random objects, spelled in random ways', () => {
  const key = fc.oneof(fc.constantFrom(...NAMES), fc.string({ unit: 'binary', maxLength: 4 }))
  const spaced = fc.constantFrom('', ' ', '\n\t')
  const text = fc
    .tuple(fc.array(fc.tuple(key, fc.jsonValue({ maxDepth: 3 }), fc.boolean()), { maxLength: 6 }), spaced)
    .map(([members, space]) => {
      const member = (name: string, value: unknown, isEscaped: boolean): string =>
        [space, spell(name, isEscaped), space, ':', space, spell(value, isEscaped), space].join('')
      return `${space}{${members.map(([name, value, isEscaped]) => member(name, value, isEscaped)).join(',')}}${space}`
    })
  fc.assert(fc.property(fc.array(text, { minLength: 1, maxLength: 8 }), check), { seed: 4, numRuns: 300 })
})

test('calls a damaged text malformed exactly when JSON.parse does', () => {
  const text = fc
    .record({ a: fc.jsonValue({ maxDepth: 2 }), delay: fc.double(), Ünï: fc.string({ unit: 'grapheme' }) })
    .map(value => Buffer.from(JSON.stringify(value)))
  const damaged = fc.tuple(text, fc.nat(), fc.nat(255), fc.boolean()).map(([bytes, at, byte, isCut]) => {
    const place = at % bytes.length
    const copy = Buffer.from(isCut ? bytes.subarray(0, place) : bytes)
    if (!isCut) copy[place] = byte
    return copy
  })
  fc.assert(fc.property(fc.array(damaged, { minLength: 1, maxLength: 6 }), check), { seed: 4, numRuns: 500 })
})

test('reads doubles to the last bit', () => {
  const number = fc.oneof(
    fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    fc.bigInt().map(String),
    fc.tuple(fc.integer(), fc.nat({ max: 99_999_999 })).map(([whole, part]) => `${whole}.${part}`),
  )
  fc.assert(
    fc.property(fc.array(number, { minLength: 1, maxLength: 20 }), numbers => check(numbers.map(text => `{"a":${text}}`))),
    { seed: 4, numRuns: 300 },
  )
})

test('chooses the kind of a column by what its page holds', () => {
  const kindOf = (...values: string[]): string => readAll(values.map(value => `{"a":${value}}`)).columns.get('a')!.kind
  assert.is(kindOf('1', 'null', '2'), 'number')
  assert.is(kindOf('"x"', 'null'), 'text')
  assert.is(kindOf('true', 'null', 'false'), 'boolean')
  assert.is(kindOf('1', '"x"'), 'value')
  assert.is(kindOf('[1]', 'null'), 'value')
  assert.is(kindOf('null', 'null'), 'value')
})

test('gives one text one code, however it is spelled, page after page', () => {
  const reader = new FieldReader(['a'])
  const codes = ['{"a":"JFK"}', '{"a":"\\u004aFK"}', '{"a":"LAX"}', '{"a":"JFK"}'].map(text => {
    reader.begin(1)
    assert.ok(reader.json(Buffer.from(text), 0, text.length, 0))
    const column = reader.columns().get('a')!
    assert.is(column.kind, 'text')
    return column.kind === 'text' ? [column.codes[0], column.dictionary[column.codes[0]!]] : []
  })
  assert.equal(codes, [[0, 'JFK'], [0, 'JFK'], [1, 'LAX'], [0, 'JFK']]) // prettier-ignore
})

test('keeps thousands of texts apart', () => {
  const texts = Array.from({ length: 5000 }, (_, row) => `{"a":"text ${row % 3000} ${'x'.repeat(row % 40)}"}`)
  check(texts)
})

test('reads nesting that is too deep for a stack of calls', () => {
  const deep = (open: string, close: string): string => `{"x":${open.repeat(5000)}1${close.repeat(5000)},"a":1}`
  check([deep('[', ']'), deep('{"b":', '}'), deep('[', '}'), deep('[{"c":', '}]')])
})

test('with * reads every field that a row of the page has', () => {
  const reader = new FieldReader(['*'])
  const texts = ['{"a":1,"b":"x"}', '{"b":"y","c":[1]}', '{"a":null,"d":null}']
  for (let page = 0; page < 2; page++) {
    reader.begin(texts.length)
    texts.forEach((text, row) => assert.ok(reader.json(Buffer.from(text), 0, text.length, row)))
    const columns = reader.columns()
    assert.equal([...columns.keys()], ['a', 'b', 'c'])
    const cells = texts.map((_, row) => [...columns.values()].map(column => cellOf(column, row)))
    assert.equal(cells, [[1, 'x', null], [null, 'y', [1]], [null, null, null]]) // prettier-ignore
  }
  const bytes = pack({ e: 5 })
  reader.begin(1)
  assert.ok(reader.msgpack(bytes, 0, bytes.length, 0))
  assert.equal([...reader.columns().keys()], ['e'])
})

test('reads MessagePack, and takes what is no object as without fields', () => {
  const reader = new FieldReader(['a', 'toString'])
  const rows = [{ a: 'x' }, { a: 3, b: 1 }, 'no object', [1], { a: { b: 1 } }].map(value => pack(value))
  reader.begin(rows.length + 1)
  for (const [row, bytes] of rows.entries()) assert.ok(reader.msgpack(bytes, 0, bytes.length, row))
  assert.not(reader.msgpack(Uint8Array.of(0x81, 0xa1), 0, 2, rows.length))
  const columns = reader.columns()
  assert.equal(
    rows.map((_, row) => cellOf(columns.get('a')!, row)),
    ['x', 3, null, null, { b: 1 }],
  )
  assert.is(cellOf(columns.get('toString')!, 0), null)
})

function spell(value: unknown, isEscaped: boolean): string {
  const text = JSON.stringify(value)
  return isEscaped
    ? text.replace(/[a-z]/g, (letter, at: number) =>
        /^"/.test(text) && text[at - 1] !== '\\' && !/\\u[0-9a-f]{0,3}$/.test(text.slice(0, at))
          ? `\\u00${letter.charCodeAt(0).toString(16)}`
          : letter,
      )
    : text
}

test.run()
