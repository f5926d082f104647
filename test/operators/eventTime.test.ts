/** `eventTime` against the contract; its twin is the rule of the watermark, word by word. */
import * as fc from 'fast-check'
import { eventTime } from '../../operators/eventTime.ts'
import type { Row } from '../../operators/flow.ts'
import { operatorContract, type Twin } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'

const twin: Twin = {
  input: withBarriers(
    fc.record({
      at: fc.oneof({ weight: 9, arbitrary: fc.integer({ min: 0, max: 300 }) }, fc.constant(null)),
      arrived: fc.oneof(
        { weight: 9, arbitrary: fc.integer({ min: 0, max: 300 }) },
        fc.constantFrom(null, 'text', '1970-01-01T00:00:00.100'),
      ),
    }),
  ),
  options: { field: 'at', lag: 60, maxFuture: { allow: 100, of: 'arrived' } },
  answer(list) {
    let max = -Infinity
    const [main, suspect]: [Row[], Row[]] = [[], []]
    for (const row of list) {
      const at = row['at'] as number | null
      const arrived = row['arrived'] === null ? NaN : row['arrived'] === '1970-01-01T00:00:00.100' ? 100 : row['arrived']
      if (at === null || typeof arrived !== 'number') continue
      const out = { ...row, $eventTime: at, $watermark: max - 60 }
      if (at - arrived > 100) suspect.push(out)
      else {
        main.push(out)
        max = Math.max(max, at)
      }
    }
    return {
      ports: { main, suspect },
      dead: [...list.entries()].flatMap(([order, row]) => (row['at'] === null || row['arrived'] === 'text' ? [order] : [])),
    }
  },
}
const test = operatorContract(eventTime, { poison: { at: 'yesterday', arrived: 1 }, twin })

test.run()
