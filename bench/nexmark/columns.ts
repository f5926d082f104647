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

type Numbers = Float64Array<ArrayBuffer>
type Codes = Int32Array<ArrayBuffer>
interface Slices {
  readonly kind: 'slice'
  readonly pool: string
  readonly start: Codes
  readonly length: Codes
}

/** One buffer for all arrays of a page: thirty small ones would cost the collector more than the rows cost us. */
class Room {
  readonly #buffer: ArrayBuffer
  readonly #count: number
  #at = 0

  constructor(count: number) {
    this.#count = count
    this.#buffer = new ArrayBuffer(bytesOfRow * (count + 8))
  }

  #take(bytes: number): number {
    const at = this.#at
    this.#at = (at + bytes * this.#count + 7) & ~7
    return at
  }

  numbers(): Numbers {
    return new Float64Array(this.#buffer, this.#take(8), this.#count)
  }
  /** All null: a row writes only the fields that its kind has. */
  nullNumbers(): Numbers {
    return this.numbers().fill(Number.NaN)
  }
  codes(): Codes {
    return new Int32Array(this.#buffer, this.#take(4), this.#count)
  }
  nullCodes(): Codes {
    return this.codes().fill(-1)
  }
  slices(): Slices {
    return { kind: 'slice', pool: g.pool, start: this.codes(), length: this.nullCodes() }
  }
  nulls(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#buffer, this.#take(1), this.#count).fill(1)
  }
}

/** 12 columns of numbers, 8 of codes, 3 of slices, 4 of nulls. */
const bytesOfRow = 12 * 8 + 8 * 4 + 3 * 8 + 4

/** Columns of one page while it is filled; the fields of a kind share who is null. */
type Draft = ReturnType<typeof draftOf>

const draftOf = (count: number) => {
  const room = new Room(count)
  return {
    order: room.numbers(),
    n: room.numbers(),
    ts: room.numbers(),
    kind: room.codes(),
    extra: room.slices(),
    person: {
      nulls: room.nulls(),
      id: room.nullNumbers(),
      name: room.nullCodes(),
      email: room.nullCodes(),
      card: room.nullCodes(),
      city: room.nullCodes(),
      state: room.nullCodes(),
    },
    /** The auction that was opened, or that is bid for. */
    auctionId: { nulls: room.nulls(), values: room.nullNumbers() },
    auction: {
      nulls: room.nulls(),
      seller: room.nullNumbers(),
      category: room.nullNumbers(),
      initialBid: room.nullNumbers(),
      reserve: room.nullNumbers(),
      expires: room.nullNumbers(),
      item: room.slices(),
      description: room.slices(),
    },
    bid: { nulls: room.nulls(), bidder: room.nullNumbers(), price: room.nullNumbers(), channel: room.nullCodes(), url: room.nullCodes() },
  }
}

/** Rows `from` to `from + count − 1` as one page. */
export function nexmarkPage(from: number, count: number, group = 1): Page {
  const draft = draftOf(count)
  for (let row = 0; row < count; row++) {
    const n = g.shuffled(from + row, group)
    const kind = n % 50
    draft.order[row] = from + row
    draft.n[row] = n
    draft.ts[row] = g.timeOf(n)
    draft.extra.start[row] = g.extraStart(n)
    if (kind >= g.personsOf50 + g.auctionsOf50) writeBid(draft, row, n)
    else if (kind >= g.personsOf50) writeAuction(draft, row, n)
    else writePerson(draft, row, n)
  }
  return { kind: 'page', port: 'main', input: 0, count, columns: columnsOf(draft), order: draft.order }
}

function writeBid({ kind, extra, auctionId, bid }: Draft, row: number, n: number): void {
  const place = g.channel(n)
  kind[row] = bidKind
  extra.length[row] = g.extraLength(n, g.extraWanted.bid)
  auctionId.nulls[row] = 0
  auctionId.values[row] = g.bidAuction(n)
  bid.nulls[row] = 0
  bid.bidder[row] = g.bidder(n)
  bid.price[row] = g.price(n, 5)
  bid.channel[row] = place
  bid.url[row] = place
}

function writeAuction({ kind, extra, auctionId, auction }: Draft, row: number, n: number): void {
  const initialBid = g.price(n, 4)
  const start = g.itemStart(n)
  kind[row] = 1
  extra.length[row] = g.extraLength(n, g.extraWanted.auction)
  auctionId.nulls[row] = 0
  auctionId.values[row] = g.firstId + g.lastAuction(n)
  auction.nulls[row] = 0
  auction.seller[row] = g.seller(n)
  auction.category[row] = g.categoryFirst + g.draw(n, 3, 5)
  auction.initialBid[row] = initialBid
  auction.reserve[row] = initialBid + g.price(n, 6)
  auction.expires[row] = g.expiry(n)
  auction.item.start[row] = start
  auction.item.length[row] = g.itemLetters
  auction.description.start[row] = start
  auction.description.length[row] = g.descriptionLetters
}

function writePerson({ kind, extra, person }: Draft, row: number, n: number): void {
  kind[row] = 0
  extra.length[row] = g.extraLength(n, g.extraWanted.person)
  person.nulls[row] = 0
  person.id[row] = g.firstId + g.lastPerson(n)
  person.name[row] = g.draw(n, 1, 11) * g.lastNames.length + g.draw(n, 2, 9)
  person.email[row] = g.emailStart(n)
  person.card[row] = g.draw(n, 4, 9000)
  person.city[row] = g.draw(n, 5, 10)
  person.state[row] = g.draw(n, 6, 6)
}

function columnsOf({ n, ts, kind, extra, person, auctionId, auction, bid }: Draft): Map<string, Column> {
  const text = (name: keyof typeof dictionaries, codes: Int32Array): [string, Column] => [
    name,
    { kind: 'text', codes, dictionary: dictionaries[name] },
  ]
  const number = (name: string, values: Float64Array, nulls: Uint8Array): [string, Column] => [name, { kind: 'number', values, nulls }]
  return new Map<string, Column>([
    ['n', { kind: 'number', values: n }],
    text('type', kind),
    ['ts', { kind: 'number', values: ts }],
    ['extra', extra],
    number('person', person.id, person.nulls),
    text('name', person.name),
    text('email', person.email),
    text('card', person.card),
    text('city', person.city),
    text('state', person.state),
    number('auction', auctionId.values, auctionId.nulls),
    ...auctionFields.map(name => number(name, auction[name], auction.nulls)),
    ['item', auction.item],
    ['description', auction.description],
    ...bidFields.map(name => number(name, bid[name], bid.nulls)),
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
