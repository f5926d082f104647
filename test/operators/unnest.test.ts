/** `unnest` against the contract. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { anyRow } from '../../operators/expressions/types.ts'
import { unnest } from '../../operators/unnest.ts'
import { operatorContract } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'
import { sameInOtherPages } from './selected.ts'

const items = fc.oneof(fc.array(fc.integer(), { maxLength: 3 }), fc.constant('none'), fc.constant(null))

const test = operatorContract(unnest, {
  poison: { order: 1, items: 'no list' },
  twin: {
    input: withBarriers(fc.record({ order: fc.integer(), items })),
    options: { field: 'items' },
    answer: rows => ({
      ports: {
        main: rows.flatMap(row =>
          Array.isArray(row['items']) ? row['items'].map(item => ({ order: row['order'], items: item as number })) : [],
        ),
      },
      dead: [...rows.entries()].flatMap(([order, row]) => (row['items'] === 'none' ? [order] : [])),
    }),
  },
})

const element = fc.oneof(
  fc.record({ order: fc.integer(), note: fc.constantFrom('x', null) }, { requiredKeys: [] }),
  fc.integer(),
  fc.constant(null),
)
const lists = withBarriers(
  fc.record({ order: fc.integer(), items: fc.oneof(fc.array(element, { maxLength: 3 }), items) }, { requiredKeys: [] }),
)
sameInOtherPages(test, unnest, { options: fc.constant({ field: 'items' }), input: lists })

test('what elements hold is not known, and may replace any column', () => {
  const input = { ...anyRow, fields: { order: 'integer', items: 'json' }, isOpen: false, key: ['order'] } as const
  assert.equal(unnest.types?.({ field: 'items' }, input, () => undefined)['main'], { ...input, fields: {}, isOpen: true })
})

test.run()
