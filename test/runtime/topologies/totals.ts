/** Topologies of the tests: what each customer paid an hour; who owes is a dead letter. */
import { rows } from '../../../operators/functions.ts'
import { count, sum, topology, type TopologyBuilder } from '../../../topology/pipeline.ts'

type Paid = {
  readonly customer: string
  readonly cents: number
  readonly at: number
}

export const isBig = rows<Paid, boolean>({ reads: ['customer', 'cents'] }, ({ customer, cents }) => {
  if (cents < 0) throw new Error(`${customer} owes`)
  return cents >= 100
})

function totals(name: string, projection: string): TopologyBuilder {
  const big = topology(name, { version: 1 })
    .follow<Paid>({ types: ['paid'] })
    .eventTime({ id: 'time', field: 'at', lag: '0s' })
    .filter('./totals.ts#isBig', { id: 'big' })
  big.append({ id: 'bigs', stream: 'big-payments', type: 'big.paid', data: ['customer', 'cents'] })
  return big
    .keyBy('customer')
    .tumble({ id: 'hourly', size: '1h', aggregate: { count: count(), sum: sum('cents') } })
    .projection({ id: 'rows', name: projection, key: ['customer', 'windowStart'], value: ['count', 'sum'] })
}

export default totals('totals', 'totals')
export const other = totals('other', 'other-totals')
export const thief = totals('thief', 'totals')
export const nothing = 42
