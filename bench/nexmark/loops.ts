/** The queries as plain loops over the columns of a page: the baseline of the flow bench, and its right answers. */
import type { Page } from '../../operators/flow.ts'
import { bidKind } from './columns.ts'

export const queries = ['q0', 'q1', 'q2', 'q7'] as const
export type Query = (typeof queries)[number]

/** What others compare: rows of the result and the exact sum of one column of it. */
export interface Answer {
  readonly rows: number
  readonly sum: bigint
}

export interface Loop {
  take(page: Page): void
  /** After the end: closes what is open. */
  answer(): Answer
}

export const windowMs = 10_000
/** Prices in euro. */
export const euro = (price: number): number => Math.floor((price * 908) / 1000)
/** Auctions that q2 looks at. */
export const auctionModulus = 123

interface Bids {
  readonly kind: Int32Array
  readonly price: Float64Array
  readonly auction: Float64Array
  readonly ts: Float64Array
}

function bidsOf(page: Page): Bids {
  const numbers = (name: string): Float64Array => {
    const column = page.columns.get(name)
    if (column?.kind !== 'number') throw new TypeError(`no column of numbers: ${name}`)
    return column.values
  }
  const type = page.columns.get('type')
  if (type?.kind !== 'text') throw new TypeError('no column of text: type')
  return { kind: type.codes, price: numbers('price'), auction: numbers('auction'), ts: numbers('ts') }
}

/** A query that is a sum over some bids of a page. */
function summing(sumOf: (bids: Bids, count: number) => readonly [rows: number, sum: number]): () => Loop {
  return () => {
    let rows = 0
    let sum = 0n
    return {
      take(page) {
        const [some, part] = sumOf(bidsOf(page), page.count)
        rows += some
        sum += BigInt(part)
      },
      answer: () => ({ rows, sum }),
    }
  }
}

const q0 = summing(({ kind, price }, count) => {
  let rows = 0
  let sum = 0
  for (let i = 0; i < count; i++) {
    if (kind[i] !== bidKind) continue
    rows++
    sum += price[i] as number
  }
  return [rows, sum]
})

const q1 = summing(({ kind, price }, count) => {
  let rows = 0
  let sum = 0
  for (let i = 0; i < count; i++) {
    if (kind[i] !== bidKind) continue
    rows++
    sum += euro(price[i] as number)
  }
  return [rows, sum]
})

const q2 = summing(({ kind, price, auction }, count) => {
  let rows = 0
  let sum = 0
  for (let i = 0; i < count; i++) {
    if (kind[i] !== bidKind || (auction[i] as number) % auctionModulus !== 0) continue
    rows++
    sum += price[i] as number
  }
  return [rows, sum]
})

/** Highest price of each window and how many bids reach it. */
function q7(): Loop {
  const highest = new Map<number, { price: number; bids: number }>()
  let open = { price: -1, bids: 0 }
  let openStart = Number.NaN
  return {
    take(page) {
      const { kind, price, ts } = bidsOf(page)
      for (let i = 0; i < page.count; i++) {
        if (kind[i] !== bidKind) continue
        const start = Math.floor((ts[i] as number) / windowMs) * windowMs
        if (start !== openStart) {
          openStart = start
          open = highest.get(start) ?? { price: -1, bids: 0 }
          highest.set(start, open)
        }
        const offered = price[i] as number
        if (offered > open.price) {
          open.price = offered
          open.bids = 1
        } else if (offered === open.price) open.bids++
      }
    },
    answer() {
      const windows = [...highest.values()]
      return {
        rows: windows.reduce((rows, { bids }) => rows + bids, 0),
        sum: windows.reduce((sum, { price, bids }) => sum + BigInt(price) * BigInt(bids), 0n),
      }
    },
  }
}

export const loops: Readonly<Record<Query, () => Loop>> = { q0, q1, q2, q7 }
