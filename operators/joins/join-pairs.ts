/** Joins in which each row meets the rows of its key on the other side that are kept: those of its window, of a time around it, or a table. */
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { selectRows } from '../page.ts'
import { leavesAlone, isHalf } from './join-options.ts'
import { type Due, dueInOrder } from './due-rows.ts'
import { JoinSides, type Send, type SidesOptions } from './join-sides.ts'
import { isMatched } from './stored-rows.ts'

/** The rows of a page with the times that decide whom they meet; a row stands there once for each window it belongs to. */
export interface Entries {
  readonly page: Page
  readonly rows: Int32Array
  /** The last moment at which a partner may have happened, of each entry. */
  readonly closes: Float64Array
  /** An entry is late when the watermark is above this; never when left out. */
  readonly deadlines?: Float64Array
  /** Start of the window of each entry. */
  readonly starts?: Float64Array
}

export interface PairRules extends SidesOptions {
  /** Left rows wait for right ones; else they meet those that are there, and that is that. */
  readonly keepsLeft: boolean
  /** The right is a table: of a key there is one row, the newest. */
  readonly isTable: boolean
  entriesOf(page: Page, input: 0 | 1, context: StepContext): Entries
}

export class PairJoin extends JoinSides {
  readonly #rules: PairRules
  readonly #alone: readonly [boolean, boolean]
  /** The row at work, and where what it makes goes. One object for all rows. */
  readonly #entry = { row: 0, key: 0, time: 0, close: 0, order: 0, happened: 0, stamp: 0, start: 0, rank: -1 }
  #input: 0 | 1 = 0
  #send: Send = () => undefined
  /** Rows that find no partner any more, on their way out. */
  #due: Due[] = []

