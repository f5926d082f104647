/** Bids of many auctions, and the topologies that keep state of each auction. */
import { numberColumn } from '../../operators/columns.ts'
import type { Page } from '../../operators/flow.ts'
import { count, sum, topology, type TopologyBuilder } from '../../topology/pipeline.ts'
import { bidAuction, hash } from '../nexmark/generator.ts'

export interface BidOptions {
  readonly events: number
  /** How many auctions there are, of which any gets a bid; as in Nexmark, where bids are for new auctions, when left out. */
  readonly auctions?: number
  /** Events a second of event time. */
  readonly perSecond: number
}

export function bids({ events, auctions, perSecond }: BidOptions): { next(rows: number, fromRow: number): Page | null } {
  return {
    next(rows, fromRow) {
      const made = Math.min(rows, events - fromRow)
      if (made <= 0) return null
      const [order, auction, ts] = [new Float64Array(made), new Float64Array(made), new Float64Array(made)]
      for (let i = 0; i < made; i++) {
        const row = fromRow + i
        order[i] = row
        auction[i] = auctions === undefined ? bidAuction(row) : hash(row, 1) % auctions
        ts[i] = Math.floor((row * 1000) / perSecond)
      }
      const columns = new Map([
        ['auction', numberColumn(auction)],
        ['ts', numberColumn(ts)],
      ])
      return { kind: 'page', port: 'main', input: 0, count: made, columns, order }
    },
  }
}

interface BidRow {
  readonly auction: number
  readonly ts: number
}

/** As q5 of Nexmark: bids of each auction in the last ten seconds, every two; then how many rows left, and the sum of what they counted. */
export function hopping(options: BidOptions): TopologyBuilder {
  return topology('hopping', { version: 1 })
    .generate<BidRow>('./rows.ts#bids', { ...options })
    .eventTime({ id: 'timed', field: 'ts', lag: 0 })
    .hop({ id: 'counted', size: 10_000, every: 2000, by: ['auction'], aggregate: { bids: count() } })
    .total({ id: 'answer', aggregate: { rows: count(), bids: sum('bids') } })
    .projection({ name: 'answer', key: ['rows'], value: ['bids'] })
}

/** All bids of each auction, for ever. */
export function counting(options: BidOptions): TopologyBuilder {
  return topology('counting', { version: 1 })
    .generate<BidRow>('./rows.ts#bids', { ...options })
    .count({ id: 'counted', by: ['auction'], as: 'bids' })
    .total({ id: 'answer', aggregate: { rows: count(), bids: sum('bids') } })
    .projection({ name: 'answer', key: ['rows'], value: ['bids'] })
}
