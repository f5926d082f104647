/** Topologies of the tests whose rows are found by the values of their fields. */
import { topology, type TopologyBuilder } from '../../../topology/pipeline.ts'

interface Order {
  readonly id: string
  readonly status: string
  readonly region: string
  readonly note?: unknown
}

function orders(index: readonly string[] | undefined): TopologyBuilder {
  return topology('orders', { version: 1 })
    .follow<Order>({ types: ['ordered'] })
    .projection({ id: 'rows', name: 'orders', key: ['id'], value: ['status', 'region', 'note'], ...(index && { index }) })
}

export default orders(['status', 'region'])
export const byNote = orders(['note'])
export const plain = orders(undefined)
export const misspelt = orders(['stutas'])
