/** Random inputs for the twins of operators. */
import * as fc from 'fast-check'
import type { Row } from '../../operators/flow.ts'
import type { ExampleFlow } from '../../operators/operator.ts'

/** Rows with barriers between them. */
export function withBarriers(row: fc.Arbitrary<Row>, maxLength = 40): fc.Arbitrary<readonly ExampleFlow[]> {
  const one = fc.oneof(
    { weight: 6, arbitrary: row.map((fields): ExampleFlow => ({ ...fields })) },
    { weight: 1, arbitrary: fc.constant<ExampleFlow>('barrier') },
  )
  // Without a size, lists stay at about ten items whatever the most is.
  return fc.array(one, { maxLength, size: 'max' })
}

/** Rows with event times `at` stamped as `eventTime` with a lag of `lagMs` does. */
export function stamped(input: readonly ExampleFlow[], lagMs: number): ExampleFlow[] {
  let max = -Infinity
  return input.map(one => {
    if (typeof one === 'string') return one
    const row = { ...one, $eventTime: one['at'], $watermark: max - lagMs }
    max = Math.max(max, one['at'] as number)
    return row
  })
}

export const airports = fc.constantFrom('JFK', 'BOS', 'ORD', 'é', '\u{1f6eb}', '\ufffd', null)
