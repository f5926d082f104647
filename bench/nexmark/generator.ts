/** Deterministic Nexmark: every field of event `n` is a pure function of `n` in 32-bit integer arithmetic, equal in every language. */

export const startMs = 1_700_000_000_000
/** Events a second of event time. */
export const eventsPerSecond = 10_000
/** Ids of persons and auctions begin here. */
export const firstId = 1000

export const personsOf50 = 1
export const auctionsOf50 = 3

export interface Person {
  readonly id: number
  readonly name: string
  readonly email: string
  readonly card: string
  readonly city: string
  readonly state: string
  readonly ts: number
  readonly extra: string
}
export interface Auction {
  readonly id: number
  readonly seller: number
  readonly category: number
  readonly initialBid: number
  readonly reserve: number
  readonly item: string
  readonly desc: string
  readonly ts: number
  readonly expires: number
  readonly extra: string
}
export interface Bid {
  readonly auction: number
  readonly bidder: number
  readonly price: number
  readonly channel: string
  readonly url: string
  readonly ts: number
  readonly extra: string
}
/** 0 person, 1 auction, 2 bid: the two others are null. */
export type NexmarkEvent =
  | { readonly type: 0; readonly ts: number; readonly person: Person; readonly auction: null; readonly bid: null }
  | { readonly type: 1; readonly ts: number; readonly person: null; readonly auction: Auction; readonly bid: null }
  | { readonly type: 2; readonly ts: number; readonly person: null; readonly auction: null; readonly bid: Bid }

/** The hash of event `n` and draw `k`, 32 bits. */
export function hash(n: number, k: number): number {
  let h = Math.imul(n ^ Math.imul(k, 0x9e3779b1 | 0), 0x85ebca6b | 0)
  h ^= h >>> 15
  h = Math.imul(h, 0xc2b2ae35 | 0)
  h ^= h >>> 13
  h = Math.imul(h, 0x27d4eb2f | 0)
  h ^= h >>> 16
  return h >>> 0
}

/** Draw `k` of event `n`, below `bound`. */
export const draw = (n: number, k: number, bound: number): number => Math.floor((hash(n, k) * bound) / 4294967296)

const tenTo = [1, 10, 100, 1000]

/** Prices from 100 to 99,999,900, each of six decades as likely as another. */
export function price(n: number, k: number): number {
  const decade = draw(n, k, 6)
  const digits = 100_000 + draw(n, k + 1, 900_000)
  return decade >= 3 ? digits * (tenTo[decade - 3] as number) : Math.floor(digits / (tenTo[3 - decade] as number))
}

/** Letters that all free texts are stretches of. */
export const pool = Array.from({ length: 4096 }, (_, i) => String.fromCharCode(97 + draw(i, 99, 26))).join('')

export const firstNames = 'Peter,Paul,Luke,John,Saul,Vicky,Kate,Julie,Sarah,Deiter,Walter'.split(',')
export const lastNames = 'Shultz,Abrams,Spencer,White,Bartels,Walton,Smith,Jones,Noris'.split(',')
export const cities = 'Phoenix,Los Angeles,San Francisco,Boise,Portland,Bend,Redmond,Seattle,Kent,Cheyenne'.split(',')
export const states = 'AZ,CA,ID,OR,WA,WY'.split(',')
export const categoryFirst = 10

const coldChannels = 10_000
/** 10,000 cold channels, then the four hot ones; `urls` has the same places. */
export const channels = [...Array.from({ length: coldChannels }, (_, i) => `channel-${i}`), 'Google', 'Facebook', 'Baidu', 'Apple']
export const urls = channels.map((_, i) => {
  const part = (modulus: number): string => pool.slice(i % modulus, (i % modulus) + 4)
  const page = `https://www.nexmark.com/${part(4000)}/${part(3989)}/${part(3967)}/item.htm?query=1`
  return i < coldChannels && draw(i, 98, 10) > 0 ? `${page}&channel_id=${reversed(i)}` : page
})

function reversed(i: number): number {
  let bits = 0
  for (let b = 0; b < 32; b++) bits = (bits << 1) | ((i >>> b) & 1)
  return Math.abs(bits)
}

/** Groups whose size is no multiple of it are shuffled whole. */
export const shuffleFactor = 953

/** The number of the event at place `index`: shuffled within groups of `group`, as it stands with groups of 1. */
export const shuffled = (index: number, group = 1): number =>
  group === 1 ? index : Math.floor(index / group) * group + ((index * shuffleFactor) % group)

