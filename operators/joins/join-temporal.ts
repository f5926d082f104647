/** As-of joins: each left row meets the version of its key that was valid at its time, once the watermark says that no other can come. */
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { aliveRows, selectRows } from '../page.ts'
import { timesOf } from '../windows/window-aligned.ts'
import { type Due, dueInOrder } from './due-rows.ts'
import { leavesAlone } from './join-options.ts'
import { JoinSides, type Send, type SidesOptions } from './join-sides.ts'

export interface TemporalRules extends SidesOptions {
  /** A version is not found by rows that are later than it by this or more. */
  readonly ttlMs: number
}

/** Versions of a key stand in its list by time; left rows wait in the order in which they came. */
export class TemporalJoin extends JoinSides {
  readonly #ttlMs: number
  readonly #isAlone: boolean

  constructor(context: StepContext, rules: TemporalRules) {
    super(context, rules)
    this.#ttlMs = rules.ttlMs
    this.#isAlone = leavesAlone(this.kind, 0)
    this.load()
    context.waits?.({ for: 'watermark', at: () => this.sides[0].nextClose + 1 })
  }

  /** Takes the rows of a page; answers the page of left rows that came too late. */
  add(came: Page, send: Send): Page | undefined {
    const input = came.input as 0 | 1
    const page = this.begin(came, input)
    const rows = aliveRows(page)
    const { ids, isNull } = this.keysOf(page, input, { rows })
    const { order, watermark } = page
    const { eventTime } = timesOf(page)
    const late: number[] = []
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      const before = this.causes.before(order[row] as number)
      if (before > this.now) {
        this.now = before
        this.#leaveBelow(before, input, send)
      }
      const [time, key] = [eventTime[row] as number, ids[i] as number]
      if (input === 1) {
        if (isNull?.[i] !== 1) this.#addVersion(row, key, time)
      } else if (time < Math.max((watermark as Float64Array)[row] as number, this.now)) late.push(row)
      else if (isNull?.[i] !== 1 || this.#isAlone) {
        const place = this.placeFor(row, 0)
        this.sides[0].link(place, { key, time, close: time })
        this.saved[0].added(place)
      }
    }
    this.flush(input, send)
    this.trim()
    return late.length === 0 ? undefined : selectRows(page, Int32Array.from(late), 'late')
  }

  /** Of versions of one time the one that came last counts. A version that can not be found any more is not kept. */
  #addVersion(row: number, key: number, time: number): void {
    const right = this.sides[1]
    const before = this.#versionAt(key, time)
    const next = before < 0 ? right.head(key) : (right.next[before] as number)
    const close = this.#closeOf(time, next)
    if (close < this.now) return
    const place = this.placeFor(row, 1)
    right.link(place, { key, time, close, after: before })
    this.saved[1].added(place)
    if (before < 0) return
    if (right.time[before] === time) return this.drop(1, before, false)
    right.closeAt(before, this.#closeOf(right.time[before] as number, place))
    this.saved[1].changed(before)
  }

  /** The last moment at which a version is found: until the next one begins, or its ttl is over. */
  #closeOf(time: number, next: number): number {
    const until = next < 0 ? Infinity : (this.sides[1].time[next] as number)
    return Math.min(until, time + this.#ttlMs - 1)
  }

  /** The place of the last version that is not later; −1 when there is none. */
  #versionAt(key: number, time: number): number {
    const right = this.sides[1]
    let place = right.tail(key)
    while (place >= 0 && (right.time[place] as number) > time) place = right.previous[place] as number
    return place
  }

  protected override linkSaved(side: 0 | 1, place: number, row: { key: number; time: number; close: number }): void {
    const after = side === 1 ? { after: this.#versionAt(row.key, row.time) } : {}
    this.sides[side].link(place, { ...row, ...after })
  }

  /** Left rows that happened below a time meet their version, in the order of (time, key, arrival); then versions are given up. */
  #leaveBelow(until: number, input: 0 | 1, send: Send): void {
    const [left, right] = this.sides
    const due: Due[] = []
    for (let place = left.popBelow(until); place >= 0; place = left.popBelow(until)) {
      const close = left.close[place] as number
      due.push({ side: 0, place, close, key: left.key[place] as number, serial: left.serial[place] as number })
      left.close[place] = NaN
    }
    if (due.length > 0) this.#leave(due, input, send)
    for (let place = right.popBelow(until); place >= 0; place = right.popBelow(until)) this.drop(1, place, true)
  }

  #leave(due: readonly Due[], input: 0 | 1, send: Send): void {
    for (const { place, key, close: time, values } of dueInOrder(due, one => this.keys.keyOf(one))) {
      const version = values.includes(null) ? -1 : this.#versionAt(key, time)
      const isFound = version >= 0 && time <= (this.sides[1].time[version] as number) + this.#ttlMs - 1
      if (this.kind === 'anti' ? !isFound : isFound || this.#isAlone) {
        if (this.output.isFull) this.flush(input, send)
        const isTaken = isFound && this.kind !== 'semi'
        const order = this.causes.of(time, { beyond: true })
        this.output.add(place, isTaken ? version : -1, { order, happened: time, stamp: time, start: 0 })
        this.output.markTimely(key)
      }
      this.drop(0, place, true)
    }
  }

  /** The watermark has come to a time; at the end of the input it is Infinity. */
  advance(time: number, send: Send): void {
    if (time > this.now) {
      if (time < Infinity) this.now = time
      this.#leaveBelow(time, 0, send)
    }
    this.flush(0, send)
    this.causes.settle()
    this.trim()
  }
}
