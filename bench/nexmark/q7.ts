/** Nexmark q7: in each window of 10 s the bids that reach the highest price, all of them when several do. */
import { argMax } from '../../topology/pipeline.ts'
import { answer, nexmarkRows, type NexmarkRow } from './bids.ts'
import { windowMs } from './loops.ts'

const highest = nexmarkRows('q7')
  .filter('./bids.ts#isBid')
  .eventTime({ id: 'time', field: 'ts', lag: 0 })
  .tumble({ id: 'highest', size: windowMs, aggregate: { bids: argMax('price', ['type', 'auction', 'bidder', 'price', 'ts']) } })
  .unnest<NexmarkRow>('bids')

export const q7 = answer('q7', highest)
