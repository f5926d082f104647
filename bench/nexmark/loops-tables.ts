/** Nexmark q16 to q19 as plain loops: tables of which each key has one row at the end. */
import { bidKind, kindsOf, type Loop, mapGet, numbersOf, pairOf, sumOf, textsOf, windowOf } from './loop.ts'

export const dayMs = 86_400_000
/** Prices below the first are in band 0, from the last on in band 2. */
export const bandEdges = [10_000, 1_000_000] as const
const bandOf = (price: number): number => (price < bandEdges[0] ? 0 : price < bandEdges[1] ? 1 : 2)
/** How many of the highest bids q19 keeps. */
export const bestBids = 10

/** Of one channel and day, each in all and by price band. */
class Channel {
  readonly bids = [0, 0, 0, 0]
  readonly bidders = Array.from({ length: 4 }, () => new Set<number>())
  readonly auctions = Array.from({ length: 4 }, () => new Set<number>())

  take(band: number, bidder: number, auction: number): void {
    for (const at of [0, 1 + band]) {
      this.bids[at] = (this.bids[at] as number) + 1
      this.bidders[at]?.add(bidder)
      this.auctions[at]?.add(auction)
    }
  }

  get counts(): number[] {
    return [...this.bids, ...this.bidders.map(({ size }) => size), ...this.auctions.map(({ size }) => size)]
  }
}

/** Bids, bidders and auctions of each channel and day. */
export function q16(): Loop {
  const channels = new Map<number, Channel>()
  return {
    take(page) {
      const [kind, ts, price, channel] = [kindsOf(page), numbersOf(page, 'ts'), numbersOf(page, 'price'), textsOf(page, 'channel').codes]
      const [auction, bidder] = [numbersOf(page, 'auction'), numbersOf(page, 'bidder')]
      for (let i = 0; i < page.count; i++) {
        if (kind[i] !== bidKind) continue
        const key = pairOf(channel[i] as number, windowOf(ts[i] as number, dayMs) / dayMs)
        mapGet(channels, key, () => new Channel()).take(bandOf(price[i] as number), bidder[i] as number, auction[i] as number)
      }
    },
    answer: () => ({ rows: channels.size, sum: sumOf([...channels.values()].flatMap(({ counts }) => counts)) }),
  }
}

interface Prices {
  readonly bids: [number, number, number]
  min: number
  max: number
  sum: number
}

/** Prices of each auction and day. */
export function q17(): Loop {
  const auctions = new Map<number, Prices>()
  return {
    take(page) {
      const [kind, ts, price, auction] = [kindsOf(page), numbersOf(page, 'ts'), numbersOf(page, 'price'), numbersOf(page, 'auction')]
      for (let i = 0; i < page.count; i++) {
        if (kind[i] !== bidKind) continue
        const [key, offered] = [pairOf(auction[i] as number, windowOf(ts[i] as number, dayMs) / dayMs), price[i] as number]
        const prices = mapGet(auctions, key, (): Prices => ({ bids: [0, 0, 0], min: offered, max: offered, sum: 0 }))
        prices.bids[bandOf(offered) as 0 | 1 | 2]++
        prices.min = Math.min(prices.min, offered)
        prices.max = Math.max(prices.max, offered)
        prices.sum += offered
      }
    },
    answer: () => ({ rows: auctions.size, sum: sumOf([...auctions.values()].map(({ sum }) => sum)) }),
  }
}

/** The last bid of each bidder for each auction. */
export function q18(): Loop {
  const last = new Map<number, { n: number; price: number }>()
  return {
    take(page) {
      const [kind, n, price] = [kindsOf(page), numbersOf(page, 'n'), numbersOf(page, 'price')]
      const [auction, bidder] = [numbersOf(page, 'auction'), numbersOf(page, 'bidder')]
      for (let i = 0; i < page.count; i++) {
        if (kind[i] !== bidKind) continue
        const newest = mapGet(last, pairOf(bidder[i] as number, auction[i] as number), () => ({ n: -1, price: 0 }))
        // The time rises with the number.
        if ((n[i] as number) < newest.n) continue
        newest.n = n[i] as number
        newest.price = price[i] as number
      }
    },
    answer: () => ({ rows: last.size, sum: sumOf([...last.values()].map(({ price }) => price)) }),
  }
}

/** The ten highest bids of each auction. Of equal prices it does not matter which is kept: only the prices are added. */
export function q19(): Loop {
  const best = new Map<number, number[]>()
  return {
    take(page) {
      const [kind, price, auction] = [kindsOf(page), numbersOf(page, 'price'), numbersOf(page, 'auction')]
      for (let i = 0; i < page.count; i++) {
        if (kind[i] !== bidKind) continue
        const [prices, offered] = [mapGet(best, auction[i] as number, (): number[] => []), price[i] as number]
        if (prices.length === bestBids && offered <= (prices.at(-1) as number)) continue
        if (prices.length === bestBids) prices.pop()
        let at = prices.length
        while (at > 0 && (prices[at - 1] as number) < offered) at--
        prices.splice(at, 0, offered)
      }
    },
    answer() {
      const all = [...best.values()].flat()
      return { rows: all.length, sum: sumOf(all) }
    },
  }
}
