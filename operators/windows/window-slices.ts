/** Windows that overlap, by slices: a row is added once, to the slice it falls into, and a window is the merge of its slices when it closes. */
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { timesOf } from './window-aligned.ts'
import { CellTable } from './window-hash.ts'
import type { Send } from './window-keyed.ts'
import { KeyOrder } from './window-order.ts'
import { PiecedWindows } from './window-pieced.ts'
import { SliceTree } from './window-slice-tree.ts'
import type { Slicing } from './window-slicing.ts'
import type { Leaving } from './window-rows.ts'
import type { SavedShape } from './window-state.ts'
import type { AggregateUses } from './window-uses.ts'

export interface SlicedOptions {
  readonly slicing: Slicing
  /** What tells these slices from others, in the state. */
  readonly shape: SavedShape
  readonly by?: readonly string[] | undefined
  readonly aggregate: AggregateUses
}

/** The cells of the keys in one slice, in the rows that came behind for one window, or in slices that were merged. */
export interface Piece {
  /** In the state: the start of the slice, or half a millisecond before the end of the window. */
  readonly place: number
  table: CellTable
}

/** A row that some of its windows had closed for: it counts in those from `first` to `last`. */
interface Behind {
  readonly row: number
  readonly key: number
  readonly first: number
  readonly last: number
}

/** A window that closes, of the slices from `first` up to `after`. */
interface Closing {
  readonly first: number
  readonly after: number
  readonly behind: Piece | undefined
  readonly leaving: Leaving
  readonly send: Send
}

/**
 * A row whose stamp had reached the end of its first window, but not that of its last, counts in the windows still open and in no slice: it is
 * added to each of them beside its slices. So what a slice holds counts in all of its windows, whatever the page and whichever way stamps go,
 * and a slice within a window that has closed does not change any more.
 */
export class SlicedWindows extends PiecedWindows<Piece> {
  readonly #slicing: Slicing
  readonly #slices = new Map<number, Piece>()
  /** Numbers of the slices, rising. */
  readonly #numbers: number[] = []
  /** What came behind, by the number of the window. */
  readonly #behind = new Map<number, Piece>()
  readonly #tree: SliceTree
  readonly #order = new KeyOrder()
  /** The number of the last window that has closed, as it is and as it is saved; slices outlive the windows that they were part of. */
  #closed = -Infinity
  #savedClosed = -Infinity

  constructor(context: StepContext, { slicing, shape, by, aggregate }: SlicedOptions) {
    super(context, { by, aggregate, shape: { ...shape, slices: 1 } })
    this.#slicing = slicing
    this.#tree = new SliceTree(this.cells, this.aggregates, number => this.#slices.get(number)?.table)
    for (const closed of this.load()) this.#closed = this.#savedClosed = Math.max(this.#closed, closed)
  }

