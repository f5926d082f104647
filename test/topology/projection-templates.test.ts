/** Templates of projections, each by given and then. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { countBy, latestBy, listBy, sumBy } from '../../topology/projection-templates.ts'
import { projectionSpec } from '../contract/projection-spec.ts'

type Placed = { readonly type: 'placed'; readonly data: { readonly customer: string; readonly total: number; readonly gone?: true } }
const spec = { name: 'made', revision: 1, types: ['placed'] as const, key: ({ data }: { data: Placed['data'] }) => data.customer }
const placed = (customer: string, total: number): Placed => ({ type: 'placed', data: { customer, total } })
const three = [placed('ada', 3), placed('bob', 5), placed('ada', 4)]

test('countBy counts', () => {
  projectionSpec(countBy<Placed>(spec)).given(three).then([['ada', { count: 2 }], ['bob', { count: 1 }]]) // prettier-ignore
})

test('sumBy adds up, and gives up what is no number', () => {
  const sums = projectionSpec(sumBy<Placed>({ ...spec, value: ({ data }) => data.total }))
  sums.given(three).then([['ada', { count: 2, sum: 7 }], ['bob', { count: 1, sum: 5 }]]) // prettier-ignore
  for (const total of ['5', NaN, Infinity, undefined, null]) sums.given([placed('ada', total as number)]).thenThrows('finite number')
})

test('latestBy keeps the last, and null removes it', () => {
  projectionSpec(latestBy<Placed>(spec)).given(three).then([['ada', { customer: 'ada', total: 4 }], ['bob', { customer: 'bob', total: 5 }]]) // prettier-ignore
  const totals = projectionSpec(latestBy<Placed, number>({ ...spec, value: ({ data }) => (data.gone ? null : data.total) }))
  totals.given([...three, { type: 'placed', data: { customer: 'ada', total: 0, gone: true } }]).then([['bob', 5]])
})

test('listBy keeps the last few', () => {
  const events = fc.array(fc.tuple(fc.constantFrom('ada', 'bob'), fc.integer()), { maxLength: 30 })
  const property = fc.property(events, fc.integer({ min: 1, max: 5 }), (pairs, limit) => {
    const lists = listBy<Placed, number>({ ...spec, limit, value: ({ data }) => data.total })
    const totalsOf = (name: string): number[] => pairs.flatMap(([customer, total]) => (customer === name ? [total] : [])).slice(-limit)
    const wanted = ['ada', 'bob'].map(name => [name, totalsOf(name)] as const)
    projectionSpec(lists)
      .given(pairs.map(([customer, total]) => placed(customer, total)))
      .then(wanted.filter(([, list]) => list.length > 0))
  })
  fc.assert(property, { seed: 5, numRuns: 50 })
  projectionSpec(listBy<Placed>({ ...spec, limit: 1 }))
    .given(three.slice(1))
    .then([['ada', [{ customer: 'ada', total: 4 }]], ['bob', [{ customer: 'bob', total: 5 }]]]) // prettier-ignore
})

test('a bad field is named', () => {
  const bad = [
    ['value', () => sumBy<Placed>({ ...spec } as never)],
    ['value', () => latestBy<Placed>({ ...spec, value: 'total' as never })],
    ['limit', () => listBy<Placed>({ ...spec, limit: 0 })],
    ['limit', () => listBy<Placed>({ ...spec } as never)],
    ['key', () => countBy<Placed>({ ...spec, key: 'customer' as never })],
    ['revision', () => countBy<Placed>({ ...spec, revision: 0 })],
  ] as const
  for (const [field, make] of bad) {
    try {
      make()
      assert.unreachable(field)
    } catch (error) {
      assert.ok(isEventStoreError(error, 'INVALID') && error.details['field'] === field, field)
    }
  }
})

test.run()
