/** What q4 and q9 share: the bids of each auction while it ran, from its time until it expires, both included. */
import { auctionsOf, bidsOf, timedRows } from './bids.ts'
import type { Query } from './loops.ts'

export function validBids(query: Query) {
  const rows = timedRows(query)
  return auctionsOf(rows).joinInterval(bidsOf(rows), {
    id: 'valid',
    match: ['auction'],
    until: 'expires',
    take: { bidPrice: 'price', bidTime: 'ts', bidNumber: 'n', winner: 'bidder' },
  })
}
