/** What an order costs: goods, tax and shipping, in cents. Pure, so that folding the log again gives the same. */
import { rows } from '../../runtime/index.ts'

export interface Item {
  readonly sku: string
  /** Cents for one. */
  readonly price: number
  readonly quantity: number
}

/** A type and no interface: only those count as rows of any columns. */
export type NamedOrder = {
  readonly order: string
  readonly customer: string
  readonly name: string
  readonly country: string
  readonly placedAt: string
  readonly items: readonly Item[]
}

export interface PricedOrder extends Omit<NamedOrder, 'items'> {
  readonly pieces: number
  readonly goods: number
  readonly tax: number
  readonly shipping: number
  readonly total: number
}

interface Place {
  /** Percent of the goods. */
  readonly tax: number
  /** Cents for a parcel. */
  readonly shipping: number
}

const places: Readonly<Record<string, Place>> = {
  AT: { tax: 20, shipping: 690 },
  DE: { tax: 19, shipping: 490 },
  FR: { tax: 20, shipping: 790 },
}
const abroad: Place = { tax: 0, shipping: 1990 }

/** From so many cents of goods on the shop pays for the parcel. */
const freeFrom = 10_000

export function price({ items, ...order }: NamedOrder): PricedOrder {
  // What is thrown here makes the order a dead letter, with this as its cause.
  if (!Array.isArray(items) || items.length === 0) throw new TypeError(`order ${order.order} has no items`)
  const { tax: percent, shipping: parcel } = places[order.country] ?? abroad
  const goods = items.reduce((sum, item) => sum + item.price * item.quantity, 0)
  const tax = Math.round((goods * percent) / 100)
  const shipping = goods >= freeFrom ? 0 : parcel
  return { ...order, pieces: items.reduce((sum, item) => sum + item.quantity, 0), goods, tax, shipping, total: goods + tax + shipping }
}

/** The columns it reads are named, so that no others are decoded. */
export const priced = rows<NamedOrder, PricedOrder>({ reads: ['order', 'customer', 'name', 'country', 'placedAt', 'items'] }, price)
