/** Nexmark q2: the bids for a few of the auctions. */
import { answer, nexmarkRows } from './bids.ts'

export const q2 = answer('q2', nexmarkRows('q2').filter('./bids.ts#isBidOfFew'), 'price')
