/** From the log back into the log: follow, map, append; into one stream, and into many. */
import { topology } from '../../topology/pipeline.ts'

interface OrderRow {
  readonly orderId: string
  readonly sku: string
  readonly quantity: number
  readonly price: number
  readonly warehouse: string
}

const priced = (name: string) =>
  topology(name, { version: 1, guarantee: 'exactlyOnce' })
    .follow<OrderRow>({ categories: ['order'] })
    .map<OrderRow & { total: number }>({ total: 'quantity * price' })

const data = ['orderId', 'sku', 'quantity', 'total'] as const

export const one = priced('one').append({ id: 'append', stream: 'priced', type: 'order.priced', data })

export const many = priced('many').append({ id: 'append', stream: 'priced-{sku}', type: 'order.priced', data })
