/** The events of the shop, and a morning of them that is the same whenever it is made. */
import type { Item } from './pricing.ts'

export interface Customer {
  readonly customer: string
  readonly name: string
  readonly country: string
  readonly email: string
}

export interface Order {
  readonly order: string
  readonly customer: string
  readonly items: readonly Item[]
  /** ISO 8601. */
  readonly placedAt: string
}

export type ShopEvent =
  | { readonly type: 'customer.registered' | 'customer.moved'; readonly data: Customer }
  | { readonly type: 'order.placed'; readonly data: Order }

export interface InStream {
  readonly stream: string
  readonly event: ShopEvent
}

const names = ['Ada', 'Ben', 'Cem', 'Dora', 'Eva', 'Finn', 'Gül', 'Hugo', 'Ida', 'Jan', 'Kim', 'Lea']
const countries = ['DE', 'FR', 'DE', 'AT', 'CH']
const goods = { pen: 250, ink: 890, paper: 1290, lamp: 4900, chair: 15_900, desk: 38_900 }
const skus = Object.keys(goods) as (keyof typeof goods)[]

const start = Date.parse('2026-03-02T08:00:00Z')
const minuteMs = 60_000

/** Twelve customers register, one of them moves, and `count` orders come in five hours, not quite in their order. */
export function* shopMorning(count = 300): Generator<InStream> {
  const random = randomFrom(2026)
  const some = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const customers = names.map((name, at): Customer => {
    const customer = name.toLowerCase()
    return { customer, name, country: countries[at % countries.length] as string, email: `${customer}@example.org` }
  })
  for (const data of customers) yield customerEvent('customer.registered', data)
  for (let at = 0; at < count; at++) {
    // Halfway through the morning Ada moves to Vienna: what she buys from then on is taxed there.
    if (at === count / 2) yield customerEvent('customer.moved', { ...(customers[0] as Customer), country: 'AT' })
    const order = `o-${String(at + 1).padStart(4, '0')}`
    const items = Array.from({ length: 1 + Math.floor(random() * 3) }, (): Item => {
      const sku = some(skus)
      return { sku, price: goods[sku], quantity: 1 + Math.floor(random() * 3) }
    })
    // Some orders are sent from a till that was offline: up to ten minutes behind, and a few of them for hours.
    const behind = random() < 0.03 && at > count / 4 ? 100 : random() * 10
    const placedAt = new Date(start + Math.round((at / count) * 300 - behind) * minuteMs).toISOString()
    yield orderEvent({ order, customer: some(customers).customer, items, placedAt })
  }
}

function customerEvent(type: 'customer.registered' | 'customer.moved', data: Customer): InStream {
  return { stream: `customer-${data.customer}`, event: { type, data } }
}

function orderEvent(data: Order): InStream {
  return { stream: `order-${data.order}`, event: { type: 'order.placed', data } }
}

/** Numbers from 0 to 1 that look like chance and are always the same (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
