/** Nexmark q5: in sliding windows of 10 s, one each 2 s, the auctions with most bids, all of them when several have as many. */
import { argMax, count } from '../../topology/pipeline.ts'
import { answer, bidsOf, timedRows } from './bids.ts'
import { hopMs } from './loops-windows.ts'
import { windowMs } from './loops.ts'

/** Results of a window happened at its last millisecond, so windows as long as a step hold those of one window each. */
const hottest = bidsOf(timedRows('q5'))
  .hop({ id: 'counted', size: windowMs, every: hopMs, by: ['auction'], aggregate: { bids: count() } })
  .tumble({ id: 'hottest', size: hopMs, aggregate: { auctions: argMax('bids', ['auction', 'bids']) } })
  .unnest<{ auction: number; bids: number }>('auctions')

export const q5 = answer('q5', hottest, 'bids')
