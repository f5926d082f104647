/** The best rows of a group by some of their columns, one behind another in one array of cells, and how they are saved. */
import type { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import { valueAt } from '../columns.ts'
import type { Column, Page, Row } from '../flow.ts'
import { columnNamed, rowReader } from '../page.ts'
import { compareTexts } from '../windows/window-keys.ts'
import { exactText, exactValue, settled } from './exact.ts'
import type { Format } from './keyed-rows.ts'

/** Rows from the best to the last, each as wide as the ranking that made them. */
export type RankedCells = unknown[]

/**
 * No other row of a window is to come. A row of a window happened at its last millisecond, or at its very end where windows include that
 * (sessions do), and a watermark says that no row from before it is still to come.
 */
export function isComplete(windowEnd: number, eventTime: number, watermark: number): boolean {
  return eventTime < windowEnd ? watermark >= windowEnd : watermark > windowEnd
}

export interface OrderColumn {
  readonly name: string
  readonly falls: boolean
}

/** `-` before a column says that the largest comes first. */
export function orderColumns(order: readonly string[]): OrderColumn[] {
  return order.map(name => ({ name: name.replace(/^-/, ''), falls: name.startsWith('-') }))
}

export interface RankingOptions {
  readonly n: number
  readonly order: readonly OrderColumn[]
  /** Columns to keep of each row; `*` among them for all, which may be others from row to row. */
  readonly kept: readonly string[]
  /** Event time and watermark of each row are kept as well. */
  readonly isTimed: boolean
}

/** The name of the cell that holds a whole row as text. */
const wholeRow = '*'

export class Ranking implements Format<RankedCells> {
  readonly #n: number
  readonly #order: readonly OrderColumn[]
  readonly #isTimed: boolean
  /** What the cells of a row are; those that it is ordered by come first. */
  readonly names: readonly string[]
  readonly #namesText: string
  /** Cells of a row. */
  readonly width: number
  /** Of the page that is being taken. */
  #page: Page | undefined
  #columns: readonly Column[] = []
  #read: (row: number) => Row = () => ({})
  readonly #fresh: unknown[] = []

  constructor({ n, order, kept, isTimed }: RankingOptions) {
    const ordered = order.map(({ name }) => name)
    this.#n = n
    this.#order = order
    this.#isTimed = isTimed
    this.names = [...ordered, ...(kept.includes(wholeRow) ? [wholeRow] : kept.filter(name => !ordered.includes(name)))]
    this.#namesText = JSON.stringify(this.names)
    this.width = this.names.length + (isTimed ? 2 : 0)
  }

  /** The rows that are asked about from here on are of this page. */
  look(page: Page): void {
    this.#page = page
    this.#columns = this.names.map(name => columnNamed(page, name))
    this.#read = rowReader(page)
  }

  count(best: RankedCells): number {
    return best.length / this.width
  }

  /** Puts a row where it belongs, behind its equals; false when it is none of the best. Throws for a value that can not be saved. */
  take(best: RankedCells, row: number): boolean {
    const { width } = this
    const count = best.length / width
    if (count === this.#n && !this.#beats(row, best, count - 1)) return false
    const fresh = this.#cellsOf(row)
    const place = count === 0 ? 0 : this.#placeOf(row, best, count)
    if (count < this.#n) for (let c = 0; c < width; c++) best.push(fresh[c])
    const start = place * width
    for (let at = best.length - 1; at >= start + width; at--) best[at] = best[at - width]
    for (let c = 0; c < width; c++) best[start + c] = fresh[c]
    return true
  }

  /** Where the row would stand, behind its equals. */
  #placeOf(row: number, best: RankedCells, count: number): number {
    let [low, high] = [0, count]
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#beats(row, best, middle)) high = middle
      else low = middle + 1
    }
    return low
  }

  /** The row comes before one of the best. */
  #beats(row: number, best: RankedCells, rank: number): boolean {
    const at = rank * this.width
    for (let c = 0; c < this.#order.length; c++) {
      const column = this.#columns[c] as Column
      const [own, other] = [cellAt(column, row), best[at + c] ?? null]
      if (own === null || other === null) {
        if (own === other) continue
        return other === null
      }
      const order = typeof own === 'number' && typeof other === 'number' ? compareNumbers(own, other) : compareValues(own, other)
      if (order !== 0) return this.#order[c]?.falls === true ? order > 0 : order < 0
    }
    return false
  }

  #cellsOf(row: number): unknown[] {
    const [fresh, { eventTime, watermark }] = [this.#fresh, this.#page as Page]
    for (let c = 0; c < this.names.length; c++)
      fresh[c] = this.names[c] === wholeRow ? exactText(this.#read(row)) : settled(cellAt(this.#columns[c] as Column, row))
    if (this.#isTimed) {
      fresh[this.names.length] = eventTime?.[row] ?? NaN
      fresh[this.names.length + 1] = watermark?.[row] ?? NaN
    }
    return fresh
  }

  eventTimeOf(best: RankedCells, rank: number): number {
    return this.#isTimed ? (best[(rank + 1) * this.width - 2] as number) : NaN
  }

  /** The row as it came, where whole rows are kept. */
  rowOf(best: RankedCells, rank: number): Row {
    return exactValue(best[rank * this.width + this.names.length - 1] as string) as Row
  }

  /** True when rows are kept whole. */
  get isWhole(): boolean {
    return this.names.at(-1) === wholeRow
  }

  write(best: RankedCells, writer: ByteWriter): void {
    writer.integer(cellsFollow)
    writer.text(this.#namesText)
    writer.integer(best.length)
    for (let at = 0; at < best.length; at++) writeCell(best[at], writer)
  }

  read(reader: ByteReader): RankedCells {
    const first = reader.integer()
    if (first !== cellsFollow) return this.#ofTexts(reader.textOf(first))
    const names = reader.text()
    const cells = Array.from({ length: reader.integer() }, () => readCell(reader))
    return names === this.#namesText ? cells : this.#adapted(cells, JSON.parse(names) as string[])
  }

  /** Rows of a version of the topology that kept other columns: what they lack is null. */
  #adapted(cells: RankedCells, names: readonly string[]): RankedCells {
    const width = names.length + (this.#isTimed ? 2 : 0)
    return Array.from({ length: cells.length / width }, (_, rank) => {
      const row = cells.slice(rank * width, (rank + 1) * width)
      const fields = Object.fromEntries(names.map((name, c) => [name, row[c]]))
      const { [wholeRow]: text, ...known } = fields
      return this.#cellsFrom(typeof text === 'string' ? (exactValue(text) as Row) : known, row.slice(names.length))
    }).flat()
  }

  #cellsFrom(row: Row, stamps: readonly unknown[]): unknown[] {
    return [...this.names.map(name => (name === wholeRow ? exactText(row) : (row[name] ?? null))), ...stamps]
  }

  /** Rows that an earlier version wrote as texts. */
  #ofTexts(text: string): RankedCells {
    const rows = exactValue(text) as readonly { readonly text: string; readonly stamps: readonly number[] | null }[]
    return rows.flatMap(({ text: row, stamps }) =>
      this.#cellsFrom(exactValue(row) as Row, this.#isTimed ? [stamps?.[0] ?? NaN, stamps?.[1] ?? NaN] : []),
    )
  }
}

