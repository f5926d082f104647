/** The one window of a key that never closes: its results leave when a trigger fires, over all of its rows or those that are not evicted. */
import type { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import type { Condition } from '../rows/condition.ts'
import { timesOf } from './window-aligned.ts'
import { EarlyFirings } from './window-early.ts'
import { allRows, type Frame, Frames, newer } from './window-frames.ts'
import { KeyedWindows, type Send } from './window-keyed.ts'
import { type Leaving, placeOfRow } from './window-rows.ts'
import type { AggregateUses } from './window-uses.ts'

/** When results leave; one of these is at work, the others are left as they are here. */
export interface Trigger {
  /** With each so many rows; Infinity for never. */
  readonly count: number
  /** When the watermark comes to the next multiple after a row; Infinity for never. */
  readonly everyMs: number
  /** With the rows of which it is true. */
  readonly when: Condition | undefined
  /** As the topology says it. */
  readonly said: unknown
}

/** The rows that stay: the last so many, or those that happened so long before the newest; Infinity for all. */
export interface Evict {
  readonly rows: number
  readonly rangeMs: number
}

export interface GlobalOptions {
  readonly trigger: Trigger
  readonly evict: Evict
  /** The window is emptied when its results have left. */
  readonly purge: boolean
  readonly by?: readonly string[] | undefined
  readonly aggregate: AggregateUses
}

/**
 * Where nothing is evicted a key has one cell, and rows are added to it many at a time, up to one that fires. Otherwise each row has a cell, and
 * what is merged of them is the same after a restart, since it is saved which rows had been merged when.
 */
export class GlobalWindows extends KeyedWindows<Frame> {
  readonly #trigger: Trigger
  readonly #evict: Evict
  readonly #isWhole: boolean
  readonly #purges: boolean
  readonly #frames: Frames
  readonly #timers: EarlyFirings

  constructor(context: StepContext, { trigger, evict, purge, by, aggregate }: GlobalOptions) {
    const { rows, rangeMs } = evict
    const evicting = { ...(rows !== Infinity && { rows }), ...(rangeMs !== Infinity && { rangeMs }) }
    super(context, { by, aggregate, shape: { trigger: trigger.said, purge, evict: evicting } })
    this.#trigger = trigger
    this.#evict = evict
    this.#isWhole = rows === Infinity && rangeMs === Infinity
    this.#purges = purge
    this.#frames = new Frames(this.cells, this.aggregates, cell => this.drop(cell))
    this.#timers = new EarlyFirings(trigger.everyMs)
    this.load()
    this.#frames.restored((a, b) => this.#frames.serialOf(a) - this.#frames.serialOf(b))
  }

  /** Takes the rows of a page; none is late. */
  add(page: Page, send: Send): Int32Array {
    const { page: judged, truth } = this.#trigger.when?.judge(page) ?? { page, truth: undefined }
    const { page: fitting, rows, ids } = this.enter(judged)
    const stamps = this.#timers.isOn ? timesOf(fitting) : undefined
    const cells = this.#isWhole ? undefined : this.#cellsOf(fitting, rows, ids)
    for (let i = 0; i < rows.length; i++) {
      const [row, key] = [rows[i] as number, ids[i] as number]
      if (stamps !== undefined) this.#fireBefore(fitting, row, send)
      const frame = this.#frames.of(key)
      frame.pending++
      this.cells.touch(frame.together)
      if (cells === undefined) this.cells.take(fitting, row, frame.together)
      else {
        this.#frames.push(frame, cells[i] as number)
        this.#frames.evict(frame, this.#evict)
      }
      if (stamps !== undefined) this.#timers.note(frame.together, stamps.eventTime[row] as number, stamps.watermark[row] as number)
      if (frame.pending >= this.#trigger.count || truth?.[row] === 1) this.#fireAt(fitting, row, { key, send })
    }
    this.cells.add(fitting)
    this.flush(send)
    this.forgetKeys()
    return new Int32Array(0)
  }

  /** A cell for each row. */
  #cellsOf(page: Page, rows: Int32Array, ids: Int32Array): Int32Array {
    const cells = new Int32Array(rows.length)
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      cells[i] = this.#frames.open(ids[i] as number, { time: page.eventTime?.[row] ?? 0, phase: newer })
      this.cells.take(page, row, cells[i] as number)
    }
    this.cells.add(page)
    return cells
  }

  /** A row fires: the results leave in its place. */
  #fireAt(page: Page, row: number, { key, send }: { key: number; send: Send }): void {
    this.cells.add(page)
    const stamps = { eventTime: page.eventTime?.[row], watermark: page.watermark?.[row] }
    this.#leaveFrame(key, { order: page.order[row] as number, ...stamps, ...placeOfRow(page, row) })
    this.flush(send, false)
  }

  #leaveFrame(key: number, leaving: Leaving): void {
    const frame = this.#frames.of(key)
    this.leave(this.#frames.whole(frame), leaving, key)
    frame.pending = 0
    this.#timers.clear(frame.together)
    this.cells.touch(frame.together)
    if (this.#purges) this.#frames.clear(key)
  }

  #fireBefore(page: Page, row: number, send: Send): void {
    const order = page.order[row] as number
    const reached = Math.max(page.watermark?.[row] as number, this.causes.before(order))
    if (this.#timers.next > reached) return
    this.cells.add(page)
    this.#fireUntil(reached, send, order)
  }

  /** The windows whose time has come leave in the order of (time, key); they happened then. */
  #fireUntil(until: number, send: Send, upTo?: number): void {
    for (let time = this.#timers.next; time <= until && time !== Infinity; time = this.#timers.next) {
      const order = this.causes.of(time, { upTo })
      const keys = this.#timers.take().map(cell => this.cells.keyOf(cell))
      keys.sort((a, b) => this.keys.compare(a, b))
      for (const key of keys) {
        this.#leaveFrame(key, { order, eventTime: time, watermark: time, tie: time })
        this.flush(send, false)
      }
    }
  }

  advance(until: number, send: Send): void {
    this.#fireUntil(until, send)
    this.flush(send)
    this.causes.settle()
  }

  protected override dueAt(): number {
    return this.#timers.next
  }

  protected override placeOf(_frame: Frame, cell: number): number {
    return this.#frames.serialOf(cell)
  }

  protected override writeHead(frame: Frame, writer: ByteWriter, cell: number): void {
    const phase = this.#frames.phaseOf(cell)
    writer.byte(phase)
    writer.number(phase === allRows ? frame.pending : this.#frames.timeOf(cell))
    if (phase === allRows) writer.number(this.#timers.dueOf(cell))
  }

  protected override reopen(serial: number, key: number, head: ByteReader): number {
    const [phase, number] = [head.byte(), head.number()]
    if (phase === allRows) {
      const frame = this.#frames.of(key)
      frame.pending = number
      this.#timers.restore(frame.together, head.number())
      return frame.together
    }
    const cell = this.#frames.open(key, { time: number, phase, serial })
    this.#frames.restore(cell)
    return cell
  }

  protected override rekeyed(): void {
    this.#frames.rekeyed()
  }
}
