/** Windows aligned to the epoch or to a calendar, one behind another; and the one window of all rows. */
import { assert } from '../../event/assert.ts'
import type { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import type { Alignment } from './window-calendar.ts'
import { EarlyFirings } from './window-early.ts'
import { CellTable } from './window-hash.ts'
import type { Send } from './window-keyed.ts'
import { KeyOrder } from './window-order.ts'
import { PiecedWindows } from './window-pieced.ts'
import type { SavedShape } from './window-state.ts'
import type { AggregateUses } from './window-uses.ts'

export interface AlignedOptions {
  /** Infinity makes one window of all rows, which need no event time then. */
  readonly sizeMs: number
  /** A window starts each so long; as `sizeMs` when left out. */
  readonly everyMs?: number
  readonly offsetMs: number
  /** Windows of other lengths: `sizeMs` is NaN then, and `shape` says in the state which they are. */
  readonly alignment?: Alignment | undefined
  readonly shape?: SavedShape
  readonly by?: readonly string[] | undefined
  readonly aggregate: AggregateUses
  /** Present for windows that give results more than once, see `RefiringWindows`. */
  readonly lateMs?: number
  readonly emit?: 'onClose' | 'onUpdate'
  /** Results also leave each so long before their window closes; Infinity for never. */
  readonly earlyMs?: number
}

export interface AlignedWindow {
  readonly start: number
  readonly end: number
  table: CellTable
  /** Its results have left. */
  isFired: boolean
  /** That is written. */
  isMarked: boolean
}

export class AlignedWindows extends PiecedWindows<AlignedWindow> {
  protected readonly sizeMs: number
  protected readonly everyMs: number
  readonly #offsetMs: number
  readonly #alignment: Alignment | undefined
  protected readonly early: EarlyFirings
  protected readonly open = new Map<number, AlignedWindow>()
  /** The least end of a window whose results are still to leave. */
  protected nextEnd = Infinity
  readonly #order = new KeyOrder()

  constructor(context: StepContext, options: AlignedOptions) {
    const { sizeMs, everyMs = sizeMs, offsetMs, alignment, by, aggregate, lateMs = 0, emit = 'onClose', earlyMs = Infinity } = options
    const shape = {
      ...(alignment === undefined ? { sizeMs: sizeMs === Infinity ? 'all' : sizeMs } : options.shape),
      offsetMs,
      ...(alignment === undefined && everyMs !== sizeMs && { everyMs }),
      ...(lateMs > 0 && { lateMs }),
      ...(emit !== 'onClose' && { emit }),
      ...(earlyMs !== Infinity && { earlyMs }),
    }
    super(context, { by, aggregate, shape })
    this.sizeMs = sizeMs
    this.everyMs = everyMs
    this.#offsetMs = offsetMs
    this.#alignment = alignment
    this.early = new EarlyFirings(earlyMs)
    for (const start of this.load()) {
      const window = this.open.get(start)
      if (window === undefined) continue
      window.isFired = window.isMarked = true
      for (const cell of window.table.cells) this.early.clear(cell)
    }
    this.findNextEnd()
  }

  /** Takes the rows of a page; answers the rows that came too late. */
  add(page: Page, _send: Send): Int32Array {
    const { page: fitting, rows, ids } = this.enter(page)
    const late = this.#placeInOne(fitting, rows, ids)
    this.cells.add(fitting)
    return late
  }

  /** Finds the cell of each row. A loop over arrays, with what was found last at hand: rows of a key and window often follow one another. */
  #placeInOne(page: Page, rows: Int32Array, ids: Int32Array): Int32Array {
    const isWindowed = this.sizeMs !== Infinity
    const { eventTime, watermark } = page
    assert(!isWindowed || (eventTime !== undefined && watermark !== undefined), 'a page came to a window without an event time')
    const late: number[] = []
    this.cells.reserve(rows.length)
    const { rows: rowsTaken, cells: cellOfRow } = this.cells
    let [start, end, window] = [isWindowed ? NaN : -Infinity, Infinity, undefined as AlignedWindow | undefined]
    let [key, cell, taken] = [-1, -1, 0]
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      if (isWindowed) {
        const time = (eventTime as Float64Array)[row] as number
        if (!(time >= start && time < end)) {
          start = this.startOf(time)
          end = this.endOf(start)
          window = undefined
        }
        if (((watermark as Float64Array)[row] as number) >= end) {
          late.push(row)
          continue
        }
      }
      if (window === undefined || ids[i] !== key) {
        window ??= this.windowAt(start)
        key = ids[i] as number
        cell = this.cellOf(window, key)
      }
      rowsTaken[taken] = row
      cellOfRow[taken++] = cell
    }
    this.cells.taken = taken
    return Int32Array.from(late)
  }

  /** Start of the last window that holds the time. */
  protected startOf(time: number): number {
    if (this.#alignment !== undefined) return this.#alignment.startOf(time)
    return Math.floor((time - this.#offsetMs) / this.everyMs) * this.everyMs + this.#offsetMs
  }

  protected endOf(start: number): number {
    return this.#alignment === undefined ? start + this.sizeMs : this.#alignment.endOf(start)
  }

  /** Start of the first window that holds the time and ends after `closed`. */
  protected firstStart(time: number, closed: number): number {
    if (this.#alignment !== undefined) return this.#alignment.startOf(time)
    return this.startOf(Math.max(time, closed) - this.sizeMs) + this.everyMs
  }

  protected windowAt(start: number): AlignedWindow {
    let window = this.open.get(start)
    if (window === undefined) {
      const end = start === -Infinity ? Infinity : this.endOf(start)
      this.open.set(start, (window = { start, end, table: new CellTable(), isFired: false, isMarked: false }))
      if (end < this.nextEnd) this.nextEnd = end
    }
    return window
  }

  /** The cell of a key, about to change. */
  protected cellOf(window: AlignedWindow, key: number): number {
    return this.cellIn(window, key)
  }

  /** Closes the windows whose end is not after `until`, by end and key; `send` gets the rows. */
  advance(until: number, send: Send): void {
    if (this.open.size > 0 && this.nextEnd <= until) {
      for (const window of this.due(until)) {
        this.leaveWindow(window, send)
        this.forget(window)
      }
      this.flush(send)
      this.findNextEnd()
      this.forgetKeys()
    }
    this.causes.settle()
  }

  /** The windows whose results must have left by then, in the order of their ends. */
  protected due(until: number): AlignedWindow[] {
    return [...this.open.values()].filter(({ end, isFired }) => end <= until && !isFired).sort((a, b) => a.end - b.end)
  }

  /**
   * The results of a window, in the order of the key. They happened at its last millisecond. Beside them stands a watermark that holds
   * for all that leaves later: no window that ends earlier is still to come but one that late rows change, and those end after `end − lateMs`.
   */
  protected leaveWindow(
    window: AlignedWindow,
    send: Send,
    { lateMs = 0, upTo }: { lateMs?: number; upTo?: number | undefined } = {},
  ): void {
    const { table, start, end } = window
    const order = this.causes.of(end, { upTo })
    const leaving = end === Infinity ? { order } : { start, end, order, eventTime: end - 1, watermark: end - 1 - lateMs }
    if (this.isFar(window)) this.leaveFar([window], { leaving, send, merged: cells => cells[0] as number })
    else this.leaveAll(table, this.#order, { leaving, send })
  }

  protected forget(window: AlignedWindow): void {
    this.open.delete(window.start)
    if (this.early.isOn) for (const cell of window.table.cells) this.early.clear(cell)
    this.dropPiece(window)
  }

  protected findNextEnd(): void {
    this.nextEnd = Infinity
    for (const { end, isFired } of this.open.values()) if (!isFired && end < this.nextEnd) this.nextEnd = end
  }

  protected override dueAt(): number {
    return this.nextEnd
  }

  protected override placeOf(window: AlignedWindow): number {
    return window.start
  }

  protected override makePiece(start: number): void {
    this.windowAt(start)
  }

  protected override writeHead(_window: AlignedWindow, writer: ByteWriter, cell: number): void {
    if (this.early.isOn) writer.number(this.early.dueOf(cell))
  }

  protected override skipHead(reader: ByteReader): void {
    if (this.early.isOn) reader.number()
  }

  /** Cells that are to leave early are found in memory only. */
  protected override mustStay(cell: number): boolean {
    return this.early.dueOf(cell) !== Infinity
  }

  protected override leaveOnDisk(place: number): boolean {
    return !this.early.isOn && super.leaveOnDisk(place)
  }

  protected override reopen(start: number, key: number, head: ByteReader): number {
    const cell = this.cellOf(this.windowAt(start), key)
    if (this.early.isOn) this.early.restore(cell, head.number())
    return cell
  }

  protected override rekeyed(): void {
    for (const window of this.open.values()) this.retable(window)
    this.#order.renumbered()
  }
}

/** The stamps of a page, which a step with windows in time can not do without. */
export function timesOf({ eventTime, watermark }: Page): { eventTime: Float64Array; watermark: Float64Array } {
  assert(eventTime !== undefined && watermark !== undefined, 'a page came to a window without an event time')
  return { eventTime, watermark }
}
