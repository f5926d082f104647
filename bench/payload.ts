/** The events that are written: orders of 200 bytes as JSON text, made from a seed so that every run writes the same. */
import type { NewEvent } from '../event/event.ts'

export const payloadBytes = 200

export interface Order {
  readonly orderId: string
  readonly sku: string
  readonly quantity: number
  readonly price: number
  readonly currency: string
  readonly status: string
  readonly warehouse: string
  readonly note: string
}

/** Chance from a seed: xorshift over 32 bits, as fractions below 1. */
export function seeded(seed: number): () => number {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return (state >>> 0) / 4294967296
  }
}

const word = (random: () => number, length: number): string => Array.from({ length }, () => Math.floor(random() * 36).toString(36)).join('')

/** The `index`th order; its JSON text is exactly `payloadBytes` long, and about a third of it is chance. */
export function order(random: () => number, index: number): Order {
  const draft = {
    orderId: `order-${index}`,
    sku: `sku-${word(random, 8)}`,
    quantity: 1 + (index % 9),
    price: Math.round(random() * 100_000) / 100,
    currency: 'EUR',
    status: 'accepted',
    warehouse: `warehouse-${index % 7}`,
    note: '',
  }
  const room = payloadBytes - Buffer.byteLength(JSON.stringify(draft))
  return { ...draft, note: word(random, Math.min(room, 32)).padEnd(room, ' and so on') }
}

export type OrderEvent = NewEvent<'order.accepted', Order>
export type OrderBytesEvent = NewEvent<'order.accepted', Uint8Array>

/** `count` different orders as plain objects. */
export function orders(count: number, seed = 42): OrderEvent[] {
  const random = seeded(seed)
  return Array.from({ length: count }, (_, index) => ({ type: 'order.accepted', data: order(random, index) }))
}

/** The same orders as the bytes of their JSON text: kept as they are, or (`json`) checked at the door and read as JSON later. */
export function orderBytes(count: number, encoding: 'bytes' | 'json' = 'bytes'): OrderBytesEvent[] {
  return orders(count).map(({ type, data }) => ({ type, data: Buffer.from(JSON.stringify(data)), encoding }))
}
