/** Windows of equal length aligned to the epoch, one behind another or overlapping; and the one window of all rows. */
import { assert } from '../../event/assert.ts'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { CellTable } from './window-hash.ts'
import { KeyedWindows, type Send } from './window-keyed.ts'
import { KeyOrder } from './window-order.ts'
import type { AggregateUses } from './window-uses.ts'

export interface AlignedOptions {
  /** Infinity makes one window of all rows, which need no event time then. */
  readonly sizeMs: number
  /** A window starts each so long; as `sizeMs` when left out. */
  readonly everyMs?: number
  readonly offsetMs: number
  readonly by?: readonly string[] | undefined
  readonly aggregate: AggregateUses
  /** Present for windows that give results more than once, see `RefiringWindows`. */
  readonly lateMs?: number
  readonly emit?: 'onClose' | 'onUpdate'
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

/** The windows of a row, and the cell of its key in each. */
interface Overlapping {
  readonly first: number
  readonly last: number
  readonly key: number
  readonly cells: readonly number[]
}

export class AlignedWindows extends KeyedWindows<AlignedWindow> {
  protected readonly sizeMs: number
  protected readonly everyMs: number
  readonly #offsetMs: number
  protected readonly open = new Map<number, AlignedWindow>()
  /** The least end of a window whose results are still to leave. */
  protected nextEnd = Infinity
  readonly #order = new KeyOrder()
  #found: Overlapping | undefined

  constructor(context: StepContext, options: AlignedOptions) {
    const { sizeMs, everyMs = sizeMs, offsetMs, by, aggregate, lateMs = 0, emit = 'onClose' } = options
    const shape = {
      sizeMs: sizeMs === Infinity ? 'all' : sizeMs,
      offsetMs,
      ...(everyMs !== sizeMs && { everyMs }),
      ...(lateMs > 0 && { lateMs }),
      ...(emit !== 'onClose' && { emit }),
    }
    super(context, { by, aggregate, shape })
    this.sizeMs = sizeMs
    this.everyMs = everyMs
    this.#offsetMs = offsetMs
    for (const start of this.load()) {
      const window = this.open.get(start)
      if (window !== undefined) window.isFired = window.isMarked = true
    }
    this.findNextEnd()
  }

  /** Takes the rows of a page; answers the rows that came too late. */
  add(page: Page, _send: Send): Int32Array {
    const { page: fitting, rows, ids } = this.enter(page)
    const late = this.everyMs < this.sizeMs ? this.#placeInSeveral(fitting, rows, ids) : this.#placeInOne(fitting, rows, ids)
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
          end = start + this.sizeMs
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

  #placeInSeveral(page: Page, rows: Int32Array, ids: Int32Array): Int32Array {
    const { eventTime, watermark } = timesOf(page)
    const late: number[] = []
    this.#found = undefined
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      const stamp = watermark[row] as number
      const last = this.startOf(eventTime[row] as number)
      if (stamp >= last + this.sizeMs) {
        late.push(row)
        continue
      }
      const first = this.firstStart(eventTime[row] as number, stamp)
      const { cells } = this.#cellsFrom(first, last, ids[i] as number)
      for (let w = 0; w < cells.length; w++) this.cells.take(page, row, cells[w] as number)
    }
    return Int32Array.from(late)
  }

  /** The windows that start from `first` to `last`, with the cells of a key. */
  #cellsFrom(first: number, last: number, key: number): Overlapping {
    const known = this.#found
    if (known?.first === first && known.last === last && known.key === key) return known
    const cells: number[] = []
    for (let start = first; start <= last; start += this.everyMs) cells.push(this.cellOf(this.windowAt(start), key))
    return (this.#found = { first, last, key, cells })
  }

  /** Start of the last window that holds the time. */
  protected startOf(time: number): number {
    return Math.floor((time - this.#offsetMs) / this.everyMs) * this.everyMs + this.#offsetMs
  }

  /** Start of the first window that holds the time and ends after `closed`. */
  protected firstStart(time: number, closed: number): number {
    return this.startOf(Math.max(time, closed) - this.sizeMs) + this.everyMs
  }

  protected windowAt(start: number): AlignedWindow {
    let window = this.open.get(start)
    if (window === undefined) {
      const end = start === -Infinity ? Infinity : start + this.sizeMs
      this.open.set(start, (window = { start, end, table: new CellTable(), isFired: false, isMarked: false }))
      if (end < this.nextEnd) this.nextEnd = end
    }
    return window
  }

  /** The cell of a key, about to change. */
  protected cellOf(window: AlignedWindow, key: number): number {
    let cell = window.table.find(key)
    if (cell < 0) window.table.add(key, (cell = this.cells.open(window, key)))
    this.cells.touch(cell)
    return cell
  }

  /** Closes the windows whose end is not after `until`, by end and key; `send` gets the rows. */
  advance(until: number, send: Send): void {
    if (this.open.size > 0 && this.nextEnd <= until) {
      for (const window of this.due(until)) {
        this.leaveAll(window, send)
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
  protected leaveAll(window: AlignedWindow, send: Send, { lateMs = 0, upTo }: { lateMs?: number; upTo?: number | undefined } = {}): void {
    const { table, start, end } = window
    const order = this.causes.of(end, { upTo })
    const leaving = end === Infinity ? { order } : { start, end, order, eventTime: end - 1, watermark: end - 1 - lateMs }
    const { cells } = table
    for (const at of this.#order.sorted(table, this.keys)) this.leave(cells[at] as number, leaving)
    this.flush(send, false)
  }

  protected forget(window: AlignedWindow): void {
    this.open.delete(window.start)
    for (const cell of window.table.cells) this.drop(cell)
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

  protected override reopen(start: number, key: number): number {
    return this.cellOf(this.windowAt(start), key)
  }

  protected override rekeyed(): void {
    for (const window of this.open.values()) {
      const { cells } = window.table
      window.table = new CellTable()
      for (const cell of cells) window.table.add(this.cells.keyOf(cell), cell)
    }
    this.#order.renumbered()
  }
}

/** The stamps of a page, which a step with windows in time can not do without. */
export function timesOf({ eventTime, watermark }: Page): { eventTime: Float64Array; watermark: Float64Array } {
  assert(eventTime !== undefined && watermark !== undefined, 'a page came to a window without an event time')
  return { eventTime, watermark }
}