export const timeOf = (n: number): number => startMs + Math.floor((n * 1000) / eventsPerSecond)

/** Number of the newest person when event `n` happens. */
export const lastPerson = (n: number): number => Math.floor(n / 50)

/** Number of the newest auction when event `n` happens. */
export function lastAuction(n: number): number {
  const group = Math.floor(n / 50)
  const offset = n % 50
  if (offset < 1) return (group - 1) * 3 + 2
  return group * 3 + (offset >= 4 ? 2 : offset - 1)
}

function anyPerson(n: number, k: number): number {
  const count = lastPerson(n) + 1
  const active = Math.min(count, 1000)
  return count - active + draw(n, k, active + 10)
}

export const seller = (n: number): number => firstId + (draw(n, 1, 4) > 0 ? Math.floor(lastPerson(n) / 100) * 100 : anyPerson(n, 2))
export const bidder = (n: number): number => firstId + (draw(n, 3, 4) > 0 ? Math.floor(lastPerson(n) / 100) * 100 + 1 : anyPerson(n, 4))

export function bidAuction(n: number): number {
  const last = lastAuction(n)
  if (draw(n, 1, 2) > 0) return firstId + Math.floor(last / 100) * 100
  const lowest = Math.max(last - 100, 0)
  return firstId + lowest + draw(n, 2, last - lowest + 11)
}

/** Place in `channels` and `urls`. */
export const channel = (n: number): number => (draw(n, 7, 2) > 0 ? coldChannels + draw(n, 8, 4) : draw(n, 8, coldChannels))

export const extraStart = (n: number): number => draw(n, 41, 3496)
/** Free text of about `wanted` letters, a fifth more or less. */
export function extraLength(n: number, wanted: number): number {
  const spread = Math.round(wanted * 0.2)
  return wanted - spread + draw(n, 40, Math.max(1, 2 * spread))
}
export const extraWanted = { person: 130, auction: 400, bid: 68 } as const

export const emailStart = (n: number): number => draw(n, 3, 4000)
export const itemStart = (n: number): number => draw(n, 8, 4000)
export const itemLetters = 11
export const descriptionLetters = 50

export function expiry(n: number): number {
  const horizon = Math.max(2, 2 * (timeOf(n + 1666) - timeOf(n)))
  return timeOf(n) + 1 + draw(n, 9, horizon)
}

const stretch = (start: number, length: number): string => pool.slice(start, start + length)

/** The event at place `index` as an object. */
export function eventAt(index: number, group = 1): NexmarkEvent {
  const n = shuffled(index, group)
  const kind = n % 50
  if (kind < personsOf50) return { type: 0, ts: timeOf(n), person: personOf(n), auction: null, bid: null }
  if (kind < personsOf50 + auctionsOf50) return { type: 1, ts: timeOf(n), person: null, auction: auctionOf(n), bid: null }
  return { type: 2, ts: timeOf(n), person: null, auction: null, bid: bidOf(n) }
}

function personOf(n: number): Person {
  return {
    id: firstId + lastPerson(n),
    name: `${firstNames[draw(n, 1, 11)]} ${lastNames[draw(n, 2, 9)]}`,
    email: `${stretch(emailStart(n), 6)}@x.com`,
    card: `0000 1111 2222 ${1000 + draw(n, 4, 9000)}`,
    city: cities[draw(n, 5, 10)] as string,
    state: states[draw(n, 6, 6)] as string,
    ts: timeOf(n),
    extra: stretch(extraStart(n), extraLength(n, extraWanted.person)),
  }
}

function auctionOf(n: number): Auction {
  const initialBid = price(n, 4)
  return {
    id: firstId + lastAuction(n),
    seller: seller(n),
    category: categoryFirst + draw(n, 3, 5),
    initialBid,
    reserve: initialBid + price(n, 6),
    item: stretch(itemStart(n), itemLetters),
    desc: stretch(itemStart(n), descriptionLetters),
    ts: timeOf(n),
    expires: expiry(n),
    extra: stretch(extraStart(n), extraLength(n, extraWanted.auction)),
  }
}

function bidOf(n: number): Bid {
  const place = channel(n)
  return {
    auction: bidAuction(n),
    bidder: bidder(n),
    price: price(n, 5),
    channel: channels[place] as string,
    url: urls[place] as string,
    ts: timeOf(n),
    extra: stretch(extraStart(n), extraLength(n, extraWanted.bid)),
  }
}
