/** Topologies of the tests of what projections were: windows, sums in order with dead letters, and everything that could be sent. */
import { rows } from '../../../operators/functions.ts'
import { count, sum, topology } from '../../../topology/pipeline.ts'

type Paid = { readonly to: string; readonly customer: string; readonly cents: number; readonly at: number }

export const isPaid = rows<Paid, boolean>({ reads: ['cents'] }, ({ cents }) => {
  if (cents < 0) throw new RangeError('owes')
  return true
})

const paid = topology('past', { version: 1, epoch: '2ms' })
  .follow<Paid>({ types: ['paid'] })
  .eventTime({ id: 'time', field: 'at', lag: '2m' })
  .filter('./past.ts#isPaid', { id: 'paid', inOrder: ['customer'] })
paid.projection({ id: 'last', name: 'last-paid', key: ['customer'], value: ['cents', 'at'] })
paid.append({ id: 'copies', stream: 'copy-{customer}', type: 'copied', data: ['cents'] })
paid.webhook({ id: 'notify', url: '{to}', body: ['cents'] })

export default paid
  .keyBy('customer')
  .tumble({ id: 'hourly', size: '10m', aggregate: { count: count(), sum: sum('cents') } })
  .projection({ id: 'hours', name: 'past-hours', key: ['customer', 'windowStart'], value: ['count', 'sum'] })

export const stuck = rows<Paid, boolean>({ reads: ['cents'] }, ({ cents }) => {
  while (cents === 13) continue
  return true
})

/** One row never returns. */
export const trap = topology('trap', { version: 1 })
  .follow<Paid>({ types: ['paid'] })
  .filter('./past.ts#stuck', { id: 'stuck' })
  .projection({ id: 'rows', name: 'trapped', key: ['customer'], value: ['cents'] })