  constructor(context: StepContext, rules: PairRules) {
    super(context, rules)
    this.#rules = rules
    this.#alone = [leavesAlone(this.kind, 0), leavesAlone(this.kind, 1)]
    const [left, right] = context.inputs ?? []
    if (left !== undefined && right !== undefined) this.isTimed = left.row.isTimed && (!rules.keepsLeft || right.row.isTimed)
    this.load()
    // A row leaves alone once the watermark is past the last partner that it could have.
    const dueAt = (): number =>
      Math.min(...this.sides.map(({ nextClose }, side) => (this.#alone[side as 0 | 1] ? nextClose + 1 : Infinity)))
    context.waits?.({ for: 'watermark', at: dueAt })
  }

  /** Takes the rows of a page; answers the page of those that came too late. */
  add(came: Page, send: Send): Page | undefined {
    this.#input = came.input as 0 | 1
    this.#send = send
    const entries = this.#rules.entriesOf(this.begin(came, this.#input), this.#input, this.context)
    const { page, rows, closes, deadlines, starts } = entries
    const { ids, isNull } = this.keysOf(page, this.#input, entries)
    const { order, eventTime, watermark, rank } = page
    const [left, right] = this.sides
    const entry = this.#entry
    const late: number[] = []
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      entry.order = order[row] as number
      const before = this.causes.before(entry.order)
      if (before > this.now) this.now = before
      if (left.nextClose < this.now || right.nextClose < this.now) this.#expire(this.now)
      entry.stamp = watermark === undefined ? this.now : (watermark[row] as number)
      entry.close = closes[i] as number
      const reached = entry.stamp > this.now ? entry.stamp : this.now
      if (deadlines !== undefined && (deadlines[i] as number) < reached) {
        if (late.at(-1) !== row) late.push(row)
        continue
      }
      // Of several windows of the row this one has closed.
      if (starts !== undefined && entry.close < reached) continue
      entry.row = row
      entry.rank = rank === undefined ? -1 : (rank[row] as number)
      entry.key = ids[i] as number
      entry.time = eventTime === undefined ? NaN : (eventTime[row] as number)
      entry.start = starts === undefined ? 0 : (starts[i] as number)
      if (isNull !== undefined && isNull[i] === 1) this.#leaveAtOnce(-1)
      else if (this.#input === 0) this.#addLeft()
      else this.#addRight()
    }
    this.flush(this.#input, send)
    this.trim()
    return late.length === 0 ? undefined : selectRows(page, Int32Array.from(late), 'late')
  }

  /** The row at work will find no partner; `place` is its own, if it has one. */
  #leaveAtOnce(place: number): void {
    const [entry, input] = [this.#entry, this.#input]
    if (!this.#alone[input]) return
    const own = place < 0 ? this.placeFor(entry.row, input) : place
    this.#makeRoom(false)
    entry.happened = this.#rules.sizeMs === undefined ? entry.time : entry.close
    this.output.add(input === 0 ? own : -1, input === 0 ? -1 : own, entry)
    if (place < 0) this.giveBack(input, own)
  }

  #addLeft(): void {
    const [entry, kind, right] = [this.#entry, this.kind, this.sides[1]]
    let own = -1
    let hasFound = false
    for (let place = right.head(entry.key); place >= 0; place = right.next[place] as number) {
      const time = right.time[place] as number
      if (time > entry.close || entry.time > (right.close[place] as number)) continue
      hasFound = true
      if (kind === 'anti') break
      if (own < 0) own = this.placeFor(entry.row, 0)
      this.#pair(own, place, time)
      if (kind === 'semi') break
      if (this.#alone[1]) this.#match(1, place)
    }
    if (!this.#rules.keepsLeft || (hasFound && isHalf(kind)) || entry.close < this.now) {
      if (!hasFound) this.#leaveAtOnce(own)
      if (own >= 0) this.giveBack(0, own)
      return
    }
    if (own < 0) own = this.placeFor(entry.row, 0)
    this.sides[0].link(own, entry)
    if (hasFound) this.sides[0].flags[own] = isMatched
    this.saved[0].added(own)
  }

  #addRight(): void {
    const [entry, kind, left] = [this.#entry, this.kind, this.sides[0]]
    let own = -1
    let hasFound = false
    for (let place = left.head(entry.key), next = -1; place >= 0; place = next) {
      next = left.next[place] as number
      const time = left.time[place] as number
      if (entry.time > (left.close[place] as number) || time > entry.close) continue
      hasFound = true
      if (kind !== 'anti') {
        if (own < 0) own = this.placeFor(entry.row, 1)
        this.#pair(place, own, time)
      }
      if (isHalf(kind)) this.drop(0, place, false)
      else if (this.#alone[0]) this.#match(0, place)
    }
    if (entry.close < this.now) {
      if (!hasFound) this.#leaveAtOnce(own)
      if (own >= 0) this.giveBack(1, own)
      return
    }
    this.#keepRight(own < 0 ? this.placeFor(entry.row, 1) : own, hasFound)
  }

  /** In a table a row takes the place of the one before it, and has partners if that had some. */
  #keepRight(own: number, hasFound: boolean): void {
    const right = this.sides[1]
    const old = this.#rules.isTable ? right.tail(this.#entry.key) : -1
    right.link(own, this.#entry)
    if (hasFound) right.flags[own] = isMatched
    if (old < 0) return this.saved[1].added(own)
    right.flags[own] = (right.flags[own] as number) | (right.flags[old] as number)
    this.saved[1].replaced(old, own)
    this.drop(1, old, false)
  }

  #match(side: 0 | 1, place: number): void {
    const { flags } = this.sides[side]
    if (((flags[place] as number) & isMatched) !== 0) return
    flags[place] = (flags[place] as number) | isMatched
    this.saved[side].changed(place)
  }

  /** A pair of a window happened at its end, others when the later of the two did; where the left waits for nothing, when it did. */
  #pair(left: number, right: number, time: number): void {
    const entry = this.#entry
    this.#makeRoom(false)
    const { sizeMs, keepsLeft } = this.#rules
    entry.happened = sizeMs !== undefined ? entry.close : keepsLeft && time > entry.time ? time : entry.time
    this.output.add(left, isHalf(this.kind) ? -1 : right, entry)
  }

  #makeRoom(isTimely: boolean): void {
    if (this.output.isFull || this.output.isApart(isTimely)) this.flush(this.#input, this.#send)
  }

  /** Gives up the rows that close below a time; those that have found no partner may leave. */
  #expire(until: number): void {
    for (const side of [0, 1] as const) {
      const rows = this.sides[side]
      for (let place = rows.popBelow(until); place >= 0; place = rows.popBelow(until)) this.#giveUp(side, place)
    }
    if (this.#due.length > 0) this.#leaveDue()
  }

  #giveUp(side: 0 | 1, place: number): void {
    const rows = this.sides[side]
    const isAlone = this.#alone[side] && ((rows.flags[place] as number) & isMatched) === 0
    if (!isAlone) return this.drop(side, place, true)
    this.#due.push({
      side,
      place,
      key: rows.key[place] as number,
      close: rows.close[place] as number,
      serial: rows.serial[place] as number,
    })
    // The place may have been another row's with the same time before: it is due once.
    rows.close[place] = NaN
  }

  #leaveDue(): void {
    const due = this.#due
    this.#due = []
    for (const { side, place, key, close, values } of dueInOrder(due, one => this.keys.keyOf(one))) {
      this.#makeRoom(true)
      const isBound = close < Infinity
      const stamp = isBound ? close : this.now
      const happened = Math.max(this.sides[side].time[place] as number, stamp)
      const start = this.#rules.sizeMs === undefined ? 0 : (values.at(-1) as number)
      const order = this.causes.of(close, { beyond: isBound })
      this.output.add(side === 0 ? place : -1, side === 0 ? -1 : place, { order, happened, stamp, start })
      this.output.markTimely(key)
      this.drop(side, place, true)
    }
  }

  /** The watermark has come to a time; at the end of the input, Infinity, rows that wait without bound leave too. */
  advance(time: number, send: Send): void {
    this.#send = send
    if (time === Infinity) this.#end()
    else if (time > this.now) {
      this.now = time
      this.#expire(time)
    }
    this.flush(this.#input, send)
    this.causes.settle()
    this.trim()
  }

  #end(): void {
    this.#expire(Infinity)
    for (const side of [0, 1] as const) {
      const rows = this.sides[side]
      if (this.#alone[side]) for (const place of rows.places()) if (rows.close[place] === Infinity) this.#giveUp(side, place)
    }
    if (this.#due.length > 0) this.#leaveDue()
  }
}
