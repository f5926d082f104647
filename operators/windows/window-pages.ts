/** The rows that leave closed windows: one for each window and key, in the order of (window end, key). */
import { columnOf, TextDictionary } from '../columns.ts'
import type { Column, Page } from '../flow.ts'
import type { WindowAggregates } from './window-aggregates.ts'
import type { OpenWindow } from './window-cells.ts'
import type { CellTable } from './window-hash.ts'
import { compareKeys, type KeyIds } from './window-keys.ts'

/** A page is sent when it holds at least so many rows. */
const pageRows = 4096

export class WindowPages {
  readonly #aggregates: WindowAggregates
  readonly #isWindowed: boolean
  readonly #dictionaries = new Map<string, TextDictionary>()
  #keys: unknown[][] = []
  #results: unknown[][]
  #starts: number[] = []
  #ends: number[] = []
  #orders: number[] = []
  /** The place of each key number among all, while no new key has come. */
  #ranks = new Int32Array(0)
  #last: { order: Float64Array; watermark: Float64Array | undefined } | undefined

  constructor(aggregates: WindowAggregates, isWindowed: boolean) {
    this.#aggregates = aggregates
    this.#isWindowed = isWindowed
    this.#results = aggregates.names.map(() => [])
  }

  /** Remembers the page that came last: one of its rows is the cause of what closes next. */
  note(page: Page): void {
    if (page.order.length > 0) this.#last = { order: page.order, watermark: page.watermark }
  }

  /** The order of the row that moved the watermark to `end`: the one before the first row that was stamped so. */
  #causeOf(end: number): number {
    if (this.#last === undefined) return 0
    const { order, watermark } = this.#last
    let [low, high] = [0, order.length]
    while (low < high && watermark !== undefined) {
      const middle = (low + high) >> 1
      if ((watermark[middle] as number) >= end) high = middle
      else low = middle + 1
    }
    return order[Math.max(0, (watermark === undefined ? order.length : low) - 1)] as number
  }

  add(window: OpenWindow, keys: KeyIds, send: (page: Page) => void): void {
    const { table, start, end } = window
    if (this.#keys.length === 0) this.#keys = keys.fields.map(() => [])
    const cause = this.#causeOf(end)
    const { cells, keys: numbers } = table
    for (const at of this.#sorted(table, keys)) {
      const key = keys.keyOf(numbers[at] as number)
      for (let c = 0; c < key.length; c++) this.#keys[c]?.push(key[c])
      for (let a = 0; a < this.#results.length; a++) this.#results[a]?.push(this.#aggregates.result(a, cells[at] as number))
      this.#starts.push(start)
      this.#ends.push(end)
      this.#orders.push(cause)
    }
    if (this.#orders.length >= pageRows) this.flush(keys, send)
  }

  /** Sends what has gathered. A row happened at the last millisecond of its window, and none of an earlier window is still to come. */
  flush(keys: KeyIds, send: (page: Page) => void): void {
    const count = this.#orders.length
    if (count === 0) return
    const columns = new Map<string, Column>()
    for (const [c, field] of keys.fields.entries()) columns.set(field, this.#column(field, this.#keys[c] ?? []))
    const [starts, ends] = [Float64Array.from(this.#starts), Float64Array.from(this.#ends)]
    if (this.#isWindowed) {
      columns.set('windowStart', { kind: 'number', values: starts })
      columns.set('windowEnd', { kind: 'number', values: ends })
    }
    for (const [a, name] of this.#aggregates.names.entries()) columns.set(name, this.#column(name, this.#results[a] ?? []))
    const page: Page = { kind: 'page', port: 'main', input: 0, count, columns, order: Float64Array.from(this.#orders) }
    this.#keys = keys.fields.map(() => [])
    this.#results = this.#aggregates.names.map(() => [])
    this.#starts = []
    this.#ends = []
    this.#orders = []
    send(this.#isWindowed ? { ...page, eventTime: ends.map(end => end - 1), watermark: starts } : page)
  }

  #column(name: string, values: unknown[]): Column {
    let dictionary = this.#dictionaries.get(name)
    if (dictionary === undefined || dictionary.isFull) this.#dictionaries.set(name, (dictionary = new TextDictionary()))
    return columnOf(values, dictionary)
  }

  renumbered(): void {
    this.#ranks = new Int32Array(0)
  }

  /** Places in the table by key. Ranks make it a sort of numbers; they are made anew only when that is cheap beside the sort itself. */
  #sorted(table: CellTable, keys: KeyIds): Iterable<number> {
    if (table.size < 2) return [0].slice(0, table.size)
    const { keys: numbers } = table
    if (this.#ranks.length < keys.size && 4 * table.size >= keys.size) this.#ranks = ranksOf(keys)
    if (numbers.some(number => number >= this.#ranks.length)) {
      const tuples = Array.from(numbers, number => keys.keyOf(number))
      return Array.from(numbers.keys()).sort((a, b) => compareKeys(tuples[a] as unknown[], tuples[b] as unknown[]))
    }
    const packed = new Float64Array(table.size)
    for (let at = 0; at < table.size; at++) packed[at] = (this.#ranks[numbers[at] as number] as number) * table.size + at
    return packed.sort().map(value => value % table.size)
  }
}

function ranksOf(keys: KeyIds): Int32Array<ArrayBuffer> {
  const tuples = Array.from({ length: keys.size }, (_, number) => keys.keyOf(number))
  const ranks = new Int32Array(keys.size)
  const sorted = Array.from(tuples.keys()).sort((a, b) => compareKeys(tuples[a] as unknown[], tuples[b] as unknown[]))
  for (const [rank, number] of sorted.entries()) ranks[number] = rank
  return ranks
}
