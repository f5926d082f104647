/** Nexmark q7: in each window of 10 s the bids that reach the highest price, all of them when several do. */
import { argMax } from '../../topology/pipeline.ts'
import { answer, bidsOf, type NexmarkRow, timedRows } from './bids.ts'
import { windowMs } from './loops.ts'

const highest = bidsOf(timedRows('q7'))
  .tumble({ id: 'highest', size: windowMs, aggregate: { bids: argMax('price', ['auction', 'bidder', 'price', 'ts']) } })
  .unnest<NexmarkRow>('bids')

export const q7 = answer('q7', highest, 'price')
