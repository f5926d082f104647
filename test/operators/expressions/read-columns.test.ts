/** The columns that an expression reads are told by its text alone, and are those that its check finds. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { columnsRead, expressionOf } from '../../../operators/expressions/expression.ts'
import { declaredRow, type Letter, ourTemplates, RandomExpressions, templates } from './arbitrary.ts'

const random = new RandomExpressions([templates, ourTemplates])

test('the same as the check finds, for random expressions', () => {
  const any = fc.constantFrom<Letter>('n', 'i', 's', 'b', 't', 'j', 'x', 'y', 'a').chain(letter => random.of(letter, 3))
  let checked = 0
  fc.assert(
    fc.property(any, text => {
      let reads: readonly string[]
      try {
        reads = expressionOf(text, declaredRow).reads
      } catch {
        return
      }
      checked++
      assert.equal([...columnsRead(text)].sort(), [...reads].sort())
    }),
    { numRuns: 1000 },
  )
  assert.ok(checked > 500)
})

test('of an expression that only types make right', () => {
  const text = 'extract(epoch from windowEnd - windowStart)'
  assert.throws(() => expressionOf(text))
  assert.equal(columnsRead(text), ['windowEnd', 'windowStart'])
})

test('of every form', () => {
  const forms: Readonly<Record<string, readonly string[]>> = {
    "'a' || 1": [],
    'a.b.c': ['a'],
    '"a b"': ['a b'],
    'a[b]': ['a', 'b'],
    'a between b and c': ['a', 'b', 'c'],
    'a between symmetric b and c': ['a', 'b', 'c'],
    'a in (b, c)': ['a', 'b', 'c'],
    "a like b escape c || ''": ['a', 'b', 'c'],
    'a = any (b)': ['a', 'b'],
    'a is distinct from b': ['a', 'b'],
    'a is null or not b': ['a', 'b'],
    'array[a, b]': ['a', 'b'],
    'case a when b then c else d end': ['a', 'b', 'c', 'd'],
    'case when a then b end': ['a', 'b'],
    'cast(a as text) || b::text': ['a', 'b'],
    'a + a * -a': ['a'],
    'position(a in b)': ['a', 'b'],
    __proto__: ['__proto__'],
  }
  for (const [text, names] of Object.entries(forms)) assert.equal([...columnsRead(text)].sort(), names, text)
})

test('what is no expression is said', () => {
  assert.throws(
    () => columnsRead('a +'),
    (error: unknown) => (error as { code?: string }).code === 'INVALID',
  )
})

test.run()
