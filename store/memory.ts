/** A key-value backend in memory: a column is a row of small sorted runs, so that rising keys are pushed and others cost one short shift. */
import { assert } from '../event/assert.ts'
import { EventStoreError } from '../event/error.ts'
import { compareBytes } from '../event/compare-bytes.ts'
import { isCrossed } from './key-value.ts'
import type { Bytes, ColumnProfile, OwnedKeyValue, Range, Rows, WriteBatch } from './key-value.ts'

/** Rows a run may hold; a fuller one is cut in two. */
const RUN_ROWS = 512

interface Run {
  keys: Bytes[]
  values: Bytes[]
}

/** Where a key is or would be: row `row` of run `run`. */
interface Spot {
  run: number
  row: number
}

/** One column. Runs are never empty, and every key of a run lies before every key of the next. */
class SortedRows {
  readonly #runs: Run[] = []

  get(key: Bytes): Bytes | undefined {
    const { run, row } = this.#firstAtLeast(key)
    const found = this.#runs[run]?.keys[row]
    return found !== undefined && compareBytes(found, key) === 0 ? this.#runs[run]!.values[row] : undefined
  }

  put(key: Bytes, value: Bytes): void {
    const last = this.#runs.at(-1)
    if (last === undefined || compareBytes(key, last.keys.at(-1)!) > 0) return this.#push(last, key, value)
    const { run, row } = this.#firstAtLeast(key)
    const rows = this.#runs[run]!
    if (compareBytes(rows.keys[row]!, key) === 0) {
      rows.values[row] = value
      return
    }
    rows.keys.splice(row, 0, key)
    rows.values.splice(row, 0, value)
    if (rows.keys.length > RUN_ROWS) this.#cut(run)
  }

  delete(key: Bytes): void {
    const { run, row } = this.#firstAtLeast(key)
    const rows = this.#runs[run]
    if (rows === undefined || compareBytes(rows.keys[row]!, key) !== 0) return
    rows.keys.splice(row, 1)
    rows.values.splice(row, 1)
    if (rows.keys.length === 0) this.#runs.splice(run, 1)
  }

  deleteRange(gte: Bytes, lt: Bytes): void {
    if (compareBytes(gte, lt) >= 0) return
    const from = this.#firstAtLeast(gte)
    const to = this.#firstAtLeast(lt)
    for (let run = from.run; run <= to.run && run < this.#runs.length; run++) {
      const rows = this.#runs[run]!
      const start = run === from.run ? from.row : 0
      const count = (run === to.run ? to.row : rows.keys.length) - start
      rows.keys.splice(start, count)
      rows.values.splice(start, count)
    }
    for (let run = Math.min(to.run, this.#runs.length - 1); run >= from.run; run--) {
      if (this.#runs[run]!.keys.length === 0) this.#runs.splice(run, 1)
    }
  }

  scan(range: Range): Rows {
    const keys: Bytes[] = []
    const values: Bytes[] = []
    const rowsMax = range.limit ?? Number.MAX_SAFE_INTEGER
    const bytesMax = range.bytes ?? Number.MAX_SAFE_INTEGER
    if (isCrossed(range) || rowsMax === 0) return { keys, values }
    let bytes = 0
    for (const [key, value] of range.reverse ? this.#backwards(range) : this.#forwards(range)) {
      keys.push(key)
      values.push(value)
      bytes += key.length + value.length
      if (keys.length >= rowsMax || bytes >= bytesMax) break
    }
    return { keys, values }
  }

  *#forwards(range: Range): Generator<readonly [Bytes, Bytes]> {
    let { run, row } = this.#start(range)
    for (; run < this.#runs.length; run++, row = 0) {
      const { keys, values } = this.#runs[run]!
      for (; row < keys.length; row++) {
        if (isAbove(keys[row]!, range)) return
        yield [keys[row]!, values[row]!]
      }
    }
  }

  *#backwards(range: Range): Generator<readonly [Bytes, Bytes]> {
    let { run, row } = this.#end(range)
    for (; run >= 0; run--, row = this.#runs[run]?.keys.length ?? 0) {
      const { keys, values } = this.#runs[run] ?? { keys: [], values: [] }
      for (row--; row >= 0; row--) {
        if (isBelow(keys[row]!, range)) return
        yield [keys[row]!, values[row]!]
      }
    }
  }

