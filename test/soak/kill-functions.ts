/** What kill-topology.yaml can not say in expressions. */
import { rows } from '../../operators/functions.ts'

type Order = {
  readonly lane: number
  readonly request: number
  readonly index: number
  readonly cents: number
  readonly at: number
  readonly group: number
  readonly kind: string
}

export const isSound = rows<Order, boolean>({ reads: ['cents'] }, ({ cents }) => {
  if (cents === 13) throw new RangeError('thirteen is no price')
  return true
})

export function calm({ cents }: { readonly cents: number }): void {
  if (cents === 29) throw new Error('twenty-nine is no price either')
}

/** Where the judge listens is known to whoever starts the processes; it does not change while a store is used. */
export const taxed = rows<Order, object>({ reads: ['lane', 'request', 'index', 'cents', 'at', 'group', 'kind'] }, order => {
  if (order.cents === 17) throw new Error('seventeen can not be taxed')
  return { ...order, paid: order.cents + Math.floor(order.cents / 5), shelf: order.group % 6, hook: process.env['KILL_HOOK'] }
})

type Book = { readonly orders: number; readonly paid: number }

export function book(state: Book, { paid }: { readonly paid: number }): Book {
  return { orders: state.orders + 1, paid: state.paid + paid }
}
