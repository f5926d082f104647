/** Cells: one key in one window. Their numbers are given out again, it is known which changed, and rows are added many at a time. */
import { grown } from '../aggregates/aggregate.ts'
import type { Page } from '../flow.ts'
import type { WindowAggregates } from './window-aggregates.ts'

const clean = 0
const dirty = 1
const stored = 2
/** Changed since the hand came by. */
const used = 4

/** What a cell takes beside what is written of it: its key and the tables that lead there. */
const cellBytes = 96

/** So many rows are added at once at most, which bounds the arrays where a row is in many windows. */
const batchRows = 65_536

/** `Home` is the window that a cell belongs to. */
export class WindowCells<Home> {
  readonly #aggregates: WindowAggregates
  /** Rows taken and not yet added, with the cell of each. */
  rows = new Int32Array(64)
  cells = new Int32Array(64)
  taken = 0
  readonly #homes: (Home | undefined)[] = []
  #keys = new Int32Array(64)
  #flags = new Uint8Array(64)
  /** What each takes in memory, about. */
  #sizes = new Int32Array(64)
  #likelyBytes = cellBytes
  #hand = 0
  usedBytes = 0
  dirtyBytes = 0
  /** Called before rows are added, while some cells may still be on disk. */
  beforeAdd: (() => void) | undefined
  #dirty: number[] = []
  readonly #free: number[] = []
  #count = 0

  constructor(aggregates: WindowAggregates) {
    this.#aggregates = aggregates
  }

  /** How many cells are open. */
  get size(): number {
    return this.#count - this.#free.length
  }

  open(home: Home, key: number): number {
    const cell = this.#free.pop() ?? this.#count++
    this.#aggregates.open(cell)
    if (cell >= this.#flags.length) {
      this.#flags = grown(this.#flags, cell + 1)
      this.#keys = grown(this.#keys, cell + 1)
      this.#sizes = grown(this.#sizes, cell + 1)
    }
    this.#flags[cell] = clean
    this.#sizes[cell] = this.#likelyBytes
    this.usedBytes += this.#likelyBytes
    this.#keys[cell] = key
    this.#homes[cell] = home
    return cell
  }

  /** Notes that a cell changes before the next barrier. */
  touch(cell: number): void {
    const flags = this.#flags[cell] as number
    if ((flags & dirty) !== 0) return
    this.#flags[cell] = flags | dirty | used
    this.dirtyBytes += this.#sizes[cell] as number
    this.#dirty.push(cell)
  }

  /** Gives a cell back; answers whether it was ever written. */
  release(cell: number): boolean {
    const wasStored = ((this.#flags[cell] as number) & stored) !== 0
    this.usedBytes -= this.#sizes[cell] as number
    if (((this.#flags[cell] as number) & dirty) !== 0) this.dirtyBytes -= this.#sizes[cell] as number
    this.#flags[cell] = clean
    this.#homes[cell] = undefined
    this.#aggregates.release(cell)
    this.#free.push(cell)
    return wasStored
  }

  homeOf(cell: number): Home {
    return this.#homes[cell] as Home
  }

  /** The number of its key. */
  keyOf(cell: number): number {
    return this.#keys[cell] as number
  }

  /** Makes room for so many more rows to be taken. */
  reserve(count: number): void {
    this.rows = grown(this.rows, this.taken + count)
    this.cells = grown(this.cells, this.taken + count)
  }

  /** Takes a row into a cell; it is added with the next `add`. */
  take(page: Page, row: number, cell: number): void {
    if (this.taken === this.rows.length) {
      if (this.taken >= batchRows) this.add(page)
      else this.reserve(this.taken)
    }
    this.rows[this.taken] = row
    this.cells[this.taken++] = cell
    this.touch(cell)
  }

  /** Adds the rows taken, which are all of this page. */
  add(page: Page): void {
    this.beforeAdd?.()
    if (this.taken > 0) this.#aggregates.update(page, this.rows, this.cells, this.taken)
    this.taken = 0
  }

  /** The open cells that changed since this was asked last; they count as written then. */
  *changed(): Iterable<number> {
    const changed = this.#dirty
    this.#dirty = []
    this.dirtyBytes = 0
    for (const cell of changed) {
      if (((this.#flags[cell] as number) & dirty) === 0) continue
      this.#flags[cell] = stored | used
      yield cell
    }
  }

  /** How many bytes of a cell are written. */
  weigh(cell: number, bytes: number): void {
    this.#likelyBytes = cellBytes + 2 * bytes
    const more = this.#likelyBytes - (this.#sizes[cell] as number)
    this.#sizes[cell] = this.#likelyBytes
    this.usedBytes += more
    if (((this.#flags[cell] as number) & dirty) !== 0) this.dirtyBytes += more
  }

  /** A cell that was read from the state is as it was written. */
  loaded(cell: number): void {
    if (((this.#flags[cell] as number) & dirty) !== 0) this.dirtyBytes -= this.#sizes[cell] as number
    this.#flags[cell] = stored
  }

  /** A cell that is about to change was read from the state. */
  readBack(cell: number): void {
    this.#flags[cell] = (this.#flags[cell] as number) | stored
  }

  /** Cells that may leave memory, so many bytes of them; `given` is told of each before it does. The clock algorithm, as in `ValueTable`. */
  giveUp(bytes: number, given: (cell: number) => boolean): void {
    const least = this.usedBytes - bytes
    for (let looked = 0; looked < 2 * this.#count && this.usedBytes > least; looked++) {
      const cell = this.#hand < this.#count ? this.#hand : 0
      this.#hand = cell + 1
      const flags = this.#flags[cell] as number
      // What is not stored belongs to nobody but who opened it.
      if ((flags & (stored | dirty)) !== stored) continue
      if ((flags & used) !== 0) this.#flags[cell] = flags & ~used
      else if (given(cell)) this.release(cell)
    }
  }

  /** Gives all open cells other numbers of keys. */
  renumber(numberOf: (key: number) => number): void {
    for (let cell = 0; cell < this.#count; cell++)
      if (this.#homes[cell] !== undefined) this.#keys[cell] = numberOf(this.#keys[cell] as number)
  }
}
