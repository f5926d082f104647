/** Sessions: rows of a key with no gap between them that is longer than allowed. */
import type { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { timesOf } from './window-aligned.ts'
import { EarlyFirings } from './window-early.ts'
import { TimeHeap } from './window-heap.ts'
import { KeyedWindows, type Send } from './window-keyed.ts'
import { compareKeys } from './window-keys.ts'
import { placeOfRow } from './window-rows.ts'
import type { AggregateUses } from './window-uses.ts'

export interface SessionsOptions {
  readonly gapMs: number
  readonly lateMs: number
  readonly emit: 'onClose' | 'onUpdate'
  /** Results also leave each so long before their session closes; Infinity for never. */
  readonly earlyMs: number
  readonly by?: readonly string[] | undefined
  readonly aggregate: AggregateUses
}

interface Session {
  /** Tells it from others of its key in the state: its first row can change. */
  readonly serial: number
  cell: number
  first: number
  last: number
  /** Its results have left. */
  isFired: boolean
  /** It is no part of another and not given up. */
  isKept: boolean
}

/** A row and what is known of it. */
interface Arrival {
  readonly page: Page
  readonly row: number
  readonly time: number
  readonly stamp: number
  readonly key: number
}

/**
 * As in `RefiringWindows` rows are taken one after another, and sessions fire as the stamp of each row demands. A session is open at a
 * stamp that is not after `last + gap + late`. What is closed at the stamp of a row is not touched by it, though it may still be held:
 * sessions are given up when the watermark in band allows it.
 */
export class Sessions extends KeyedWindows<Session> {
  readonly #gapMs: number
  readonly #lateMs: number
  readonly #isUpdating: boolean
  readonly #early: EarlyFirings
  /** Sessions of each key, by their last row. */
  readonly #ofKey = new Map<number, Session[]>()
  /** Those whose results must leave, and those that are given up, each waiting for a time that may have moved on. */
  readonly #due = new TimeHeap<Session>()
  readonly #kept = new TimeHeap<Session>()

  constructor(context: StepContext, { gapMs, lateMs, emit, earlyMs, by, aggregate }: SessionsOptions) {
    const refiring = { ...(lateMs > 0 && { lateMs }), ...(emit !== 'onClose' && { emit }), ...(earlyMs !== Infinity && { earlyMs }) }
    const shape = { gapMs, ...refiring }
    super(context, { by, aggregate, shape })
    this.#gapMs = gapMs
    this.#lateMs = lateMs
    this.#isUpdating = emit === 'onUpdate'
    this.#early = new EarlyFirings(earlyMs)
    this.load()
  }

  /** Takes the rows of a page; answers the rows that came too late. */
  add(page: Page, send: Send): Int32Array {
    const { page: fitting, rows, ids } = this.enter(page)
    const { eventTime, watermark } = timesOf(fitting)
    const late: number[] = []
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      const [time, stamp] = [eventTime[row] as number, watermark[row] as number]
      // The watermark in band may have come further than the stamps of rows that upstream windows made.
      const order = fitting.order[row] as number
      const reached = Math.max(stamp, this.causes.before(order))
      if (this.#due.time < reached || this.#early.next <= reached) {
        this.cells.add(fitting)
        this.#fire(reached, send, order)
      }
      const arrival = { page: fitting, row, time, stamp, key: ids[i] as number }
      const session = this.#sessionFor(arrival)
      if (session === undefined) late.push(row)
      else this.#take(arrival, session)
      this.flush(send, false)
    }
    this.cells.add(fitting)
    this.flush(send)
    return Int32Array.from(late)
  }

  /** The session of a row, made one of all that the row connects; undefined when the row is late. */
  #sessionFor(arrival: Arrival): Session | undefined {
    const { time, stamp, key } = arrival
    const known = this.#ofKey.get(key)
    const [gap, late] = [this.#gapMs, this.#lateMs]
    const leastLast = Math.max(time - gap, stamp - gap - late)
    let touching: Session[] | undefined
    for (let at = (known?.length ?? 0) - 1; at >= 0; at--) {
      const session = known?.[at] as Session
      if (session.last < leastLast) break
      if (session.first <= time + gap) (touching ??= []).unshift(session)
    }
    if (touching === undefined) return stamp > time + gap + late ? undefined : this.#opened(key, time)
    const [session, ...others] = touching as [Session, ...Session[]]
    if (others.length > 0) this.#mergeInto(session, others, arrival)
    if (time > session.last) this.#extend(session, time, key)
    session.first = Math.min(session.first, time)
    return session
  }

  #opened(key: number, time: number): Session {
    const serial = 1 + (this.#ofKey.get(key) ?? []).reduce((most, known) => Math.max(most, known.serial), 0)
    const session: Session = { serial, cell: -1, first: time, last: time, isFired: false, isKept: true }
    session.cell = this.cells.open(session, key)
    this.#enlist(key, session)
    this.#wait(session)
    return session
  }

  /** Puts a session among those of its key, by its last row. */
  #enlist(key: number, session: Session): void {
    const known = this.#ofKey.get(key)
    if (known === undefined) return void this.#ofKey.set(key, [session])
    let at = known.length
    while (at > 0 && (known[at - 1] as Session).last > session.last) at--
    known.splice(at, 0, session)
  }

  #delist(key: number, session: Session): void {
    const known = this.#ofKey.get(key) as Session[]
    known.splice(known.indexOf(session), 1)
    if (known.length === 0) this.#ofKey.delete(key)
  }

  #extend(session: Session, last: number, key: number): void {
    session.last = last
    if (this.#ofKey.get(key)?.at(-1) === session) return
    this.#delist(key, session)
    this.#enlist(key, session)
  }

  #wait(session: Session): void {
    const end = session.last + this.#gapMs
    if (!this.#isUpdating && !session.isFired) this.#due.push(end, session)
    else this.#kept.push(end + this.#lateMs, session)
  }

  /** The earliest session takes the others in the order of time, so that what they add up to does not depend on how they were found. */
  #mergeInto(session: Session, others: readonly Session[], { page, key }: Arrival): void {
    this.cells.add(page)
    for (const other of others) {
      this.aggregates.merge(session.cell, other.cell)
      session.first = Math.min(session.first, other.first)
      const last = Math.max(session.last, other.last)
      this.#early.restore(session.cell, this.#early.dueOf(other.cell))
      if (other.isFired && !session.isFired) this.#noteFired(session)
      this.#giveUp(key, other)
      this.#extend(session, last, key)
    }
    if (session.isFired) this.#early.clear(session.cell)
  }

  #giveUp(key: number, session: Session): void {
    session.isKept = false
    this.#delist(key, session)
    this.#early.clear(session.cell)
    this.drop(session.cell)
  }

  /** Adds a row. The results leave at once where they have left before, or should have. */
  #take({ page, row, time, stamp }: Arrival, session: Session): void {
    this.cells.take(page, row, session.cell)
    const end = session.last + this.#gapMs
    if (!this.#isUpdating && !session.isFired && end < stamp) this.#noteFired(session)
    if (!this.#isUpdating && !session.isFired) return this.#early.note(session.cell, time, stamp)
    this.cells.add(page)
    // Sessions that later rows change end at `stamp − lateMs` at the earliest.
    const watermark = stamp - this.#lateMs
    this.leave(session.cell, {
      start: session.first,
      end,
      order: page.order[row] as number,
      eventTime: end,
      watermark,
      ...placeOfRow(page, row),
    })
  }

  #noteFired(session: Session): void {
    session.isFired = true
    this.#early.clear(session.cell)
    this.cells.touch(session.cell)
    this.#kept.push(session.last + this.#gapMs + this.#lateMs, session)
  }

  /** All that is due leaves in the order of time; `upTo` is the order of the row before which it does. */
  #fire(until: number, send: Send, upTo?: number): void {
    for (let time = this.#early.next; time <= until && time !== Infinity; time = this.#early.next) {
      this.#close(time, send, upTo)
      this.#fireEarly(send, upTo)
    }
    this.#close(until, send, upTo)
  }

  /** The sessions whose time it is leave as they are, by key and then the earlier first, with a watermark that is below all that follows. */
  #fireEarly(send: Send, upTo?: number): void {
    const time = this.#early.next
    const order = this.causes.of(time, { upTo })
    const due = this.#early.take().map(cell => ({ session: this.cells.homeOf(cell), key: this.cells.keyOf(cell) }))
    due.sort((a, b) => (a.key === b.key ? a.session.last - b.session.last : this.keys.compare(a.key, b.key)))
    // In other lanes too, the sessions that end at this time leave behind them.
    const tie = time - 0.5
    for (const { session } of due) {
      const end = session.last + this.#gapMs
      const leaving = { start: session.first, end, order, eventTime: end, watermark: time - this.#lateMs, tie }
      this.leave(session.cell, leaving)
      this.cells.touch(session.cell)
      this.flush(send, false)
    }
  }

  /** The results of sessions that ended before `until` leave, in the order of (end, key). */
  #close(until: number, send: Send, upTo?: number): void {
    const due: { session: Session; end: number; key: readonly unknown[] }[] = []
    while (this.#due.time < until) {
      const session = this.#due.pop() as Session
      if (!session.isKept || session.isFired) continue
      const end = session.last + this.#gapMs
      if (end < until) due.push({ session, end, key: this.keys.keyOf(this.cells.keyOf(session.cell)) })
      else this.#due.push(end, session)
    }
    due.sort((a, b) => a.end - b.end || compareKeys(a.key, b.key))
    for (const { session, end } of due) {
      // None that ends earlier is still to come, but for those that late rows change.
      const watermark = end - this.#lateMs
      this.leave(session.cell, { start: session.first, end, order: this.causes.of(end, { beyond: true, upTo }), eventTime: end, watermark })
      this.#noteFired(session)
      this.flush(send, false)
    }
  }

  /** Closes the sessions that ended before `until`. */
  advance(until: number, send: Send): void {
    this.#fire(until, send)
    this.flush(send)
    this.causes.settle()
    while (this.#kept.time < until) {
      const session = this.#kept.pop() as Session
      if (!session.isKept) continue
      const end = session.last + this.#gapMs + this.#lateMs
      if (end < until) this.#giveUp(this.cells.keyOf(session.cell), session)
      else this.#kept.push(end, session)
    }
    this.forgetKeys()
  }

  /** A session closes when the watermark is past its end, and leaves early when it has come to a time. */
  protected override dueAt(): number {
    return Math.min(this.#due.time + 1, this.#early.next)
  }

  protected override placeOf({ serial }: Session): number {
    return serial
  }

  protected override writeHead({ first, last, isFired, cell }: Session, writer: ByteWriter): void {
    if (this.#early.isOn) writer.number(this.#early.dueOf(cell))
    writer.number(first)
    writer.number(last)
    writer.byte(isFired ? 1 : 0)
  }

  protected override reopen(serial: number, key: number, head: ByteReader): number {
    const due = this.#early.isOn ? head.number() : Infinity
    const session: Session = { serial, cell: -1, first: head.number(), last: head.number(), isFired: head.byte() === 1, isKept: true }
    session.cell = this.cells.open(session, key)
    this.#early.restore(session.cell, due)
    this.#enlist(key, session)
    this.#wait(session)
    return session.cell
  }

  protected override rekeyed(): void {
    const all = [...this.#ofKey.values()]
    this.#ofKey.clear()
    for (const sessions of all) this.#ofKey.set(this.cells.keyOf((sessions[0] as Session).cell), sessions)
  }
}
