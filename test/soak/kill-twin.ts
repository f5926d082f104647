/** The same as kill-topology.yaml in plain loops over the events in their order. It shares nothing with the product but the words of its events. */
import type { Event } from '../../event/event.ts'
import { KillLines, type Turn } from './kill-lines.ts'
import { type Result, type Sale, Spans, Visits } from './kill-windows.ts'

/** One deployment, as the stream `$topology` tells of it. */
export interface KillDeployment {
  readonly deployment: number
  /** Stamps of the events between which it was there. */
  readonly from: number
  readonly until: number
  /** The last stamp it reads, once it was told to end. */
  readonly head?: number
}

export interface Letter {
  readonly step: string
  readonly lane: number
  readonly request: number
  readonly index: number
  readonly cents: number
}

/** All that must have come of the log; values as JSON, with the keys of objects in the order of the file. */
export interface KillOutcome {
  readonly projections: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly streams: ReadonlyMap<string, readonly string[]>
  /** Of each step, in the order of the rows. */
  readonly letters: ReadonlyMap<string, readonly Letter[]>
  readonly hooks: readonly string[]
}

interface Sent {
  readonly lane: number
  readonly request: number
  readonly index: number
  readonly cents: number
  readonly at: number
  readonly words: string
}

interface Order extends Sent {
  readonly kind: string
  readonly group: number
}

interface Taxed extends Order {
  readonly paid: number
}

interface Known extends Taxed, Sale {
  readonly newest: number
  readonly spelt: string
}

/** A row as it came to the step that gave it up. */
type Given =
  | { readonly step: 'steady'; readonly row: Order; readonly turn: Turn }
  | { readonly step: 'taxed'; readonly row: Order }
  | { readonly step: 'known'; readonly row: Taxed }
  | { readonly step: 'noticed'; readonly row: Known }

const lagMs = 15_000
const orderTypes = ['sent.plain', 'sent.ids', 'sent.hundred']
const customerTypes = ['sent.version', 'sent.ids']

const only = <Row extends object>(row: Row, ...names: (keyof Row)[]): string =>
  JSON.stringify(Object.fromEntries(names.map(name => [name, row[name]])))

export class KillTwin {
  readonly #projections = new Map<string, Map<string, string>>()
  readonly #streams = new Map<string, string[]>()
  readonly #given = new Map<string, Given[]>()
  readonly #hooks: string[] = []
  readonly #customers = new Map<number, { request: number; spelt: string }>()
  readonly #lines = new KillLines()
  readonly #seen = new Map<string, number>()
  readonly #counts = new Map<number, number>()
  readonly #newest = new Map<number, number>()
  readonly #spelt = new Map<number, string>()
  readonly #books = new Map<number, { orders: number; paid: number }>()
  readonly #spans = new Spans(30_000, 30_000, 0)
  readonly #hops = new Spans(40_000, 20_000, 25_000)
  readonly #visits = new Visits(12_000, 10_000)
  #highest = -Infinity

  /** All events of the log in their order; those that the deployment does not see are passed over. */
  outcome(events: readonly Event[], { deployment, until, head = until }: KillDeployment): KillOutcome {
    /** Of letters by version: the how manieth of its step. */
    const letters = new Map<number, { step: string; place: number }>()
    const places = new Map<string, number>()
    for (const event of events) {
      if (event.stamp > head) break
      if (event.stream === '$dead-letter-kill') {
        const data = event.data as { deployment: number; step: string; letter: number; row: { cents: number } }
        if (data.deployment !== deployment) continue
        if (event.type === 'dead-letter') {
          const place = places.get(data.step) ?? 0
          places.set(data.step, place + 1)
          letters.set(event.version, { step: data.step, place })
          continue
        }
        const { step, place } = letters.get(data.letter)!
        const given = this.#given.get(step)![place]!
        if (event.type === 'dead-letter.replayed') this.#again(given, data.row.cents)
        else if (given.step === 'steady') this.#lines.leave(given.turn)
        continue
      }
      const sent = event.data as Sent
      if (orderTypes.includes(event.type) && sent.cents % 4 === 1) this.#order(event.type.slice('sent.'.length), sent)
      if (customerTypes.includes(event.type) && sent.cents % 3 !== 0) this.#customer(sent)
    }
    const last = head < until ? Infinity : this.#highest - lagMs
    for (const windows of [this.#spans, this.#hops, this.#visits]) windows.advance(last)
    this.#windows()
    const lettersOf = ([step, given]: [string, Given[]]): [string, Letter[]] => [
      step,
      given.map(({ row: { lane, request, index, cents } }) => ({ step, lane, request, index, cents })),
    ]
    return {
      projections: this.#projections,
      streams: this.#streams,
      letters: new Map(Array.from(this.#given, lettersOf)),
      hooks: this.#hooks,
    }
  }

  #customer({ lane, request, words }: Sent): void {
    const spelt = `${words.slice(0, 3).toUpperCase()}-${words.length}`
    this.#customers.set(lane % 50, { request, spelt })
    this.#put('kill-customers', [lane % 50], JSON.stringify({ request, lane, spelt }))
  }

  #order(kind: string, sent: Sent): void {
    const order = { ...sent, kind, group: sent.lane % 50, at: Math.trunc(sent.at / 60) }
    if (order.cents === 13) return this.#tell('kill-refused', JSON.stringify({ ...onlyName(order), step: 'sound' }))
    if ([21, 25, 29, 33, 41, 45].includes(order.cents) && order.index < 3) this.#steady(order)
    this.#taxed(order)
  }

  /** With a turn it comes back. */
  #steady(row: Order, turn?: Turn): void {
    const behind = turn === undefined ? this.#lines.behind(row.lane) : this.#lines.isNext(turn) ? undefined : turn
    if (behind) this.#giveUp({ step: 'steady', row, turn: behind })
    else if (row.cents === 29) this.#giveUp({ step: 'steady', row, turn: turn ?? this.#lines.begin(row.lane) })
    else {
      this.#tell(`kill-steady-${row.group}`, only(row, 'lane', 'request', 'index', 'cents'))
      if (turn) this.#lines.leave(turn)
    }
  }

  #again(given: Given, cents: number): void {
    if (given.step === 'steady') this.#steady({ ...given.row, cents }, given.turn)
    else if (given.step === 'taxed') this.#taxed({ ...given.row, cents })
    else if (given.step === 'known') this.#known({ ...given.row, cents })
    else this.#noticed({ ...given.row, cents })
  }

