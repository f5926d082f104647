/** Rows of projections that are folded but not durable yet: what readers see before the epoch that holds them is written. */
import type { Place } from '../event/position.ts'
import { encodeRowKey } from '../store/row-key.ts'
import type { HotRows } from './hot-rows.ts'

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

/** Whoever waits for changes of projections; told when they show. */
export interface ChangeWatch {
  has(projection: string): boolean
  changed(projection: string, keys: readonly string[]): void
}

/** Rows changed since the last epoch, and those of the epochs that are being written. */
export class FoldedProjections {
  readonly #hot: HotRows
  readonly #watch: ChangeWatch | undefined
  /** Of the rows that are put now. */
  #epoch: number
  #current = new Map<string, Map<string, FoldedRow>>()
  #writing: (readonly [epoch: number, rows: ReadonlyMap<string, FoldedRows>])[] = []
  /** Rows put since they were last shown. */
  #fresh = new Map<string, Map<string, FoldedRow>>()
  /** Characters of JSON put since the last `seal`; a row put twice counts twice. */
  textLength = 0
  isClosed = false

  /** `epoch`: the last one sealed before. */
  constructor(hot: HotRows, epoch: number, watch?: ChangeWatch) {
    this.#hot = hot
    this.#watch = watch
    this.#epoch = epoch + 1
  }

  put(projection: string, key: readonly unknown[], value: unknown): void {
    const text = JSON.stringify(value) ?? 'null'
    this.#set(projection, { key, text })
    this.textLength += text.length + 32
  }

  delete(projection: string, key: readonly unknown[]): void {
    this.#set(projection, { key, text: undefined })
    this.textLength += 32
  }

  #set(projection: string, row: FoldedRow): void {
    const keyText = rowKeyText(row.key)
    rowsIn(this.#current, projection).set(keyText, row)
    rowsIn(this.#fresh, projection).set(keyText, row)
  }

  /** Shows what was put since the last time. A page has gone all the way, so that nobody sees what only half of it makes. */
  show(place: Place | null): void {
    for (const [projection, rows] of this.#fresh) {
      for (const [keyText, { text }] of rows) this.#hot.put(projection, { key: rowKeyBytes(keyText), text, epoch: this.#epoch })
    }
    this.#hot.reached(place)
    for (const [projection, rows] of this.#fresh) {
      if (rows.size > 0 && this.#watch?.has(projection)) this.#watch.changed(projection, [...rows.keys()])
      rows.clear()
    }
  }

  /** The rows of this epoch; all of them were shown. They stay here until `written` says they are in the database. */
  seal(epoch: number): ReadonlyMap<string, FoldedRows> {
    const rows = this.#current
    this.#writing.push([epoch, rows])
    this.#current = new Map()
    this.#epoch = epoch + 1
    this.textLength = 0
    return rows
  }

  written(epoch: number): void {
    this.#writing = this.#writing.filter(([of]) => of > epoch)
    this.#hot.written(epoch)
  }

  /** Nobody is to see any of it: it may never be durable. */
  close(): void {
    this.isClosed = true
    this.#hot.close()
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

function rowsIn(all: Map<string, Map<string, FoldedRow>>, projection: string): Map<string, FoldedRow> {
  let rows = all.get(projection)
  if (rows === undefined) all.set(projection, (rows = new Map<string, FoldedRow>()))
  return rows
}