/** In place of the length of a text, with which rows began in an earlier version. */
const cellsFollow = 0xffffffff
const isNumber = 1
const isText = 2
const isOther = 0

function writeCell(cell: unknown, writer: ByteWriter): void {
  if (typeof cell === 'number') {
    writer.byte(isNumber)
    writer.number(cell)
  } else if (typeof cell === 'string') {
    writer.byte(isText)
    writer.text(cell)
  } else {
    writer.byte(isOther)
    writer.text(exactText(cell))
  }
}

function readCell(reader: ByteReader): unknown {
  const kind = reader.byte()
  if (kind === isNumber) return reader.number()
  return kind === isText ? reader.text() : exactValue(reader.text())
}

function cellAt(column: Column, row: number): unknown {
  if (column.kind !== 'number') return valueAt(column, row)
  return column.nulls !== undefined && column.nulls[row] === 1 ? null : column.values[row]
}

/** False, true, numbers (NaN is the largest), texts by code point, then the rest by JSON text. */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b)
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  const order = rankOf(a) - rankOf(b)
  if (order !== 0 || rankOf(a) < 4) return order
  return compareTexts(exactText(a), exactText(b))
}

function compareNumbers(a: number, b: number): number {
  if (a < b) return -1
  if (a > b) return 1
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b))
}

function rankOf(value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0
  return typeof value === 'number' ? 2 : typeof value === 'string' ? 3 : 4
}
