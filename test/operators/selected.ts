/** The same rows in other pages: among rows that are not alive, and in columns of other kinds. A step must not tell the difference. */
import * as fc from 'fast-check'
import { map, type OperatorFunction } from 'rxjs'
import type { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { takeRows, valueAt } from '../../operators/columns.ts'
import type { Column, Flow, Page, Row } from '../../operators/flow.ts'
import type { AnyOperator, ExampleFlow } from '../../operators/operator.ts'
import { aliveRows } from '../../operators/page.ts'
import { runOperator, type Outcome } from '../contract/operator-run.ts'
import { withBarriers } from './arbitrary.ts'

/** Fields of every kind that JSON has, with bytes, halves of surrogate pairs and names that objects have a use for. */
export const anyValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.constantFrom('', 'JFK', 'é', '\u{1f6eb}', '\ud800', '\ufeff"', 'a,b\n"c"', 'null'),
  fc.boolean(),
  fc.constant(null),
  fc.jsonValue({ maxDepth: 2 }),
  fc.array(fc.integer({ max: 9 }), { maxLength: 3 }),
)
const fields = { a: anyValue, b: anyValue, delay: fc.oneof(fc.integer({ min: -20, max: 90 }), fc.constant(null)) }
/** Rows that have all fields, null or not. */
export const everyRow: fc.Arbitrary<readonly ExampleFlow[]> = withBarriers(fc.record(fields), 30)
/** Rows that lack some fields. */
const anyRows: fc.Arbitrary<readonly ExampleFlow[]> = withBarriers(fc.record(fields, { requiredKeys: [] }), 30)

interface Shape {
  readonly options: fc.Arbitrary<Readonly<Record<string, unknown>>>
  readonly functions?: Readonly<Record<string, unknown>>
  readonly input?: fc.Arbitrary<readonly ExampleFlow[]>
  readonly key?: readonly string[]
  readonly numRuns?: number
}

/** Adds to a suite that the operator answers the same at any cut of pages, and for pages changed as above; not what it answers. */
export function sameInOtherPages(
  test: ReturnType<typeof suite>,
  operator: AnyOperator,
  { options, functions = {}, input = anyRows, key, numRuns = 120 }: Shape,
): void {
  test('is the same among rows that are not alive, in other columns, in pages of any size', async () => {
    const twisted: AnyOperator = { ...operator, create: async (given, context) => twist(await operator.create(given, context)) }
    const property = fc.asyncProperty(input, options, fc.constantFrom(1, 2, 7), async (rows, chosen, pageRows) => {
      const run = { options: chosen, functions, input: rows, ...(key && { key }) }
      const whole = resultOf(await runOperator(operator, { ...run, pageRows: 4096 }))
      assert.equal(resultOf(await runOperator(operator, { ...run, pageRows })), whole, 'pages')
      assert.equal(resultOf(await runOperator(twisted, { ...run, pageRows })), whole, 'selections')
    })
    await fc.assert(property, { seed: 11, numRuns })
  })
}

/** Without fields that are null: whether a column is there is a matter of the page. */
function resultOf({ ports, dead, projection, outbox }: Outcome): Pick<Outcome, 'ports' | 'dead' | 'projection' | 'outbox'> {
  const plain = (rows: readonly Row[]): Row[] =>
    rows.map(row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null && value !== undefined)))
  const left = Object.entries(ports).filter(([, rows]) => rows.length > 0)
  return { ports: Object.fromEntries(left.map(([port, rows]) => [port, plain(rows)])), dead, projection, outbox }
}

function twist(step: OperatorFunction<Flow, Flow>): OperatorFunction<Flow, Flow> {
  return source =>
    source.pipe(
      map(flow => (flow.kind === 'page' ? amongOthers(flow) : flow)),
      step,
    )
}

/** Before each row alive, and behind the last, stands a neighbour's that is not. */
export function amongOthers(page: Page): Page {
  const alive = aliveRows(page)
  const rows = Int32Array.from(
    { length: 2 * alive.length + 1 },
    (_, i) => (i % 2 === 1 ? alive[i >> 1] : alive[(i + 2) % alive.length]) ?? 0,
  )
  const floats = (values: Float64Array): Float64Array => Float64Array.from(rows, (row, i) => (i % 2 === 1 ? (values[row] as number) : NaN))
  return {
    ...page,
    count: rows.length,
    selection: Int32Array.from(alive, (_, i) => 2 * i + 1),
    columns: new Map(Array.from(page.columns, ([name, column]) => [name, otherKind(takeRows(column, rows), rows.length)])),
    order: floats(page.order),
    ...(page.eventTime && { eventTime: floats(page.eventTime) }),
    ...(page.watermark && { watermark: floats(page.watermark) }),
  }
}

function otherKind(column: Column, count: number): Column {
  const values = Array.from({ length: count }, (_, row) => valueAt(column, row))
  if (column.kind !== 'text') return { kind: 'value', values }
  const texts = values as (string | null)[]
  let at = 0
  const start = Int32Array.from(texts, text => (at += text?.length ?? 0) - (text?.length ?? 0))
  return { kind: 'slice', pool: texts.join(''), start, length: Int32Array.from(texts, text => text?.length ?? -1) }
}