  /** Takes the rows of a page; answers the rows that came too late for all of their windows. */
  add(page: Page, _send: Send): Int32Array {
    const { page: fitting, rows, ids } = this.enter(page)
    const late: number[] = []
    const behind: Behind[] = []
    this.#place(fitting, { rows, ids, late, behind })
    this.cells.add(fitting)
    for (const { row, key, first, last } of behind)
      for (let window = first; window <= last; window++) this.cells.take(fitting, row, this.#cellOf(this.#behindOf(window), key))
    this.cells.add(fitting)
    return Int32Array.from(late)
  }

  /** Finds the cell of each row, with the slice and the key that were found last at hand. */
  #place(page: Page, found: { rows: Int32Array; ids: Int32Array; late: number[]; behind: Behind[] }): void {
    const { rows, ids, late, behind } = found
    const { eventTime, watermark } = timesOf(page)
    const slicing = this.#slicing
    this.cells.reserve(rows.length)
    const { rows: rowsTaken, cells: cellOfRow } = this.cells
    let [start, end, firstEnd, lastEnd] = [NaN, NaN, NaN, NaN]
    let [slice, number, key, cell, taken] = [undefined as Piece | undefined, NaN, -1, -1, 0]
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      const time = eventTime[row] as number
      if (!(time >= start && time < end)) {
        number = slicing.sliceAt(time)
        start = slicing.sliceStart(number)
        end = slicing.sliceStart(number + 1)
        firstEnd = slicing.windowEnd(slicing.firstWindow(number))
        lastEnd = slicing.windowEnd(slicing.lastWindow(number))
        slice = undefined
      }
      const stamp = watermark[row] as number
      if (stamp >= firstEnd) {
        if (stamp >= lastEnd) late.push(row)
        else behind.push({ row, key: ids[i] as number, first: slicing.windowAfter(stamp), last: slicing.lastWindow(number) })
        continue
      }
      if (slice === undefined || ids[i] !== key) {
        slice ??= this.#sliceOf(number)
        key = ids[i] as number
        cell = this.#cellOf(slice, key)
      }
      rowsTaken[taken] = row
      cellOfRow[taken++] = cell
    }
    this.cells.taken = taken
  }

  #sliceOf(number: number): Piece {
    let slice = this.#slices.get(number)
    if (slice !== undefined) return slice
    this.#slices.set(number, (slice = { place: this.#slicing.sliceStart(number), table: new CellTable() }))
    const numbers = this.#numbers
    let at = numbers.length
    while (at > 0 && (numbers[at - 1] as number) > number) at--
    numbers.splice(at, 0, number)
    return slice
  }

  #behindOf(window: number): Piece {
    let piece = this.#behind.get(window)
    if (piece === undefined) this.#behind.set(window, (piece = { place: this.#slicing.windowEnd(window) - 0.5, table: new CellTable() }))
    return piece
  }

  /** The cell of a key, about to change. */
  #cellOf(piece: Piece, key: number): number {
    return this.cellIn(piece, key)
  }

  /** Closes the windows whose end is not after `until`, by end and key. */
  advance(until: number, send: Send): void {
    const slicing = this.#slicing
    let hasClosed = false
    for (let window = this.#next(); window !== Infinity && slicing.windowEnd(window) <= until; window = this.#next()) {
      this.#close(window, send)
      this.#closed = window
      hasClosed = true
      this.#forgetBefore(window + 1)
    }
    this.#closed = until === Infinity ? -Infinity : Math.max(this.#closed, slicing.windowAfter(until) - 1)
    if (hasClosed) {
      this.flush(send)
      this.forgetKeys()
    }
    this.causes.settle()
  }

  /** The next window to close of those that hold something; Infinity when there is none. */
  #next(): number {
    const [first] = this.#numbers
    let next = first === undefined ? Infinity : Math.max(this.#closed + 1, this.#slicing.firstWindow(first))
    for (const window of this.#behind.keys()) if (window < next) next = window
    return next
  }

  /** The results of a window, in the order of the key; they happened at its last millisecond, and nothing that ends earlier is to come. */
  #close(window: number, send: Send): void {
    const slicing = this.#slicing
    const [start, end] = [slicing.windowStart(window), slicing.windowEnd(window)]
    const [first, after] = [slicing.firstSlice(window), slicing.sliceAfter(window)]
    const behind = this.#behind.get(window)
    const leaving = { start, end, order: this.causes.of(end), eventTime: end - 1, watermark: end - 1 }
    if (this.#leaveFrom({ first, after, behind, leaving, send })) return
    const merged = this.#tree.merged(first, after)
    if (behind !== undefined) merged.take(behind.table)
    this.leaveAll(merged.table, this.#order, { leaving, send })
    merged.release()
  }

  /** Where some of a window is on disk its results leave key by key; false where nothing is. */
  #leaveFrom({ first, after, behind, leaving, send }: Closing): boolean {
    const numbers = this.#numbers.filter(number => number >= first && number < after)
    const slices = numbers.map(number => this.#slices.get(number) as Piece)
    const pieces = behind === undefined ? slices : [...slices, behind]
    if (!pieces.some(piece => this.isFar(piece))) return false
    const merged = (cells: Int32Array, spare: number[]): number =>
      this.#tree.mergedCell({ first, after, behind: behind === undefined ? -1 : (cells.at(-1) as number), spare }, number => {
        const at = numbers.indexOf(number)
        return at < 0 ? -1 : (cells[at] as number)
      })
    this.leaveFar(pieces, { leaving, send, merged })
    return true
  }

  /** Gives up what is only part of windows before this one. */
  #forgetBefore(window: number): void {
    const slicing = this.#slicing
    let count = 0
    for (const number of this.#numbers) {
      if (slicing.lastWindow(number) >= window) break
      this.#drop(this.#slices, number)
      count++
    }
    if (count > 0) this.#numbers.splice(0, count)
    for (const number of [...this.#behind.keys()]) if (number < window) this.#drop(this.#behind, number)
    this.#tree.forgetBefore(slicing.firstSlice(window))
  }

  #drop(pieces: Map<number, Piece>, number: number): void {
    this.dropPiece(pieces.get(number) as Piece)
    pieces.delete(number)
  }

  override save(): void {
    super.save()
    const closed = this.#closed
    // Lanes share what they save of this: all come to the same, and those that hold nothing leave it to the others until the end.
    if (closed === this.#savedClosed || (closed !== -Infinity && this.#numbers.length === 0)) return
    if (this.#savedClosed !== -Infinity) this.state.unmark(this.#savedClosed)
    if (closed !== -Infinity) this.state.mark(closed)
    this.#savedClosed = closed
  }

  protected override dueAt(): number {
    return this.#slicing.windowEnd(this.#next())
  }

  protected override placeOf({ place }: Piece): number {
    return place
  }

  #pieceAt(place: number): Piece {
    const isBehind = !Number.isInteger(place)
    const slicing = this.#slicing
    return isBehind ? this.#behindOf(slicing.firstWindow(slicing.sliceAt(place))) : this.#sliceOf(slicing.sliceAt(place))
  }

  protected override makePiece(place: number): void {
    this.#pieceAt(place)
  }

  protected override reopen(place: number, key: number): number {
    return this.cellIn(this.#pieceAt(place), key)
  }

  /** Blocks name the cells of their slices. */
  protected override beforeGivingUp(): void {
    this.#tree.forgetBefore(Infinity)
  }

  protected override rekeyed(): void {
    for (const piece of [...this.#slices.values(), ...this.#behind.values()]) this.retable(piece)
    for (const piece of this.#tree.pieces()) {
      const { cells } = piece.table
      piece.table = new CellTable()
      for (const cell of cells) piece.table.add(this.cells.keyOf(cell), cell)
    }
    this.#order.renumbered()
  }
}
