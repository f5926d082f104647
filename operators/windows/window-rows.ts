/** The rows that leave windows, gathered to pages: the key, the bounds of the window, and what was computed. */
import { columnOf, TextDictionary } from '../columns.ts'
import type { Column, Page } from '../flow.ts'
import type { WindowAggregates } from './window-aggregates.ts'

/** A page is sent when it holds at least so many rows. */
const pageRows = 4096

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
}

/** For what leaves because a row came. */
export function rankOf({ rank }: Page, row: number): number {
  return rank?.[row] ?? -1
}

export class WindowRows {
  readonly #aggregates: WindowAggregates
  readonly #hasTies: boolean
  readonly #dictionaries = new Map<string, TextDictionary>()
  #keys: unknown[][] = []
  #results: unknown[][]
  #leaving: Leaving[] = []

  /** `hasTies`: the rows will be merged with those of other lanes. */
  constructor(aggregates: WindowAggregates, hasTies: boolean) {
    this.#aggregates = aggregates
    this.#hasTies = hasTies
    this.#results = aggregates.names.map(() => [])
  }

  get isFull(): boolean {
    return this.#leaving.length >= pageRows
  }

  /** Reads the results of a cell as they are now. */
  add(key: readonly unknown[], cell: number, leaving: Leaving): void {
    for (let c = 0; c < key.length; c++) (this.#keys[c] ??= []).push(key[c])
    for (let a = 0; a < this.#results.length; a++) this.#results[a]?.push(this.#aggregates.result(a, cell))
    this.#leaving.push(leaving)
  }

  /** Sends what has gathered; `fields` name the key. */
  flush(fields: readonly string[], send: (page: Page) => void): void {
    const leaving = this.#leaving
    const [first] = leaving
    if (first === undefined) return
    const columns = new Map<string, Column>()
    for (const [c, field] of fields.entries()) columns.set(field, this.#column(field, this.#keys[c] ?? []))
    if (first.start !== undefined) {
      columns.set('windowStart', { kind: 'number', values: Float64Array.from(leaving, ({ start }) => start as number) })
      columns.set('windowEnd', { kind: 'number', values: Float64Array.from(leaving, ({ end }) => end as number) })
    }
    for (const [a, name] of this.#aggregates.names.entries()) columns.set(name, this.#column(name, this.#results[a] ?? []))
    const order = Float64Array.from(leaving, one => one.order)
    const tie = this.#hasTies && {
      rank: Float64Array.from(leaving, ({ rank = Infinity }) => rank),
      tie: { time: Float64Array.from(leaving, ({ end = 0 }) => end), key: fields.map(field => columns.get(field) as Column) },
    }
    const page: Page = { kind: 'page', port: 'main', input: 0, count: leaving.length, columns, order, ...tie }
    this.#keys = []
    this.#results = this.#aggregates.names.map(() => [])
    this.#leaving = []
    if (first.eventTime === undefined) return send(page)
    const eventTime = Float64Array.from(leaving, one => one.eventTime as number)
    send({ ...page, eventTime, watermark: Float64Array.from(leaving, ({ watermark = -Infinity }) => watermark) })
  }

  #column(name: string, values: unknown[]): Column {
    let dictionary = this.#dictionaries.get(name)
    if (dictionary === undefined || dictionary.isFull) this.#dictionaries.set(name, (dictionary = new TextDictionary()))
    return columnOf(values, dictionary)
  }
}
