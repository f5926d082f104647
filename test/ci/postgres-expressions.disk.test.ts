/**
 * Our expressions against a real Postgres 15: the same values and the same failures, but for what docs/expressions.md lists as different.
 * Needs the Debian package postgresql-15; without it the test fails.
 */
// Deadline: 300 s
import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { expressionOf } from '../../operators/expressions/expression.ts'
import type { Row } from '../../operators/flow.ts'
import {
  declaredRow,
  integers,
  jsons,
  type Letter,
  numbers,
  RandomExpressions,
  templates,
  texts,
  times,
} from '../operators/expressions/arbitrary.ts'
import { randomPatterns } from '../operators/expressions/patterns.ts'
import { differences } from './postgres-differences.ts'
import { type Answer, answersOf, ourText, type Pair, type Question, theirTexts } from './postgres-answers.ts'
import { written } from './postgres-list.ts'
import { writtenTimes } from './postgres-times.ts'
import { Postgres } from './postgres.ts'

const seed = 20_260_801
const rowCount = 60
const postgres = await Postgres.start()

test.after(() => postgres.stop())

const nullable = <Value>(list: readonly Value[]): fc.Arbitrary<Value | null> =>
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...list) }, { weight: 1, arbitrary: fc.constant(null) })

// Letters beyond ASCII have no other case in the collation "C", and a null inside of JSON is a null for us.
const plainTexts = texts.filter(text => !text.includes('é'))
const plainJsons = jsons.filter(value => !JSON.stringify(value).includes('null'))

const row: fc.Arbitrary<Row> = fc.record({
  n1: nullable(numbers),
  n2: nullable(numbers),
  i1: nullable(integers),
  i2: nullable([0, 1, 2, 3, -1]),
  s1: nullable(plainTexts),
  s2: nullable(plainTexts),
  b1: nullable([true, false]),
  b2: nullable([true, false]),
  t1: nullable(times),
  t2: nullable(times),
  j1: nullable(plainJsons),
})
const rows = fc.sample(row, { seed, numRuns: rowCount })
const someRows = fc.uniqueArray(fc.nat(rowCount - 1), { minLength: 4, maxLength: 4 })

/** Differences that docs/expressions.md lists; each must be met, or it is no difference. */
const agreed: readonly { readonly name: string; readonly holds: (pair: Pair) => boolean }[] = [
  {
    name: 'integers are not bounded by 2^31',
    holds: ({ theirs, question }) => failsWith(theirs, /^22003 integer out of range/) && /int4|\)\[/.test(question.text),
  },
  { name: 'integers end at 2^53', holds: ({ ours }) => failsWith(ours, /^integer out of range/) },
  { name: 'timestamps end at the year 9999', holds: ({ ours }) => failsWith(ours, /^timestamp out of range/) },
  { name: 'what is too small for a number is 0', holds: ({ theirs }) => failsWith(theirs, /underflow/) },
]

function failsWith(answer: Answer, pattern: RegExp): boolean {
  return 'failure' in answer && pattern.test(answer.failure)
}

/** Doubles that go through other libraries differ in their last digits. */
function isClose(a: unknown, b: unknown): boolean {
  if (typeof a !== 'number' || typeof b !== 'number') return JSON.stringify(a) === JSON.stringify(b)
  return a === b || Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b))
}

/** Timestamps of ours are cut to the millisecond at each step. */
function agrees({ ours, theirs, type }: Pair): boolean {
  if ('failure' in ours || 'failure' in theirs) return 'failure' in ours && 'failure' in theirs
  if (type === 'timestamp' && typeof ours.value === 'number' && typeof theirs.value === 'number')
    return Math.abs(ours.value - theirs.value) < 2
  return isClose(ours.value, theirs.value)
}

interface Tally {
  readonly met: ReadonlySet<string>
  readonly values: number
  readonly failures: number
}

function expectAgreement(pairs: readonly Pair[]): Tally {
  const met = new Set<string>()
  const different: string[] = []
  for (const pair of pairs) {
    assert.is(JSON.stringify(pair.compiled), JSON.stringify(pair.ours), `compiled: ${pair.question.text}`)
    if (agrees(pair)) continue
    const rule = agreed.find(({ holds }) => holds(pair))
    if (rule !== undefined) met.add(rule.name)
    else
      different.push(
        `${pair.question.text}\n   of   ${JSON.stringify(pair.row)}\n   ours ${JSON.stringify(pair.ours)}\n   theirs ${JSON.stringify(pair.theirs)}`,
      )
  }
  if (different.length > 0) throw new Error(`${different.length} of ${pairs.length} differ:\n${different.slice(0, 20).join('\n')}`)
  const failures = pairs.filter(({ ours }) => 'failure' in ours).length
  return { met, failures, values: pairs.filter(({ ours }) => 'value' in ours && ours.value !== null).length }
}

test('random expressions over random rows', () => {
  const random = new RandomExpressions([templates])
  const letters: readonly Letter[] = ['n', 'i', 's', 'b', 't', 'j', 'x', 'y', 's', 'b']
  const text = fc.constantFrom(...letters).chain(letter => fc.integer({ min: 1, max: 3 }).chain(depth => random.of(letter, depth)))
  const question: fc.Arbitrary<Question> = fc.record({ text, rows: someRows })
  const { met, values, failures } = expectAgreement(answersOf(postgres, rows, fc.sample(question, { seed, numRuns: 6000 })))
  assert.ok(values > 10_000, `${values} values`)
  assert.ok(failures > 300, `${failures} failures`)
  assert.equal([...met].sort(), agreed.map(({ name }) => name).sort(), 'each difference is met')
})

test('expressions written by hand', () => {
  const questions = [...written, ...writtenTimes].map((one): Question =>
    typeof one === 'string' ? { text: one, rows: [0, 1] } : { text: one[0], theirs: one[1], rows: [0] },
  )
  const { values } = expectAgreement(answersOf(postgres, rows, questions))
  assert.ok(values > 1000, `${values} values`)
})

test('regular expressions: what is not refused says the same', () => {
  const questions = fc.sample(randomPatterns, { seed, numRuns: 6000 }).map(text => ({ text, rows: [0] }))
  const read = questions.filter(({ text }) => {
    try {
      return expressionOf(text, declaredRow) !== undefined
    } catch {
      return false
    }
  })
  assert.ok(read.length > 3000, `${read.length} patterns of 6000 are read`)
  expectAgreement(answersOf(postgres, rows, read))
})

test('differences that are meant are as the docs say, on both sides', () => {
  const docs = readFileSync(new URL('../../docs/expressions.md', import.meta.url), 'utf8')
  const theirs = theirTexts(
    postgres,
    differences.map(({ expression }) => expression),
  )
  for (const [index, { expression, here, there }] of differences.entries()) {
    assert.is(theirs[index], there, `Postgres: ${expression}`)
    assert.is(ourText(expression), here, `ours: ${expression}`)
    assert.ok(docs.includes(`| \`${expression.replaceAll('|', '\\|')}\` | `), `docs/expressions.md has no row for ${expression}`)
  }
})

test.run()
