/** Nexmark as columns: the source of the flow bench, with all fields of all three kinds of events on every page. */
import type { Column, Page } from '../../operators/flow.ts'
import * as g from './generator.ts'

/** Codes of the column `type`. */
export const kinds = ['person', 'auction', 'bid'] as const
export const bidKind = 2

const names = g.firstNames.flatMap(first => g.lastNames.map(last => `${first} ${last}`))
const emails = Array.from({ length: 4000 }, (_, start) => `${g.pool.slice(start, start + 6)}@x.com`)
const cards = Array.from({ length: 9000 }, (_, i) => `0000 1111 2222 ${1000 + i}`)

/** What the dictionaries of the text columns are; they never grow. */
const dictionaries = {
  type: kinds,
  name: names,
  email: emails,
  card: cards,
  city: g.cities,
  state: g.states,
  channel: g.channels,
  url: g.urls,
} as const

const auctionFields = ['seller', 'category', 'initialBid', 'reserve', 'expires'] as const
const bidFields = ['bidder', 'price'] as const

interface Numbers {
  readonly kind: 'number'
  readonly values: Float64Array
  readonly nulls: Uint8Array
}
interface Slices {
  readonly kind: 'slice'
  readonly pool: string
  readonly start: Int32Array
  readonly length: Int32Array
}

/** Columns with every row null: a row writes only the fields that its kind has. */
function emptyNumbers(count: number): Numbers {
  return { kind: 'number', values: new Float64Array(count).fill(Number.NaN), nulls: new Uint8Array(count).fill(1) }
}
function emptyCodes(count: number): Int32Array {
  return new Int32Array(count).fill(-1)
}
function emptySlices(count: number): Slices {
  return { kind: 'slice', pool: g.pool, start: new Int32Array(count), length: new Int32Array(count).fill(-1) }
}

function set(column: Numbers, row: number, value: number): void {
  column.values[row] = value
  column.nulls[row] = 0
}

/** Columns of one page while it is filled. */
interface Draft {
  readonly n: Float64Array
  readonly ts: Float64Array
  readonly kind: Int32Array
  readonly extra: Slices
  readonly person: ReturnType<typeof personDraft>
  readonly auction: ReturnType<typeof auctionDraft>
  readonly bid: ReturnType<typeof bidDraft>
}

const personDraft = (count: number) => ({
  id: emptyNumbers(count),
  name: emptyCodes(count),
  email: emptyCodes(count),
  card: emptyCodes(count),
  city: emptyCodes(count),
  state: emptyCodes(count),
})
const auctionDraft = (count: number) => ({
  /** Shared with bids: the auction opened, or the auction bid for. */
  id: emptyNumbers(count),
  seller: emptyNumbers(count),
  category: emptyNumbers(count),
  initialBid: emptyNumbers(count),
  reserve: emptyNumbers(count),
  expires: emptyNumbers(count),
  item: emptySlices(count),
  description: emptySlices(count),
})
const bidDraft = (count: number) => ({
  bidder: emptyNumbers(count),
  price: emptyNumbers(count),
  channel: emptyCodes(count),
  url: emptyCodes(count),
})

/** Rows `from` to `from + count − 1` as one page. */
export function nexmarkPage(from: number, count: number, group = 1): Page {
  const draft: Draft = {
    n: new Float64Array(count),
    ts: new Float64Array(count),
    kind: new Int32Array(count),
    extra: emptySlices(count),
    person: personDraft(count),
    auction: auctionDraft(count),
    bid: bidDraft(count),
  }
  const order = new Float64Array(count)
  for (let row = 0; row < count; row++) {
    const n = g.shuffled(from + row, group)
    const kind = n % 50
    order[row] = from + row
    draft.n[row] = n
    draft.ts[row] = g.timeOf(n)
    draft.extra.start[row] = g.extraStart(n)
    if (kind >= g.personsOf50 + g.auctionsOf50) writeBid(draft, row, n)
    else if (kind >= g.personsOf50) writeAuction(draft, row, n)
    else writePerson(draft, row, n)
  }
  return { kind: 'page', port: 'main', input: 0, count, columns: columnsOf(draft), order }
}

function writeBid({ kind, extra, auction, bid }: Draft, row: number, n: number): void {
  const place = g.channel(n)
  kind[row] = bidKind
  extra.length[row] = g.extraLength(n, g.extraWanted.bid)
  set(auction.id, row, g.bidAuction(n))
  set(bid.bidder, row, g.bidder(n))
  set(bid.price, row, g.price(n, 5))
  bid.channel[row] = place
  bid.url[row] = place
}

function writeAuction({ kind, extra, auction }: Draft, row: number, n: number): void {
  const initialBid = g.price(n, 4)
  const start = g.itemStart(n)
  kind[row] = 1
  extra.length[row] = g.extraLength(n, g.extraWanted.auction)
  set(auction.id, row, g.firstId + g.lastAuction(n))
  set(auction.seller, row, g.seller(n))
  set(auction.category, row, g.categoryFirst + g.draw(n, 3, 5))
  set(auction.initialBid, row, initialBid)
  set(auction.reserve, row, initialBid + g.price(n, 6))
  set(auction.expires, row, g.expiry(n))
  auction.item.start[row] = start
  auction.item.length[row] = g.itemLetters
  auction.description.start[row] = start
  auction.description.length[row] = g.descriptionLetters
}

function writePerson({ extra, person }: Draft, row: number, n: number): void {
  extra.length[row] = g.extraLength(n, g.extraWanted.person)
  set(person.id, row, g.firstId + g.lastPerson(n))
  person.name[row] = g.draw(n, 1, 11) * g.lastNames.length + g.draw(n, 2, 9)
  person.email[row] = g.emailStart(n)
  person.card[row] = g.draw(n, 4, 9000)
  person.city[row] = g.draw(n, 5, 10)
  person.state[row] = g.draw(n, 6, 6)
}

function columnsOf({ n, ts, kind, extra, person, auction, bid }: Draft): Map<string, Column> {
  const text = (name: keyof typeof dictionaries, codes: Int32Array): [string, Column] => [
    name,
    { kind: 'text', codes, dictionary: dictionaries[name] },
  ]
  return new Map<string, Column>([
    ['n', { kind: 'number', values: n }],
    text('type', kind),
    ['ts', { kind: 'number', values: ts }],
    ['extra', extra],
    ['person', person.id],
    text('name', person.name),
    text('email', person.email),
    text('card', person.card),
    text('city', person.city),
    text('state', person.state),
    ['auction', auction.id],
    ...auctionFields.map((name): [string, Column] => [name, auction[name]]),
    ['item', auction.item],
    ['description', auction.description],
    ...bidFields.map((name): [string, Column] => [name, bid[name]]),
    text('channel', bid.channel),
    text('url', bid.url),
  ])
}

export interface NexmarkOptions {
  readonly events: number
  /** Shuffles within groups of so many events. */
  readonly group?: number
}

/** The generated source: the same page for the same place, so that a restart goes on where it stopped. */
export function nexmark({ events, group = 1 }: NexmarkOptions): { next(rows: number, fromRow: number): Page | null } {
  return {
    next: (rows, fromRow) => (fromRow >= events ? null : nexmarkPage(fromRow, Math.min(rows, events - fromRow), group)),
  }
}
