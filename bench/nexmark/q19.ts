/** Nexmark q19: the ten highest bids of each auction, the earlier of equals. */
import { answer, bidsOf, nexmarkRows } from './bids.ts'
import { bestBids } from './loops-tables.ts'

const highest = bidsOf(nexmarkRows('q19')).topN({ id: 'highest', n: bestBids, order: ['-price', 'ts', 'n'], by: ['auction'], per: 'end' })

export const q19 = answer('q19', highest, 'price')
