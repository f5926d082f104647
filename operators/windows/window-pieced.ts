/**
 * Windows made of pieces, each a table of the cells of its keys. Cells that were not used for long leave memory; they are read back when a row
 * of their key comes, and when their piece leaves it is read through in the order of its keys, a cell at a time.
 */
import { ByteReader } from '../aggregates/bytes.ts'
import { compareBytes } from '../../event/compare-bytes.ts'
import { mergedByRowKey } from '../keyed/merged-rows.ts'
import type { StepContext } from '../operator.ts'
import { FarCells } from './window-far.ts'
import { CellTable } from './window-hash.ts'
import { KeyedWindows, type KeyedOptions, type Send } from './window-keyed.ts'
import { KeyIds, type KeyValue } from './window-keys.ts'
import { keyAt, type SavedCell } from './window-state.ts'
import type { Leaving } from './window-rows.ts'

export interface Tabled {
  table: CellTable
}

/** A cell of a piece, wherever it is; what was read for this is to be released. */
interface Standing {
  readonly rowKey: Uint8Array
  readonly key: readonly KeyValue[]
  readonly cell: number
  readonly isRead: boolean
}

/** The pieces of a window as they are read, each at its next cell. */
interface Cursor {
  readonly piece: number
  readonly cells: Iterator<Standing>
  at: Standing
}

export abstract class PiecedWindows<Piece extends Tabled> extends KeyedWindows<Piece> {
  readonly #far: FarCells

  constructor(context: StepContext, options: KeyedOptions) {
    super(context, options)
    this.#far = new FarCells(this.filterBytes)
    this.cells.beforeAdd = () => this.#readBack()
  }

  protected abstract override placeOf(piece: Piece): number
  /** Makes the piece at a place, which has cells on disk. */
  protected abstract makePiece(place: number): void
  /** Cells are about to leave memory: no table but those of pieces may name one. */
  protected beforeGivingUp(): void {}
  /** A cell that must stay, for what is known of it is written nowhere. */
  protected mustStay(_cell: number): boolean {
    return false
  }
  /** Passes over what stands before the aggregates of a cell. */
  protected skipHead(_reader: ByteReader): void {}

  /** The cell of a key in a piece, about to change. */
  protected cellIn(piece: Piece, key: number): number {
    let cell = piece.table.find(key)
    if (cell < 0) {
      piece.table.add(key, (cell = this.cells.open(piece, key)))
      if (!this.#far.isEmpty) this.#want(piece, key, cell)
    }
    this.cells.touch(cell)
    return cell
  }

  #want(piece: Piece, key: number, cell: number): void {
    const place = this.placeOf(piece)
    if (this.#far.has(place)) this.#far.want(place, this.state.rowKey(place, this.keys.keyOf(key)), cell)
  }

  /** Some cells of the piece may be on disk only. */
  protected isFar(piece: Piece): boolean {
    return this.#far.has(this.placeOf(piece))
  }

  /** The cells of a page that were on disk, all by one read. */
  #readBack(): void {
    if (this.#far.cells.length === 0) return
    const { cells, rowKeys } = this.#far.take()
    const found = this.state.getMany(rowKeys)
    for (let i = 0; i < cells.length; i++) {
      const bytes = found[i]
      if (bytes === undefined) continue
      const [cell, rowKey] = [cells[i] as number, rowKeys[i] as Uint8Array]
      const place = this.placeOf(this.cells.homeOf(cell))
      const written = this.#load(cell, { place, key: this.keys.keyOf(this.cells.keyOf(cell)), rowKey, bytes }, true)
      this.cells.readBack(cell)
      this.cells.weigh(cell, written)
    }
  }

  /** Reads a cell from its row; answers how many bytes it takes there. `stays`: its chunks are this step's to delete. */
  #load(cell: number, { place, key, rowKey, bytes }: SavedCell, stays: boolean): number {
    const reader = new ByteReader(bytes)
    this.skipHead(reader)
    this.aggregates.load(cell, reader)
    let written = rowKey.length + bytes.length
    if (this.aggregates.hasChunks)
      for (const { aggregate, chunk, bytes: part } of stays ? this.state.takeChunks(place, key) : this.state.chunksOf(place, key)) {
        this.aggregates.loadChunk(aggregate, cell, chunk, part)
        written += part.length
      }
    return written
  }

