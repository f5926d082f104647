/** Topologies of the tests of which one looks rows up in what another writes. */
import { topology, type TopologyBuilder } from '../../../topology/pipeline.ts'

type Customer = { readonly customer: string; readonly tier: number }
type Ordered = { readonly customer: string; readonly number: number }

function customers(epoch: string): TopologyBuilder {
  return topology('customers', { version: 1, epoch })
    .follow<Customer>({ types: ['customer'] })
    .projection({ id: 'rows', name: 'customers', key: ['customer'], value: ['tier'] })
}

export default customers('3ms')
/** Writes its first epoch when nobody waits any more. */
export const slow = customers('1h')

export const orders = topology('orders', { version: 1, epoch: '3ms' })
  .follow<Ordered>({ types: ['ordered'] })
  .enrich({ id: 'tier', table: { projection: 'customers' }, match: 'customer', take: ['tier'], missing: 'pass' })
  .projection({ id: 'rows', name: 'orders', key: ['number'], value: ['tier'] })

/** Writes what `orders` looks up, and looks up what `orders` writes. */
export const circle = topology('circle', { version: 1 })
  .follow<Ordered>({ types: ['ordered'] })
  .enrich({ id: 'order', table: { projection: 'orders' }, match: 'number', take: ['tier'], missing: 'pass' })
  .projection({ id: 'rows', name: 'customers', key: ['customer'], value: ['tier'] })
