/** Nexmark q9: the winning bid of each auction, the highest, of equals the earliest. */
import { answer } from './bids.ts'
import { validBids } from './winning-bids.ts'

const winning = validBids('q9').topN({ id: 'winning', n: 1, order: ['-bidPrice', 'bidTime', 'bidNumber'], by: ['auction'], per: 'end' })

export const q9 = answer('q9', winning, 'bidPrice')
