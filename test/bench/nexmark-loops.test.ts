/** The Nexmark loops answer as the plainest words over objects do, whatever the size of the pages and the order of the events. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { nexmarkPage } from '../../bench/nexmark/columns.ts'
import { type Auction, type Bid, eventAt, type Person } from '../../bench/nexmark/generator.ts'
import { type Answer, auctionModulus, euro, loops, queries, type Query } from '../../bench/nexmark/loops.ts'

/** A window of 10 s and a part of the next. */
const count = 120_000
const events = Array.from({ length: count }, (_, n) => eventAt(n))
const persons = events.flatMap(({ person }): Person[] => (person ? [person] : []))
const auctions = events.flatMap(({ auction }): Auction[] => (auction ? [auction] : []))
const bids = events.flatMap(({ bid }): Bid[] => (bid ? [bid] : []))
const prices = bids.map(({ price }) => price)

const personsById = new Map(persons.map(person => [person.id, person]))
const auctionsById = new Map(auctions.map(auction => [auction.id, auction]))
const sales = Map.groupBy(auctions, ({ seller }) => seller)
const auctionOf = ({ auction }: Bid): Auction | undefined => auctionsById.get(auction)
const tumbling = ({ ts }: { readonly ts: number }): number => Math.floor(ts / 10_000)
const largest = (numbers: readonly number[]): number => numbers.reduce((left, right) => Math.max(left, right), -Infinity)
const distinct = (numbers: readonly number[]): number => new Set(numbers).size
const groups = <Row>(rows: readonly Row[], key: (row: Row) => unknown): Row[][] => [...Map.groupBy(rows, key).values()]

/** The price of the winning bid of each auction that has one. */
const won = groups(
  bids.filter(bid => {
    const auction = auctionOf(bid)
    return auction !== undefined && bid.ts >= auction.ts && bid.ts <= auction.expires
  }),
  ({ auction }) => auction,
).map(all => ({ category: auctionOf(all[0] as Bid)?.category, price: largest(all.map(({ price }) => price)) }))

function hottest(windowEnd: number): number[] {
  const open = bids.filter(({ ts }) => ts >= windowEnd - 10_000 && ts < windowEnd)
  const counts = groups(open, ({ auction }) => auction).map(all => all.length)
  return counts.filter(bidsOfOne => bidsOfOne === largest(counts))
}

function sessionsOf(times: readonly number[]): number[] {
  const lengths: number[] = []
  for (const [at, time] of times.entries()) {
    if (at === 0 || time - (times[at - 1] as number) > 10_000) lengths.push(0)
    lengths.push((lengths.pop() as number) + 1)
  }
  return lengths
}

function countsOf(all: readonly Bid[]): number[] {
  const bands = [all, all.filter(({ price }) => price < 10_000), all.filter(({ price }) => price >= 10_000 && price < 1_000_000)]
  bands.push(all.filter(({ price }) => price >= 1_000_000))
  return bands.flatMap(some => [some.length, distinct(some.map(({ bidder }) => bidder)), distinct(some.map(({ auction }) => auction))])
}

const firstEnd = Math.floor((events[0]?.ts ?? 0) / 2000) * 2000 + 2000
const windowEnds = Array.from({ length: 10 }, (_, window) => firstEnd + 2000 * window)
const total = (numbers: readonly number[]): number => numbers.reduce((sum, number) => sum + number, 0)

/** The column that is added up, of each row of the result. */
const results: Readonly<Record<Query, () => number[]>> = {
  q0: () => prices,
  q1: () => prices.map(euro),
  q2: () => bids.filter(({ auction }) => auction % auctionModulus === 0).map(({ price }) => price),
  q3: () =>
    auctions.filter(({ category, seller }) => category === 10 && /OR|ID|CA/.test(personsById.get(seller)?.state ?? '')).map(({ id }) => id),
  q4: () => groups(won, ({ category }) => category).map(all => Math.floor(total(all.map(({ price }) => price)) / all.length)),
  q5: () => windowEnds.flatMap(hottest),
  q7: () =>
    groups(bids, tumbling).flatMap(window => {
      const highest = largest(window.map(({ price }) => price))
      return window.map(({ price }) => price).filter(price => price === highest)
    }),
  q8: () => persons.filter(person => sales.get(person.id)?.some(auction => tumbling(auction) === tumbling(person))).map(({ id }) => id),
  q9: () => won.map(({ price }) => price),
  q11: () => groups(bids, ({ bidder }) => bidder).flatMap(all => sessionsOf(all.map(({ ts }) => ts))),
  q12: () => groups(bids, ({ bidder }) => bidder).map(all => all.length),
  q13: () => prices,
  q16: () => groups(bids, ({ channel }) => channel).map(all => total(countsOf(all))),
  q17: () => groups(bids, ({ auction }) => auction).map(all => total(all.map(({ price }) => price))),
  q18: () => groups(bids, ({ auction, bidder }) => `${auction} ${bidder}`).map(all => all.at(-1)?.price as number),
  q19: () =>
    groups(bids, ({ auction }) => auction).flatMap(all => {
      const sorted = all.map(({ price }) => price).sort((a, b) => b - a)
      return sorted.slice(0, 10)
    }),
  q20: () => bids.filter(bid => auctionOf(bid)?.category === 10).map(({ price }) => price),
}

function plainly(query: Query): Answer {
  const rows = results[query]()
  return { rows: rows.length, sum: rows.reduce((sum, price) => sum + BigInt(price), 0n) }
}

function loopOver(query: Query, pageRows: number, group: number): Answer {
  const loop = loops[query]()
  for (let from = 0; from < count; from += pageRows) loop.take(nexmarkPage(from, Math.min(pageRows, count - from), group))
  return loop.answer()
}

for (const query of queries) {
  test(`the loop of ${query}`, () => {
    const expected = plainly(query)
    assert.ok(expected.rows > 0)
    // The last group is whole, so that the same events came.
    for (const [pageRows, group] of [
      [4096, 1],
      [777, 1],
      [4096, 1000],
    ] as const)
      assert.equal(loopOver(query, pageRows, group), expected, `pages of ${pageRows}, groups of ${group}`)
  })
}

test.run()
