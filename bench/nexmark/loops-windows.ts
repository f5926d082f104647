/** Nexmark q5, q7, q8, q11 and q12 as plain loops. */
import { auctionKind, bidKind, kindsOf, type Loop, mapGet, numbersOf, personKind, sumOf, windowMs, windowOf } from './loop.ts'

export const hopMs = 2000
export const gapMs = 10_000

/** The auctions with most bids in each sliding window. */
export function q5(): Loop {
  /** Bids by auction of each stretch of `hopMs`. */
  const slices = new Map<number, Map<number, number>>()
  return {
    take(page) {
      const [kind, ts, auction] = [kindsOf(page), numbersOf(page, 'ts'), numbersOf(page, 'auction')]
      for (let i = 0; i < page.count; i++) {
        if (kind[i] !== bidKind) continue
        const bids = mapGet(slices, windowOf(ts[i] as number, hopMs), () => new Map<number, number>())
        bids.set(auction[i] as number, (bids.get(auction[i] as number) ?? 0) + 1)
      }
    },
    answer() {
      const windows = new Map<number, Map<number, number>>()
      for (const [slice, bids] of slices) {
        for (let start = slice + hopMs - windowMs; start <= slice; start += hopMs) {
          const all = mapGet(windows, start, () => new Map<number, number>())
          for (const [auction, count] of bids) all.set(auction, (all.get(auction) ?? 0) + count)
        }
      }
      const hot = [...windows.values()].flatMap(bids => {
        const most = [...bids.values()].reduce((left, right) => Math.max(left, right), 0)
        return [...bids.values()].filter(count => count === most)
      })
      return { rows: hot.length, sum: sumOf(hot) }
    },
  }
}

/** Highest price of each window and how many bids reach it. */
export function q7(): Loop {
  const highest = new Map<number, { price: number; bids: number }>()
  let open = { price: -1, bids: 0 }
  let openStart = Number.NaN
  return {
    take(page) {
      const [kind, price, ts] = [kindsOf(page), numbersOf(page, 'price'), numbersOf(page, 'ts')]
      for (let i = 0; i < page.count; i++) {
        if (kind[i] !== bidKind) continue
        const start = windowOf(ts[i] as number, windowMs)
        if (start !== openStart) {
          openStart = start
          open = mapGet(highest, start, () => ({ price: -1, bids: 0 }))
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

/** Persons who opened an auction in the window in which they joined. */
export function q8(): Loop {
  const joined = new Map<number, Set<number>>()
  const sold = new Map<number, Set<number>>()
  return {
    take(page) {
      const [kind, ts] = [kindsOf(page), numbersOf(page, 'ts')]
      const [person, seller] = [numbersOf(page, 'person'), numbersOf(page, 'seller')]
      for (let i = 0; i < page.count; i++) {
        const start = windowOf(ts[i] as number, windowMs)
        if (kind[i] === personKind) mapGet(joined, start, () => new Set<number>()).add(person[i] as number)
        else if (kind[i] === auctionKind) mapGet(sold, start, () => new Set<number>()).add(seller[i] as number)
      }
    },
    answer() {
      const both = [...joined].flatMap(([start, persons]) => [...persons].filter(person => sold.get(start)?.has(person)))
      return { rows: both.length, sum: sumOf(both) }
    },
  }
}

/** Bids of each session; events come at most a few thousand places out of order, so the open session is the only one that may grow. */
export function q11(): Loop {
  const lastBid = new Map<number, number>()
  let sessions = 0
  let bids = 0
  return {
    take(page) {
      const [kind, ts, bidder] = [kindsOf(page), numbersOf(page, 'ts'), numbersOf(page, 'bidder')]
      for (let i = 0; i < page.count; i++) {
        if (kind[i] !== bidKind) continue
        const [time, by] = [ts[i] as number, bidder[i] as number]
        const last = lastBid.get(by)
        if (last === undefined || time - last > gapMs) sessions++
        lastBid.set(by, Math.max(last ?? time, time))
        bids++
      }
    },
    answer: () => ({ rows: sessions, sum: BigInt(bids) }),
  }
}

/** Bids of each bidder, whatever the window: only their sum can be compared, and the loop counts no windows. */
export function q12(): Loop {
  const bids = new Map<number, number>()
  return {
    take(page) {
      const [kind, bidder] = [kindsOf(page), numbersOf(page, 'bidder')]
      for (let i = 0; i < page.count; i++) if (kind[i] === bidKind) bids.set(bidder[i] as number, (bids.get(bidder[i] as number) ?? 0) + 1)
    },
    answer: () => ({ rows: bids.size, sum: sumOf(bids.values()) }),
  }
}
