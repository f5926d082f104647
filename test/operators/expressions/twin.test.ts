/** The compiled form of expressions against the plain one: the same values and the same failing rows, for columns of every kind. */
import { deepStrictEqual } from 'node:assert/strict'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { valueAt } from '../../../operators/columns.ts'
import { evaluate, type Expression, expressionOf, interpret, keepWhere } from '../../../operators/expressions/expression.ts'
import type { Column, Page } from '../../../operators/flow.ts'
import type { StepContext } from '../../../operators/operator.ts'
import { aliveRows } from '../../../operators/page.ts'
import {
  declaredRow,
  integers,
  jsons,
  type Letter,
  numbers,
  ourTemplates,
  RandomExpressions,
  templates,
  texts,
  times,
} from './arbitrary.ts'
import { columnAs, pageWith } from './pages.ts'

const loose = [
  ...texts,
  '\ud800',
  'a\udc00',
  ...numbers,
  NaN,
  ...integers,
  true,
  false,
  ...jsons,
  null,
  undefined,
  '2024-03-01T00:00:00+02:00',
  [1, 2],
  ['a', null],
  new Uint8Array(2),
]
const pools: Readonly<Record<string, readonly unknown[]>> = {
  n1: numbers,
  n2: numbers,
  i1: integers,
  i2: [0, 1, 2, 3, -1, 1.5],
  s1: [...texts, '\ud800'],
  s2: texts,
  b1: [true, false],
  b2: [true, false],
  t1: [...times, '2024-03-01 12:00', '2024-03-01T12:00:00.5+01', 'never'],
  t2: times,
  j1: jsons,
  a1: loose,
  a2: loose,
  o: [{ a: 1, b: { c: 'x' }, list: [1, 'a'] }, { a: 'x', list: [{ a: 2 }] }, { a: true, b: 5 }, 7, 'a', [1], null],
}

/** A column of values, now and then of one kind, in one of the forms that can hold them. */
const column = (name: string, count: number): fc.Arbitrary<readonly unknown[]> => {
  const pool = pools[name] as readonly unknown[]
  const kinds = Map.groupBy(pool, value => typeof value)
  const some = fc.constantFrom(pool, ...kinds.values())
  return some.chain(from => {
    const value = fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...from) }, { weight: 1, arbitrary: fc.constant(null) })
    const full = fc.array(value, { minLength: count, maxLength: count })
    return fc.oneof(
      { weight: 4, arbitrary: full },
      { weight: 1, arbitrary: fc.array(fc.constantFrom(...from), { minLength: count, maxLength: count }) },
    )
  })
}

const page = fc
  .integer({ min: 0, max: 12 })
  .chain(count =>
    fc.record({
      count: fc.constant(count),
      columns: fc.record(Object.fromEntries(Object.keys(pools).map(name => [name, fc.tuple(column(name, count), fc.nat(7))]))),
      selection: fc.option(fc.subarray(Array.from({ length: count }, (_, row) => row)), { nil: undefined }),
      absent: fc.subarray(Object.keys(pools), { maxLength: 2 }),
    }),
  )
  .map(({ count, columns, selection, absent }): Page => {
    const made = Object.entries(columns)
      .filter(([name]) => !absent.includes(name))
      .map(([name, [values, form]]): [string, Column] => [name, columnAs(values, form)])
    return pageWith(made, count, selection)
  })

interface Answer {
  readonly values: Map<number, unknown>
  readonly dead: Set<number>
}

const noted = (dead: Set<number>): StepContext =>
  ({ dead: (of: Page, row: number) => void dead.add(of.order[row] as number) }) as unknown as StepContext

/** Null, and a number that is none, are the same. */
const plain = (value: unknown): unknown => (value === undefined || (typeof value === 'number' && Number.isNaN(value)) ? null : value)

function byRow(expression: Expression, of: Page): Answer {
  const answer: Answer = { values: new Map(), dead: new Set() }
  for (const row of aliveRows(of)) {
    const order = of.order[row] as number
    const fields = Object.fromEntries(Array.from(of.columns, ([name, one]) => [name, valueAt(one, row)]))
    try {
      answer.values.set(order, plain(interpret(expression, fields)))
    } catch {
      answer.dead.add(order)
    }
  }
  return answer
}

function byColumn(run: ReturnType<typeof evaluate>, of: Page): Answer {
  const dead = new Set<number>()
  const { column: made, page: fitting } = run(of, noted(dead))
  return { values: new Map(Array.from(aliveRows(fitting), row => [fitting.order[row] as number, plain(valueAt(made, row))])), dead }
}

const random = new RandomExpressions([templates, ourTemplates])
const letters: readonly Letter[] = ['n', 'i', 's', 'b', 't', 'j', 'x', 'y', 'a']
const expression = fc.constantFrom(...letters).chain(letter => fc.integer({ min: 1, max: 4 }).chain(depth => random.of(letter, depth)))
const row = fc.constantFrom(declaredRow, { ...declaredRow, fields: {} })

/** The expression, unless the types of this row do not allow it, as those of an undeclared column beside an interval. */
function readable(text: string, of: typeof declaredRow): Expression | undefined {
  try {
    return expressionOf(text, of)
  } catch (error) {
    if ((error as { code?: string }).code === 'INVALID') return undefined
    throw error
  }
}

let compared = 0
let refused = 0

test('compiled and interpreted expressions say the same of every row', () => {
  fc.assert(
    fc.property(expression, row, fc.array(page, { minLength: 1, maxLength: 3 }), (text, type, pages) => {
      const read = readable(text, type)
      if (read === undefined) return void refused++
      const run = evaluate(read)
      for (const of of pages) {
        const before = structuredClone(of.columns)
        const expected = byRow(read, of)
        compared += expected.values.size
        deepStrictEqual(byColumn(run, of), expected)
        deepStrictEqual(of.columns, before, 'pages are never changed')
      }
    }),
    { numRuns: 4000 },
  )
  assert.ok(compared > 10_000, `compared ${compared}`)
  assert.ok(refused < 2000, `refused ${refused}`)
})

test('a condition keeps the rows for which it is true', () => {
  fc.assert(
    fc.property(random.of('b', 3), page, (text, of) => {
      const read = readable(text, declaredRow)
      if (read === undefined) return
      const expected = byRow(read, of)
      const dead = new Set<number>()
      const kept = keepWhere(read)(of, noted(dead))
      const orders = Array.from(aliveRows(kept), each => kept.order[each] as number)
      assert.equal(
        orders,
        [...expected.values].filter(([, value]) => value === true).map(([order]) => order),
        text,
      )
      deepStrictEqual(dead, expected.dead)
    }),
    { numRuns: 1500 },
  )
})

test('where a page is cut makes no difference', () => {
  fc.assert(
    fc.property(expression, page, fc.nat(11), (text, of, cut) => {
      const read = readable(text, declaredRow)
      if (read === undefined) return
      const whole = byColumn(evaluate(read), of)
      const run = evaluate(read)
      const rows = aliveRows(of)
      const parts = [rows.filter(each => each < cut), rows.filter(each => each >= cut)].map(selection =>
        byColumn(run, { ...of, selection }),
      )
      deepStrictEqual(new Map(parts.flatMap(part => [...part.values])), whole.values)
      deepStrictEqual(new Set(parts.flatMap(part => [...part.dead])), whole.dead)
    }),
    { numRuns: 1000 },
  )
})

test.run()
