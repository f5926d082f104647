/** Rows of projections that are folded but not durable yet: what readers see before the epoch that holds them is written. */
import { encodeRowKey } from '../store/row-key.ts'

/** A row as it stands after the fold; `text` is JSON, undefined when the row was deleted. */
export interface FoldedRow {
  readonly key: readonly unknown[]
  readonly text: string | undefined
}

/** Rows by the bytes of their keys as text of Latin letters, so that equal keys meet and sort as their bytes do. */
export type FoldedRows = ReadonlyMap<string, FoldedRow>

export function rowKeyText(key: readonly unknown[]): string {
  return Buffer.prototype.latin1Slice.call(encodeRowKey(key))
}

export function rowKeyBytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1')
}

/** Rows changed since the last epoch, and those of the epochs that are being written. */
export class FoldedProjections {
  #current = new Map<string, Map<string, FoldedRow>>()
  #writing: (readonly [epoch: number, rows: ReadonlyMap<string, FoldedRows>])[] = []
  /** Characters of JSON put since the last `seal`; a row put twice counts twice. */
  textLength = 0

  put(projection: string, key: readonly unknown[], value: unknown): void {
    const text = JSON.stringify(value) ?? 'null'
    this.#rows(projection).set(rowKeyText(key), { key, text })
    this.textLength += text.length + 32
  }

  delete(projection: string, key: readonly unknown[]): void {
    this.#rows(projection).set(rowKeyText(key), { key, text: undefined })
    this.textLength += 32
  }

  #rows(projection: string): Map<string, FoldedRow> {
    let rows = this.#current.get(projection)
    if (rows === undefined) this.#current.set(projection, (rows = new Map<string, FoldedRow>()))
    return rows
  }

  /** The rows of this epoch; shown until `written` says they are in the database. */
  seal(epoch: number): ReadonlyMap<string, FoldedRows> {
    const rows = this.#current
    this.#writing.push([epoch, rows])
    this.#current = new Map()
    this.textLength = 0
    return rows
  }

  written(epoch: number): void {
    this.#writing = this.#writing.filter(([of]) => of > epoch)
  }

  get(projection: string, key: readonly unknown[]): FoldedRow | undefined {
    const text = rowKeyText(key)
    return this.#layers(projection)
      .map(rows => rows.get(text))
      .findLast(row => row !== undefined)
  }

  /** All rows not durable yet, the newest of each key, sorted by key. */
  list(projection: string): (readonly [keyText: string, row: FoldedRow])[] {
    const newest = new Map<string, FoldedRow>(this.#layers(projection).flatMap(rows => [...rows]))
    return [...newest].sort(([a], [b]) => (a < b ? -1 : 1))
  }

  #layers(projection: string): FoldedRows[] {
    return [...this.#writing.map(([, rows]) => rows.get(projection)), this.#current.get(projection)].filter(rows => rows !== undefined)
  }
}