  protected override giveUp(bytes: number): boolean {
    let count = 0
    this.beforeGivingUp()
    this.cells.giveUp(bytes, cell => {
      if (this.mustStay(cell)) return false
      const place = this.placeOf(this.cells.homeOf(cell))
      const rowKey = this.state.rowKey(place, this.keys.keyOf(this.cells.keyOf(cell)))
      this.#far.add(place, rowKey)
      this.state.forgetChunks(rowKey)
      count++
      return true
    })
    return count > 0
  }

  protected override leaveOnDisk(from: number): boolean {
    for (let place: number | undefined = from; place !== undefined; place = this.state.nextPlace(place)) {
      this.makePiece(place)
      this.#far.addAll(place)
    }
    return true
  }

  /** The table of a piece again, without cells that left memory. */
  protected retable(piece: Piece): void {
    const { cells } = piece.table
    piece.table = new CellTable()
    for (const cell of cells) if (this.cells.homeOf(cell) === piece) piece.table.add(this.cells.keyOf(cell), cell)
  }

  /** Gives up the cells of a piece, and what is on disk of it. */
  protected dropPiece(piece: Piece): void {
    for (const cell of piece.table.cells) this.drop(cell)
    if (!this.isFar(piece)) return
    const place = this.placeOf(piece)
    this.state.deletePlace(place)
    this.#far.forget(place)
  }

  /**
   * The results of pieces of which some are on disk, merged by key and in its order. `merged` answers the cell that holds what those of one key
   * (by the number of the piece, −1 where it has none) come to; cells that it opens are `spare`.
   */
  protected leaveFar(
    pieces: readonly Piece[],
    { leaving, send, merged }: { leaving: Leaving; send: Send; merged: (cells: Int32Array, spare: number[]) => number },
  ): void {
    this.flush(send)
    let keys = new KeyIds(this.keys.fields)
    const cells = new Int32Array(pieces.length)
    for (const standing of this.#byKey(pieces)) {
      cells.fill(-1)
      const spare: number[] = []
      let key: readonly KeyValue[] = []
      for (const { piece, at } of standing) {
        cells[piece] = at.cell
        key = at.key
        if (at.isRead) spare.push(at.cell)
      }
      this.output.add(keys.idOf(key), merged(cells, spare), leaving)
      for (const cell of spare) this.cells.release(cell)
      if (!this.output.isFull) continue
      this.output.flush(keys, send)
      keys = new KeyIds(this.keys.fields)
    }
    this.output.flush(keys, send)
  }

  /** The cells of each key, one key after another. */
  *#byKey(pieces: readonly Piece[]): Generator<readonly Cursor[]> {
    const order = (a: Cursor, b: Cursor): number => compareKeyBytes(a.at.rowKey, b.at.rowKey)
    // Those that come last stand first, to be taken from the end.
    const waiting: Cursor[] = []
    const enlist = (cursor: Cursor): void => {
      let [low, high] = [0, waiting.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (order(waiting[middle] as Cursor, cursor) > 0) low = middle + 1
        else high = middle
      }
      waiting.splice(low, 0, cursor)
    }
    for (const [number, piece] of pieces.entries()) {
      const cells = this.#cellsOf(piece)
      const first = cells.next()
      if (first.done !== true) enlist({ piece: number, cells, at: first.value })
    }
    while (waiting.length > 0) {
      const together = [waiting.pop() as Cursor]
      while (waiting.length > 0 && order(waiting.at(-1) as Cursor, together[0] as Cursor) === 0) together.push(waiting.pop() as Cursor)
      yield together
      for (const cursor of together) {
        const next = cursor.cells.next()
        if (next.done === true) continue
        cursor.at = next.value
        enlist(cursor)
      }
    }
  }

  /** The cells of a piece in the order of their keys; of one that is in memory and on disk, that in memory. */
  *#cellsOf(piece: Piece): Generator<Standing> {
    const place = this.placeOf(piece)
    const near = Array.from(piece.table.cells, (cell): Standing => {
      const key = this.keys.keyOf(this.cells.keyOf(cell))
      return { rowKey: this.state.rowKey(place, key), key, cell, isRead: false }
    }).sort((a, b) => compareBytes(a.rowKey, b.rowKey))
    const saved = this.#far.has(place) ? this.state.cells(place) : []
    yield* mergedByRowKey(near, saved, one => {
      const cell = this.cells.open(piece, -1)
      this.#load(cell, one, false)
      return { rowKey: one.rowKey, key: one.key, cell, isRead: true }
    })
  }
}

/** By the key alone, whatever the places. */
function compareKeyBytes(a: Uint8Array, b: Uint8Array): number {
  return compareBytes(a.subarray(keyAt), b.subarray(keyAt))
}
