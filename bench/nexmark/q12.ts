/** Nexmark q12: the bids of each bidder in each window of 10 s of processing time: when they came, not when they happened. */
import { count } from '../../topology/pipeline.ts'
import { answer, bidsOf, nexmarkRows } from './bids.ts'
import { windowMs } from './loops.ts'

const counted = bidsOf(nexmarkRows('q12'))
  .processingTime({ id: 'came' })
  .tumble({ id: 'counted', size: windowMs, by: ['bidder'], aggregate: { bids: count() } })

export const q12 = answer('q12', counted, 'bids')
