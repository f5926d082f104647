/** Nexmark q20: bids with their auction, where it is of one category; either may come first, and both are kept. */
import { answer, auctionsOf, bidsOf, nexmarkRows } from './bids.ts'
import { categoryWanted } from './loops-joins.ts'

const rows = nexmarkRows('q20')
const wanted = auctionsOf(rows).filter(`category = ${categoryWanted}`, { id: 'wanted' })

const bids = bidsOf(rows).joinTable(wanted, {
  id: 'bids',
  match: ['auction'],
  keep: 'both',
  state: 'unbounded',
  take: { opened: 'ts', expired: 'expires', soldBy: 'seller', kindOfItem: 'category' },
})

export const q20 = answer('q20', bids, 'price')
