/** Spans of values in JSON text are those that a parser finds, whatever stands in the texts. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { elementsOf, membersOf } from '../../client/json-span.ts'

const value = fc.oneof(fc.jsonValue(), fc.constantFrom('"', '\\', '\\"', '}', ']', ',', ':', '{"a":[1', '\u2028', '\ud800'))
const indent = fc.constantFrom(undefined, 1, '\t', '\r\n ')
const object = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('data', '"', '\\', '__proto__', 'a\\"b')), value)

test('members of an object', () => {
  fc.assert(
    fc.property(object, indent, (given, space) => {
      const text = ` ${JSON.stringify(given, null, space)} `
      const members = membersOf(text)
      const found = [...members].map(([name, { start, end }]) => [name, JSON.parse(text.slice(start, end)) as unknown])
      assert.equal(found, Object.entries(JSON.parse(text) as object))
    }),
  )
})

test('elements of an array', () => {
  fc.assert(
    fc.property(fc.array(value), indent, (given, space) => {
      const text = JSON.stringify({ list: given }, null, space)
      const found = [...elementsOf(text, membersOf(text).get('list')!)].map(
        ({ start, end }) => JSON.parse(text.slice(start, end)) as unknown,
      )
      assert.equal(found, (JSON.parse(text) as { list: unknown[] }).list)
    }),
  )
})

test('the text between is as it stands: numbers, blanks, names that come twice', () => {
  const text = String.raw`{"a":1, "data" : { "n": 1.50, "big":12345678901234567890, "n":2, "s":"\u00e9\\" } ,"b":-0.0e+5 }`
  const members = membersOf(text)
  const textOf = (name: string): string => text.slice(members.get(name)!.start, members.get(name)!.end)
  assert.is(textOf('data'), String.raw`{ "n": 1.50, "big":12345678901234567890, "n":2, "s":"\u00e9\\" }`)
  assert.is(textOf('b'), '-0.0e+5')
})

test.run()
