/** The rows that leave windows, gathered to pages: the key, the bounds of the window, and what was computed. */
import { grown } from '../aggregates/aggregate.ts'
import { columnOf, TextDictionary } from '../columns.ts'
import type { Column, Page } from '../flow.ts'
import type { WindowAggregates } from './window-aggregates.ts'
import type { KeyIds } from './window-keys.ts'

/** A page is sent when it holds at least so many rows. */
export const pageRows = 4096

/** What stands beside the results of one window. */
export interface Leaving {
  /** Present where there are windows in time. */
  readonly start?: number
  readonly end?: number
  /** Of the row that is the cause. */
  readonly order: number
  readonly eventTime?: number | undefined
  readonly watermark?: number | undefined
  /** Present where a row is the cause and not the time: its place among rows of the same order, if it has one. */
  readonly rank?: number
  /** What the rows that leave together are sorted by before their keys, if it is not `end`. */
  readonly tie?: number
}

/** Of what leaves because a row came: it has the place of that row among others of its order. */
export function placeOfRow({ rank, tie }: Page, row: number): Pick<Leaving, 'rank' | 'tie'> {
  return { rank: rank?.[row] ?? -1, ...(tie && { tie: tie.time[row] as number }) }
}

export class WindowRows {
  readonly #aggregates: WindowAggregates
  readonly #hasTies: boolean
  readonly #dictionaries = new Map<string, TextDictionary>()
  #count = 0
  #ids = new Int32Array(pageRows)
  #starts = new Float64Array(pageRows)
  #ends = new Float64Array(pageRows)
  #orders = new Float64Array(pageRows)
  #times = new Float64Array(pageRows)
  #watermarks = new Float64Array(pageRows)
  #ties = new Float64Array(pageRows)
  #ranks = new Float64Array(pageRows)
  #results: unknown[][]
  #first: Leaving | undefined

  /** `hasTies`: the rows will be merged with those of other lanes. */
  constructor(aggregates: WindowAggregates, hasTies: boolean) {
    this.#aggregates = aggregates
    this.#hasTies = hasTies
    this.#results = aggregates.names.map(() => [])
  }

  get isFull(): boolean {
    return this.#count >= pageRows
  }

  /** Reads the results of a cell as they are now; `id` is the number of its key. */
  add(id: number, cell: number, leaving: Leaving): void {
    this.#first ??= leaving
    if (this.#count === this.#ids.length) this.#grow()
    const at = this.#count++
    this.#ids[at] = id
    for (let a = 0; a < this.#results.length; a++) (this.#results[a] as unknown[]).push(this.#aggregates.result(a, cell, leaving))
    const { start = NaN, end = 0, order, eventTime = NaN, watermark = -Infinity, tie = end, rank = Infinity } = leaving
    this.#starts[at] = start
    this.#ends[at] = end
    this.#orders[at] = order
    this.#times[at] = eventTime
    this.#watermarks[at] = watermark
    this.#ties[at] = tie
    this.#ranks[at] = rank
  }

  #grow(): void {
    const rows = 2 * this.#count
    this.#ids = grown(this.#ids, rows)
    this.#starts = grown(this.#starts, rows)
    this.#ends = grown(this.#ends, rows)
    this.#orders = grown(this.#orders, rows)
    this.#times = grown(this.#times, rows)
    this.#watermarks = grown(this.#watermarks, rows)
    this.#ties = grown(this.#ties, rows)
    this.#ranks = grown(this.#ranks, rows)
  }

  /** Sends what has gathered; `keys` knows the keys by their numbers. */
  flush(keys: KeyIds, send: (page: Page) => void): void {
    const [first, count] = [this.#first, this.#count]
    if (first === undefined) return
    const columns = new Map<string, Column>()
    const key = keys.columnsOf(this.#ids.subarray(0, count))
    for (let c = 0; c < key.length; c++) columns.set(keys.fields[c] as string, key[c] as Column)
    if (first.start !== undefined) {
      columns.set('windowStart', { kind: 'number', values: this.#starts.slice(0, count) })
      columns.set('windowEnd', { kind: 'number', values: this.#ends.slice(0, count) })
    }
    for (const [a, name] of this.#aggregates.names.entries()) columns.set(name, this.#column(name, this.#results[a] ?? []))
    const tie = this.#hasTies && { rank: this.#ranks.slice(0, count), tie: { time: this.#ties.slice(0, count), key } }
    const page: Page = { kind: 'page', port: 'main', input: 0, count, columns, order: this.#orders.slice(0, count), ...tie }
    const times = first.eventTime !== undefined && {
      eventTime: this.#times.slice(0, count),
      watermark: this.#watermarks.slice(0, count),
    }
    this.#results = this.#aggregates.names.map(() => [])
    this.#count = 0
    this.#first = undefined
    send({ ...page, ...times })
  }

  #column(name: string, values: unknown[]): Column {
    let dictionary = this.#dictionaries.get(name)
    if (dictionary === undefined || dictionary.isFull) this.#dictionaries.set(name, (dictionary = new TextDictionary()))
    return columnOf(values, dictionary)
  }
}
