/** Spans of values in JSON text are those that were written, whatever stands in the texts. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { elementsOf, membersOf } from '../../client/json-span.ts'

const value = fc.oneof(fc.jsonValue(), fc.constantFrom('"', '\\', '\\"', '}', ']', ',', ':', '{"a":[1', '\u2028', '\ud800'))
const indent = fc.constantFrom('', ' ', '\t', '\r ')
const object = fc.dictionary(fc.oneof(fc.string(), fc.constantFrom('data', '"', '\\', '__proto__', 'a\\"b')), value)

/**
 * A value as it stands at some depth of a text. What was written is compared, and not what `JSON.parse` makes of it: V8 in Node 24 now and then takes
 * an escaped key for another one of the same length that it has seen at that place before.
 */
const written = (given: unknown, gap: string, depth: number): string =>
  JSON.stringify(given, null, gap).replaceAll('\n', `\n${gap.repeat(depth)}`)

test('members of an object', () => {
  fc.assert(
    fc.property(object, indent, (given, space) => {
      const text = ` ${JSON.stringify(given, null, space)} `
      const members = membersOf(text)
      const found = [...members].map(([name, { start, end }]) => [name, text.slice(start, end)])
      assert.equal(
        found,
        Object.entries(given).map(([name, one]) => [name, written(one, space, 1)]),
      )
    }),
  )
})

test('elements of an array', () => {
  fc.assert(
    fc.property(fc.array(value), indent, (given, space) => {
      const text = JSON.stringify({ list: given }, null, space)
      const found = [...elementsOf(text, membersOf(text).get('list')!)].map(({ start, end }) => text.slice(start, end))
      assert.equal(
        found,
        given.map(one => written(one, space, 2)),
      )
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