  #start(range: Range): Spot {
    if (range.gte !== undefined) return this.#firstAtLeast(range.gte)
    return range.gt === undefined ? { run: 0, row: 0 } : this.#firstAbove(range.gt)
  }

  /** The spot behind the last row of the range. */
  #end(range: Range): Spot {
    if (range.lte !== undefined) return this.#firstAbove(range.lte)
    return range.lt === undefined ? { run: this.#runs.length, row: 0 } : this.#firstAtLeast(range.lt)
  }

  #firstAbove(key: Bytes): Spot {
    const spot = this.#firstAtLeast(key)
    const rows = this.#runs[spot.run]
    return rows !== undefined && compareBytes(rows.keys[spot.row]!, key) === 0 ? { run: spot.run, row: spot.row + 1 } : spot
  }

  /** Two binary searches: the first run whose last key is not below, then the row in it. Past the end: `{ run: runs, row: 0 }`. */
  #firstAtLeast(key: Bytes): Spot {
    const run = firstIndex(this.#runs.length, i => compareBytes(this.#runs[i]!.keys.at(-1)!, key) >= 0)
    if (run === this.#runs.length) return { run, row: 0 }
    const { keys } = this.#runs[run]!
    return { run, row: firstIndex(keys.length, i => compareBytes(keys[i]!, key) >= 0) }
  }

  #push(last: Run | undefined, key: Bytes, value: Bytes): void {
    if (last === undefined || last.keys.length >= RUN_ROWS) {
      this.#runs.push({ keys: [key], values: [value] })
      return
    }
    last.keys.push(key)
    last.values.push(value)
  }

  #cut(run: number): void {
    const rows = this.#runs[run]!
    const half = rows.keys.length >>> 1
    this.#runs.splice(run + 1, 0, { keys: rows.keys.splice(half), values: rows.values.splice(half) })
  }
}

/** The first index of 0…`length` for which `holds` is true; it must stay true from there on. */
function firstIndex(length: number, holds: (index: number) => boolean): number {
  let low = 0
  let high = length
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}

function isAbove(key: Bytes, range: Range): boolean {
  if (range.lte !== undefined) return compareBytes(key, range.lte) > 0
  return range.lt !== undefined && compareBytes(key, range.lt) >= 0
}

function isBelow(key: Bytes, range: Range): boolean {
  if (range.gte !== undefined) return compareBytes(key, range.gte) < 0
  return range.gt !== undefined && compareBytes(key, range.gt) <= 0
}

interface Change<Column extends string> {
  readonly column: Column
  readonly key: Bytes
  /** Missing: the row is deleted. */
  readonly value?: Bytes
}

class MemoryBatch<Column extends string> implements WriteBatch<Column> {
  readonly changes: Change<Column>[] = []

  get length(): number {
    return this.changes.length
  }

  put(column: Column, key: Bytes, value: Bytes): void {
    assert(key.length > 0, 'a key has at least one byte')
    this.changes.push({ column, key: Uint8Array.from(key), value: Uint8Array.from(value) })
  }

  delete(column: Column, key: Bytes): void {
    this.changes.push({ column, key: Uint8Array.from(key) })
  }

  clear(): void {
    this.changes.length = 0
  }
}

class Memory<Column extends string> implements OwnedKeyValue<Column> {
  readonly supports = { durable: false, handles: false }
  readonly handle = undefined
  readonly #columns: ReadonlyMap<string, SortedRows>
  #closing: Promise<void> | undefined

  constructor(columns: readonly string[]) {
    this.#columns = new Map(columns.map(name => [name, new SortedRows()]))
  }

  get(column: Column, key: Bytes): Bytes | undefined {
    return this.#rows(column).get(key)
  }

  getMany(column: Column, keys: readonly Bytes[]): (Bytes | undefined)[] {
    const rows = this.#rows(column)
    return keys.map(key => rows.get(key))
  }

  scan(column: Column, range: Range): Rows {
    return this.#rows(column).scan(range)
  }

  batch(): WriteBatch<Column> {
    this.#refuseClosed()
    return new MemoryBatch<Column>()
  }

  write(batch: WriteBatch<Column>): void {
    assert(batch instanceof MemoryBatch, 'a batch is written to the backend that made it')
    this.#refuseClosed()
    // Looking all columns up first keeps the batch whole when one of them does not exist.
    const changes = (batch as MemoryBatch<Column>).changes.map(change => ({ ...change, rows: this.#rows(change.column) }))
    for (const { rows, key, value } of changes) {
      if (value === undefined) rows.delete(key)
      else rows.put(key, value)
    }
  }

  deleteRange(column: Column, gte: Bytes, lt: Bytes): void {
    this.#rows(column).deleteRange(gte, lt)
  }

  sizeBytes(): number {
    this.#refuseClosed()
    return 0
  }

  close(): Promise<void> {
    this.#closing ??= Promise.resolve()
    return this.#closing
  }

  #rows(column: Column): SortedRows {
    this.#refuseClosed()
    const rows = this.#columns.get(column)
    assert(rows !== undefined, `column "${column}" was opened`)
    return rows
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw new EventStoreError('CLOSED', 'the database was closed')
  }
}

/** A database that lives and dies with this thread. The profiles of its columns make no difference here. */
export function openMemory<Column extends string>(options: {
  readonly columns: Readonly<Record<Column, ColumnProfile>>
}): OwnedKeyValue<Column> {
  return new Memory<Column>(Object.keys(options.columns))
}
