/** What the queries share: the source, which rows are bids, prices in euro as loops over columns, and the answer that is compared. */
import type { TextColumn } from '../../operators/flow.ts'
import { columns, count, type Fields, rows, type Stream, sum, topology, type TopologyBuilder } from '../../topology/pipeline.ts'
import type { kinds } from './columns.ts'
import { eventsPerSecond } from './generator.ts'
import { auctionModulus, euro, type Query } from './loops.ts'

/** Events that the source makes. A topology is data and its module has no arguments, so the number comes by the environment. */
export const events = Number(process.env['NEXMARK_EVENTS'] ?? 1_000_000)

/** Events are shuffled within groups of so many. */
export const group = Number(process.env['NEXMARK_GROUP'] ?? 1)
/** An event is older than the newest one by this at most, ms: the watermark waits for a whole group. */
const lagMs = group === 1 ? 0 : Math.ceil((group * 1000) / eventsPerSecond)

/** Columns that the queries name; a page holds all the others too, and each row has those of its kind. */
export interface NexmarkRow {
  readonly type: (typeof kinds)[number]
  readonly n: number
  readonly ts: number
  readonly person: number
  readonly name: string
  readonly city: string
  readonly state: string
  readonly auction: number
  readonly seller: number
  readonly category: number
  readonly expires: number
  readonly bidder: number
  readonly price: number
  readonly channel: string
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
  return topology(query, { version: 1 }).generate<NexmarkRow>('./columns.ts#nexmark', { events, group })
}

/** All the events with their time. */
export function timedRows(query: Query): Stream<NexmarkRow> {
  return nexmarkRows(query).eventTime({ id: 'time', field: 'ts', lag: lagMs })
}

export const bidsOf = (rows: Stream<NexmarkRow>): Stream<NexmarkRow> => rows.filter("type = 'bid'", { id: 'bids-only' })
export const auctionsOf = (rows: Stream<NexmarkRow>): Stream<NexmarkRow> => rows.filter("type = 'auction'", { id: 'auctions-only' })
export const personsOf = (rows: Stream<NexmarkRow>): Stream<NexmarkRow> => rows.filter("type = 'person'", { id: 'persons-only' })

/** The answer as one row of a projection named as the query: how many rows there are, and the exact sum of a column of theirs. */
export function answer<Row extends Fields>(query: Query, rows: Stream<Row>, column: keyof Row & string): TopologyBuilder {
  return rows
    .total({ id: 'answer', aggregate: { rows: count(), sum: sum(column) } })
    .map<{ query: string; rows: number; sum: number }>({ query: `'${query}'` })
    .projection({ name: query, key: ['query'], value: ['rows', 'sum'] })
}
