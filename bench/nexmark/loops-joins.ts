/** Nexmark q3, q4, q9, q13 and q20 as plain loops: what comes before its other side waits for it. */
import type { Page } from '../../operators/flow.ts'
import { auctionKind, bidKind, kindsOf, type Loop, mapGet, numbersOf, personKind, sumOf, textsOf } from './loop.ts'

export const categoryWanted = 10
export const statesWanted = ['OR', 'ID', 'CA']
/** Rows of the side table of q13. */
export const sideRows = 10_000

/** Auctions of one category with their seller, where he lives in one of three states. */
export function q3(): Loop {
  const sellers = new Set<number>()
  const auctions: { readonly id: number; readonly seller: number }[] = []
  return {
    take(page) {
      const [kind, person, state] = [kindsOf(page), numbersOf(page, 'person'), textsOf(page, 'state')]
      const [auction, seller, category] = [numbersOf(page, 'auction'), numbersOf(page, 'seller'), numbersOf(page, 'category')]
      for (let i = 0; i < page.count; i++) {
        if (kind[i] === personKind && statesWanted.includes(state.dictionary[state.codes[i] as number] as string))
          sellers.add(person[i] as number)
        else if (kind[i] === auctionKind && category[i] === categoryWanted)
          auctions.push({ id: auction[i] as number, seller: seller[i] as number })
      }
    },
    answer() {
      const found = auctions.filter(({ seller }) => sellers.has(seller)).map(({ id }) => id)
      return { rows: found.length, sum: sumOf(found) }
    },
  }
}

interface Auction {
  readonly ts: number
  readonly expires: number
  readonly category: number
}

/** Calls `visit` with each bid and its auction, once both have come. */
function biddings(visit: (page: Page, row: number, auction: Auction) => void): Loop['take'] {
  const auctions = new Map<number, Auction>()
  const waiting = new Map<number, { readonly page: Page; readonly row: number }[]>()
  return page => {
    const [kind, ts, auction] = [kindsOf(page), numbersOf(page, 'ts'), numbersOf(page, 'auction')]
    const [expires, category] = [numbersOf(page, 'expires'), numbersOf(page, 'category')]
    for (let row = 0; row < page.count; row++) {
      const id = auction[row] as number
      if (kind[row] === auctionKind) {
        const opened = { ts: ts[row] as number, expires: expires[row] as number, category: category[row] as number }
        auctions.set(id, opened)
        for (const bid of waiting.get(id) ?? []) visit(bid.page, bid.row, opened)
        waiting.delete(id)
      } else if (kind[row] === bidKind) {
        const opened = auctions.get(id)
        if (opened === undefined) mapGet(waiting, id, () => []).push({ page, row })
        else visit(page, row, opened)
      }
    }
  }
}

interface Winner {
  readonly category: number
  price: number
}

/** The highest price of each auction while it ran: the price of the winning bid, whichever of equals wins. */
function winners(): { readonly take: Loop['take']; readonly all: Map<number, Winner> } {
  const all = new Map<number, Winner>()
  const take = biddings((page, row, { ts, expires, category }) => {
    const time = numbersOf(page, 'ts')[row] as number
    if (time < ts || time > expires) return
    const price = numbersOf(page, 'price')[row] as number
    const winner = mapGet(all, numbersOf(page, 'auction')[row] as number, () => ({ category, price }))
    if (price > winner.price) winner.price = price
  })
  return { take, all }
}

/** Average winning price of each category. */
export function q4(): Loop {
  const { take, all } = winners()
  return {
    take,
    answer() {
      const byCategory = Map.groupBy(all.values(), ({ category }) => category)
      let sum = 0n
      for (const won of byCategory.values()) sum += sumOf(won.map(({ price }) => price)) / BigInt(won.length)
      return { rows: byCategory.size, sum }
    },
  }
}

/** Winning bid of each auction. */
export function q9(): Loop {
  const { take, all } = winners()
  return { take, answer: () => ({ rows: all.size, sum: sumOf([...all.values()].map(({ price }) => price)) }) }
}

/** Bids with what a table says of their auction. */
export function q13(): Loop {
  const side = new Map(Array.from({ length: sideRows }, (_, key) => [key, `value-${key}`]))
  let rows = 0
  let sum = 0n
  return {
    take(page) {
      const [kind, price, auction] = [kindsOf(page), numbersOf(page, 'price'), numbersOf(page, 'auction')]
      let part = 0
      for (let i = 0; i < page.count; i++) {
        if (kind[i] !== bidKind || side.get((auction[i] as number) % sideRows) === undefined) continue
        rows++
        part += price[i] as number
      }
      sum += BigInt(part)
    },
    answer: () => ({ rows, sum }),
  }
}

/** Bids for auctions of one category. */
export function q20(): Loop {
  let rows = 0
  let sum = 0n
  const take = biddings((page, row, { category }) => {
    if (category !== categoryWanted) return
    rows++
    sum += BigInt(numbersOf(page, 'price')[row] as number)
  })
  return { take, answer: () => ({ rows, sum }) }
}
