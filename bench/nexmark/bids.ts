/** What the queries share: how many events there are, which rows are bids, and prices in euro, as loops over columns. */
import type { TextColumn } from '../../operators/flow.ts'
import { columns, count, rows, type Stream, sum, topology, type TopologyBuilder } from '../../topology/pipeline.ts'
import type { kinds } from './columns.ts'
import { auctionModulus, euro, type Query } from './loops.ts'

/** Events that the source makes. A topology is data and its module has no arguments, so the number comes by the environment. */
export const events = Number(process.env['NEXMARK_EVENTS'] ?? 1_000_000)

/** Columns that the queries name; a page holds all the others too. */
export interface NexmarkRow {
  readonly type: (typeof kinds)[number]
  readonly ts: number
  readonly auction: number
  readonly bidder: number
  readonly price: number
}

const codeOfBid = ({ dictionary }: TextColumn): number => dictionary.indexOf('bid')

export const isBid = columns({ reads: { type: 'text' }, writes: { keep: 'boolean' } }, ({ type }, { keep }, count) => {
  const bid = codeOfBid(type)
  for (let i = 0; i < count; i++) keep.values[i] = type.codes[i] === bid ? 1 : 0
})

export const isBidOfFew = columns(
  { reads: { type: 'text', auction: 'number' }, writes: { keep: 'boolean' } },
  ({ type, auction }, { keep }, rows) => {
    const bid = codeOfBid(type)
    for (let i = 0; i < rows; i++) keep.values[i] = type.codes[i] === bid && (auction.values[i] as number) % auctionModulus === 0 ? 1 : 0
  },
)

export const inEuro = columns({ reads: { price: 'number' }, writes: { price: 'number' } }, (input, { price }, rows) => {
  for (let i = 0; i < rows; i++) price.values[i] = euro(input.price.values[i] as number)
})

/** The same as closures over rows, as most people write them first: one that is given all columns, and two that say which they read. */
export const withEuro = (row: NexmarkRow): Pick<NexmarkRow, 'type' | 'price'> => ({ type: row.type, price: euro(row.price) })
export const isBidRow = rows<Pick<NexmarkRow, 'type'>, boolean>({ reads: ['type'] }, row => row.type === 'bid')
export const withEuroOfTwo = rows<Pick<NexmarkRow, 'type' | 'price'>>({ reads: ['type', 'price'] }, row => ({
  type: row.type,
  price: euro(row.price),
}))

/** A topology that begins with all the events. */
export function nexmarkRows(query: Query): Stream<NexmarkRow> {
  return topology(query, { version: 1 }).generate<NexmarkRow>('./columns.ts#nexmark', { events })
}

/** The answer as one row of a projection named as the query: rows and the exact sum of the price, under the key `bid`. */
export function answer(query: Query, bids: Stream<Pick<NexmarkRow, 'type' | 'price'>>): TopologyBuilder {
  return bids
    .keyBy('type')
    .total({ id: 'answer', aggregate: { rows: count(), sum: sum('price') } })
    .projection({ name: query, key: ['type'], value: ['rows', 'sum'] })
}
