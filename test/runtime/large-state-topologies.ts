/** Topologies whose state is larger than the memory the tests give them. */
import { bids } from '../../bench/large-state/rows.ts'
import { count, sum, topology, type TopologyBuilder } from '../../topology/pipeline.ts'

export { bids }

interface BidRow {
  readonly auction: number
  readonly ts: number
}

/** Some 57,000 keys, of which each takes about 180 bytes. */
const options = { events: 100_000, auctions: 80_000, perSecond: 10_000 }

export const counting: TopologyBuilder = topology('counting', { version: 1 })
  .generate<BidRow>('./large-state-topologies.ts#bids', options)
  .count({ id: 'counted', by: ['auction'], as: 'bids' })
  .total({ id: 'answer', aggregate: { rows: count(), bids: sum('bids') } })
  .projection({ name: 'counting', key: ['rows'], value: ['bids'] })

/** All in memory at once: some 60,000 cells and more. */
export const hopping: TopologyBuilder = topology('hopping', { version: 1 })
  .generate<BidRow>('./large-state-topologies.ts#bids', options)
  .eventTime({ id: 'timed', field: 'ts', lag: 0 })
  .hop({ id: 'counted', size: 40_000, every: 10_000, by: ['auction'], aggregate: { bids: count() } })
  .tumble({ id: 'best', size: 10_000, by: ['bids'], aggregate: { auctions: count(), all: sum('auction') } })
  .projection({ name: 'hopping', key: ['windowStart', 'bids'], value: ['auctions', 'all'] })