  #taxed(order: Order): void {
    if (order.cents === 17) return this.#giveUp({ step: 'taxed', row: order })
    const stamp = this.#highest - lagMs
    this.#highest = Math.max(this.#highest, order.at)
    this.#known({ ...order, paid: order.cents + Math.floor(order.cents / 5) }, stamp)
  }

  /** A row that comes back here stands behind all rows before it. */
  #known(order: Taxed, stamp = this.#highest - lagMs): void {
    const customer = this.#customers.get(order.group)
    if (customer === undefined) return this.#giveUp({ step: 'known', row: order })
    this.#all({ ...order, newest: customer.request, spelt: customer.spelt }, stamp)
  }

  #all(row: Known, stamp: number): void {
    const { lane, group, cents, paid, spelt, at: time, kind, index } = row
    const key = `${group}/${cents}`
    const first = this.#seen.get(key)
    if (first === undefined || stamp >= first + 20_000) {
      this.#seen.set(key, time)
      const count = (this.#counts.get(group) ?? 0) + 1
      this.#counts.set(group, count)
      this.#put('kill-counts', [group], JSON.stringify({ count, ...onlyName(row) }))
    }
    if (time >= (this.#newest.get(lane) ?? -Infinity)) {
      this.#newest.set(lane, time)
      this.#put('kill-newest', [lane], only(row, 'request', 'index', 'newest', 'spelt'))
    } else this.#tell('kill-older', JSON.stringify(onlyName(row)))
    if (this.#spelt.get(group) !== spelt) {
      this.#spelt.set(group, spelt)
      this.#tell(`kill-changed-${group % 6}`, JSON.stringify({ group, spelt }))
    }
    const book = this.#books.get(group) ?? { orders: 0, paid: 0 }
    this.#books.set(group, { orders: book.orders + 1, paid: book.paid + paid })
    this.#put('kill-books', [group], JSON.stringify(this.#books.get(group)))
    this.#spans.take(group, row, { time, stamp })
    this.#hops.take(kind, row, { time, stamp })
    this.#visits.take(lane, row, { time, stamp })
    if ([37, 57, 77].includes(cents) && index < 3) this.#noticed(row)
  }

  /** The receiver will have none of 77 cents: a dead letter, once it has been sent. */
  #noticed(row: Known): void {
    this.#hooks.push(only(row, 'lane', 'request', 'index', 'cents', 'newest'))
    if (row.cents === 77) this.#giveUp({ step: 'noticed', row })
  }

  #giveUp(given: Given): void {
    const before = this.#given.get(given.step)
    if (before) before.push(given)
    else this.#given.set(given.step, [given])
  }

  #windows(): void {
    this.#best(this.#spans.results)
    for (const { key, start: windowStart, orders, paid, most } of this.#hops.results) {
      this.#put('kill-hops', [key, windowStart], JSON.stringify({ orders, paid, most }))
      this.#tell(`kill-hops-${key}`, JSON.stringify({ windowStart, orders, paid, most }))
    }
    for (const { key: lane, start: windowStart, end: windowEnd, orders, paid } of this.#visits.results) {
      this.#put('kill-visits', [lane, windowStart], JSON.stringify({ windowEnd, orders, paid }))
      this.#tell('kill-visits', JSON.stringify({ lane, windowStart, windowEnd, orders }))
    }
    for (const sale of this.#spans.late) this.#tell('kill-late', JSON.stringify(onlyName(sale)))
    for (const sale of this.#hops.late) this.#tell('kill-hops-late', JSON.stringify(onlyName(sale)))
    for (const sale of this.#visits.late) this.#tell('kill-visits-late', JSON.stringify(onlyName(sale)))
  }

  #best(results: readonly Result[]): void {
    for (const [windowStart, rows] of Map.groupBy(results, ({ start }) => start)) {
      const best = rows.sort((a, b) => b.paid - a.paid || Number(a.key) - Number(b.key)).slice(0, 3)
      for (const [at, { key: group, orders, paid, last }] of best.entries()) {
        this.#put('kill-best', [windowStart, at + 1], JSON.stringify({ group, orders, paid, last }))
        this.#tell('kill-best', JSON.stringify({ windowStart, rank: at + 1, group }))
      }
    }
  }

  #put(projection: string, key: readonly unknown[], value: string): void {
    const rows = this.#projections.get(projection) ?? new Map<string, string>()
    this.#projections.set(projection, rows.set(JSON.stringify(key), value))
  }

  #tell(stream: string, data: string): void {
    const told = this.#streams.get(stream)
    if (told) told.push(data)
    else this.#streams.set(stream, [data])
  }
}

const onlyName = ({ lane, request, index }: { lane: number; request: number; index: number }): object => ({ lane, request, index })
