/** Nexmark q18: the last bid of each bidder for each auction, by its time and then its number. */
import { answer, bidsOf, nexmarkRows } from './bids.ts'

const last = bidsOf(nexmarkRows('q18')).topN({ id: 'last', n: 1, order: ['-ts', '-n'], by: ['bidder', 'auction'], per: 'end' })

export const q18 = answer('q18', last, 'price')
