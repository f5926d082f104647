/** Stepping over JSON text and JSON.parse agree about every text, also about broken ones. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isJson } from '../../event/json-scan.ts'

const LEVELS = 5

/** How many arrays and objects lie in one another. */
function levelsOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(levelsOf))
}

function parsed(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

function agrees(text: string): void {
  const value = parsed(text)
  assert.is(isJson(Buffer.from(text), LEVELS), value !== undefined && levelsOf(value.value) <= LEVELS, text)
}

test('values of any depth, with white space or without', () => {
  const value = fc.jsonValue({ maxDepth: LEVELS + 2 })
  fc.assert(
    fc.property(value, fc.constantFrom(undefined, 1, '\t\r\n'), (any, space) => agrees(JSON.stringify(any, null, space))),
    { numRuns: 500 },
  )
})

test('texts of the pieces that JSON is made of, in any order', () => {
  const piece = fc.constantFrom(
    ...Array.from('{}[]:,"\\/ \n\u0001e+-.09atx'),
    '""',
    '"a"',
    '\\u00e9',
    '\\uD800',
    'é',
    'true',
    'false',
    'null',
    '1e5',
    '-0',
    '01',
    '\ufeff',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12, size: 'max' }), pieces => agrees(pieces.join(''))),
    { numRuns: 20_000 },
  )
})

test('a valid text with one piece changed', () => {
  const value = fc.jsonValue({ maxDepth: 3 }).map(any => JSON.stringify(any))
  const change = fc.record({
    at: fc.nat(),
    cut: fc.nat({ max: 2 }),
    put: fc.constantFrom('', '"', '\\', ',', ']', '}', '0', ' ', '\u0000'),
  })
  fc.assert(
    fc.property(value, change, (text, { at, cut, put }) => {
      const from = at % (text.length + 1)
      agrees(text.slice(0, from) + put + text.slice(from + cut))
    }),
    { numRuns: 5_000 },
  )
})

test('nesting is counted to the level and refused below it, however deep', () => {
  for (const levels of [1, 5, 64, 256]) {
    assert.ok(isJson(Buffer.from('['.repeat(levels) + ']'.repeat(levels)), levels))
    assert.not.ok(isJson(Buffer.from('['.repeat(levels + 1) + ']'.repeat(levels + 1)), levels))
    assert.not.ok(isJson(Buffer.from('{"a":'.repeat(levels + 1) + '1' + '}'.repeat(levels + 1)), levels))
  }
  assert.not.ok(isJson(Buffer.from('['.repeat(1_000_000)), 64))
})

test.run()
