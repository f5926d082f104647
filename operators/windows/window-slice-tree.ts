/** The merge of many slices: what two neighbours hold together is kept, and what two such pairs hold, for the windows that follow. */
import type { WindowAggregates } from './window-aggregates.ts'
import type { WindowCells } from './window-cells.ts'
import { CellTable } from './window-hash.ts'
import type { Piece } from './window-slices.ts'

/** A window of no more slices takes them one by one: pairs cost as much to keep as they save. */
const plainSlicesMax = 8

/** Cells merged by key. A key that is in one table only keeps its cell there, which is not changed; others get cells of their own. */
class MergedCells {
  readonly piece: Piece = { place: NaN, table: new CellTable() }
  readonly #cells: WindowCells<Piece>
  readonly #aggregates: WindowAggregates
  readonly #own: number[] = []

  constructor(cells: WindowCells<Piece>, aggregates: WindowAggregates) {
    this.#cells = cells
    this.#aggregates = aggregates
  }

  get table(): CellTable {
    return this.piece.table
  }

  /** Takes the cells of a later slice, or of several. */
  take(other: CellTable): void {
    const { table } = this.piece
    const { keys, cells } = other
    for (let i = 0; i < keys.length; i++) {
      const [key, cell] = [keys[i] as number, cells[i] as number]
      const at = table.addOnce(key, cell)
      if (at < 0) continue
      let own = table.cellAt(at)
      if (this.#cells.homeOf(own) !== this.piece) {
        const first = own
        own = this.#cells.open(this.piece, key)
        this.#own.push(own)
        table.setCellAt(at, own)
        this.#aggregates.merge(own, first)
      }
      this.#aggregates.merge(own, cell)
    }
  }

  release(): void {
    for (const cell of this.#own) this.#cells.release(cell)
  }
}

/** One key of a window. */
interface MergedKey {
  readonly first: number
  readonly after: number
  readonly behind: number
  readonly spare: number[]
}

/** The home of cells that belong to no piece. */
const loose: Piece = { place: NaN, table: new CellTable() }

/**
 * Slices as the leaves of a binary tree (aligned blocks of 2, 4, 8 … slices). A window is merged from the fewest blocks that make it up, which
 * follows from its bounds alone: so sums of numbers that are not whole are added in the same order after a restart.
 */
export class SliceTree {
  readonly #cells: WindowCells<Piece>
  readonly #aggregates: WindowAggregates
  readonly #sliceAt: (number: number) => CellTable | undefined
  /** By the number of the first slice, a map for each size of block: 2, 4, 8 … */
  readonly #blocks: Map<number, MergedCells>[] = []

  constructor(cells: WindowCells<Piece>, aggregates: WindowAggregates, sliceAt: (number: number) => CellTable | undefined) {
    this.#cells = cells
    this.#aggregates = aggregates
    this.#sliceAt = sliceAt
  }

  /** What the slices from `first` up to `after` hold, to be released when it was read. None of them changes any more. */
  merged(first: number, after: number): MergedCells {
    const merged = new MergedCells(this.#cells, this.#aggregates)
    for (let at = first, level = 0; at < after; at += 2 ** level) {
      level = after - first > plainSlicesMax ? levelOf(at, after) : 0
      const table = this.#tableOf(level, at)
      if (table !== undefined) merged.take(table)
    }
    return merged
  }

  /**
   * The same for one key, whose cell in each slice `cellAt` tells (−1 where it has none), and after them what came behind: merged in the same order,
   * so that it makes no difference where the cells were. Cells that are opened for it go to `spare`.
   */
  mergedCell({ first, after, behind, spare }: MergedKey, cellAt: (slice: number) => number): number {
    const join = (into: number, from: number): number => {
      if (into < 0 || from < 0) return Math.max(into, from)
      let own = into
      if (!spare.includes(into)) {
        spare.push((own = this.#cells.open(loose, -1)))
        this.#aggregates.merge(own, into)
      }
      this.#aggregates.merge(own, from)
      return own
    }
    const block = (level: number, at: number): number =>
      level === 0 ? cellAt(at) : join(block(level - 1, at), block(level - 1, at + 2 ** (level - 1)))
    let merged = -1
    for (let at = first, level = 0; at < after; at += 2 ** level) {
      level = after - first > plainSlicesMax ? levelOf(at, after) : 0
      merged = join(merged, block(level, at))
    }
    return join(merged, behind)
  }

  /** What a block holds; a block of which one half is empty is the other half. */
  #tableOf(level: number, first: number): CellTable | undefined {
    if (level === 0) return this.#sliceAt(first)
    const blocks = (this.#blocks[level - 1] ??= new Map<number, MergedCells>())
    const known = blocks.get(first)
    if (known !== undefined) return known.table
    const [left, right] = [this.#tableOf(level - 1, first), this.#tableOf(level - 1, first + 2 ** (level - 1))]
    if (left === undefined || right === undefined) return left ?? right
    const block = new MergedCells(this.#cells, this.#aggregates)
    block.take(left)
    block.take(right)
    blocks.set(first, block)
    return block.table
  }

  /** Gives up the blocks that begin before a slice. */
  forgetBefore(slice: number): void {
    for (const blocks of this.#blocks)
      for (const [first, block] of blocks) {
        if (first >= slice) continue
        block.release()
        blocks.delete(first)
      }
  }

  *pieces(): Iterable<Piece> {
    for (const blocks of this.#blocks) for (const { piece } of blocks.values()) yield piece
  }
}

/** The largest block that begins with a slice and does not reach beyond another. */
function levelOf(first: number, after: number): number {
  let level = 0
  while (first % 2 ** (level + 1) === 0 && first + 2 ** (level + 1) <= after) level++
  return level
}
