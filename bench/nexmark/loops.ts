/** The queries as plain loops over the columns of a page: the baseline of the benches, and their right answers. */
import { type Answer, bidKind, kindsOf, type Loop, numbersOf } from './loop.ts'
import { q13, q20, q3, q4, q9 } from './loops-joins.ts'
import { q16, q17, q18, q19 } from './loops-tables.ts'
import { q11, q12, q5, q7, q8 } from './loops-windows.ts'

export { type Answer, type Loop, windowMs } from './loop.ts'

export const queries = [
  'q0',
  'q1',
  'q2',
  'q3',
  'q4',
  'q5',
  'q7',
  'q8',
  'q9',
  'q11',
  'q12',
  'q13',
  'q16',
  'q17',
  'q18',
  'q19',
  'q20',
] as const
export type Query = (typeof queries)[number]

/** Prices in euro. */
export const euro = (price: number): number => Math.floor((price * 908) / 1000)
/** Auctions that q2 looks at. */
export const auctionModulus = 123

/** A query that takes bids one by one: what it counts of each, or nothing. */
function summing(priceOf: (price: number, auction: number) => number | undefined): () => Loop {
  return () => {
    let rows = 0
    let sum = 0n
    return {
      take(page) {
        const [kind, price, auction] = [kindsOf(page), numbersOf(page, 'price'), numbersOf(page, 'auction')]
        let part = 0
        for (let i = 0; i < page.count; i++) {
          if (kind[i] !== bidKind) continue
          const one = priceOf(price[i] as number, auction[i] as number)
          if (one === undefined) continue
          rows++
          part += one
        }
        sum += BigInt(part)
      },
      answer: (): Answer => ({ rows, sum }),
    }
  }
}

const q0 = summing(price => price)
const q1 = summing(euro)
const q2 = summing((price, auction) => (auction % auctionModulus === 0 ? price : undefined))

export const loops: Readonly<Record<Query, () => Loop>> = {
  q0,
  q1,
  q2,
  q3,
  q4,
  q5,
  q7,
  q8,
  q9,
  q11,
  q12,
  q13,
  q16,
  q17,
  q18,
  q19,
  q20,
}
