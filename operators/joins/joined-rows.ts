/** Rows on their way out of a join: which places of the two sides they are made of, and what stands beside them. */
import { columnOf } from '../columns.ts'
import type { Column, Page } from '../flow.ts'
import type { StoredRows } from './stored-rows.ts'

/** A page is sent when it holds so many rows. */
const pageRows = 4096

export interface JoinedShape {
  readonly left: StoredRows
  readonly right: StoredRows
  /** Columns of the right that leave, by the name under which they do. */
  readonly take: readonly (readonly [name: string, field: string])[]
  /** Columns of the left that a right row which leaves alone fills with its own. */
  readonly match: readonly (readonly [left: string, right: string])[]
  /** The key of a number, for what tells rows of several lanes apart; undefined where there is one lane. */
  readonly tieOf?: ((key: number) => readonly unknown[]) | undefined
  /** Of windows; 0 where there are none. */
  readonly sizeMs: number
}

/** What stands beside a row that leaves. */
export interface Beside {
  /** Of the row that is the cause. */
  readonly order: number
  /** When it happened, and the watermark that holds for all behind it. */
  readonly happened: number
  readonly stamp: number
  /** Of the window; 0 where there are none. */
  readonly start: number
  /** Place of the cause among rows of one order; −1 where none was told. */
  readonly rank?: number
}

export class JoinedRows {
  readonly #shape: JoinedShape
  readonly #left = new Int32Array(pageRows)
  readonly #right = new Int32Array(pageRows)
  readonly #keys = new Int32Array(pageRows)
  readonly #order = new Float64Array(pageRows)
  readonly #time = new Float64Array(pageRows)
  readonly #stamp = new Float64Array(pageRows)
  readonly #start = new Float64Array(pageRows)
  readonly #rank = new Float64Array(pageRows)
  #isRanked = false
  #count = 0
  /** Rows of the page were made because time moved. */
  #isTimely = false

  constructor(shape: JoinedShape) {
    this.#shape = shape
  }

  get isFull(): boolean {
    return this.#count === pageRows
  }

  /** Rows made because time moved do not share a page with others where lanes are merged. */
  isApart(isTimely: boolean): boolean {
    return this.#count > 0 && this.#shape.tieOf !== undefined && this.#isTimely !== isTimely
  }

  /** Places of the two sides, −1 for none. */
  add(left: number, right: number, beside: Beside): void {
    const at = this.#count++
    this.#left[at] = left
    this.#right[at] = right
    this.#order[at] = beside.order
    this.#time[at] = beside.happened
    this.#stamp[at] = beside.stamp
    this.#start[at] = beside.start
    const { rank = -1 } = beside
    this.#rank[at] = rank
    if (rank >= 0) this.#isRanked = true
    this.#isTimely = false
  }

  /** The row added last was made because time moved. */
  markTimely(key: number): void {
    this.#keys[this.#count - 1] = key
    this.#isTimely = true
  }

  /** Sends what has gathered; the columns of all places must be stored. */
  flush(isTimed: boolean, send: (page: Page) => void): void {
    const count = this.#count
    if (count === 0) return
    this.#count = 0
    const page: Page = { kind: 'page', port: 'main', input: 0, count, columns: this.#columns(count), order: this.#order.slice(0, count) }
    const tie = this.#isTimely && this.#tie(count)
    const rank = this.#isRanked && { rank: this.#rank.slice(0, count) }
    this.#isRanked = false
    const stamps = isTimed && { eventTime: this.#time.slice(0, count), watermark: this.#stamp.slice(0, count) }
    send({ ...page, ...stamps, ...rank, ...(tie && { tie }) })
  }

  #columns(count: number): Map<string, Column> {
    const { left, right, take, match, sizeMs } = this.#shape
    const columns = new Map<string, Column>()
    for (const name of left.columns.keys()) columns.set(name, left.take(name, this.#left, count))
    if (match.length > 0 && this.#left.subarray(0, count).includes(-1))
      for (const [name, field] of match) columns.set(name, this.#eitherSide(name, field, count))
    for (const [name, field] of take) columns.set(name, right.take(field, this.#right, count))
    if (sizeMs > 0) {
      const starts = this.#start.slice(0, count)
      columns.set('windowStart', { kind: 'number', values: starts })
      columns.set('windowEnd', { kind: 'number', values: starts.map(start => start + sizeMs) })
    }
    return columns
  }

  #eitherSide(name: string, field: string, count: number): Column {
    const { left, right } = this.#shape
    const values = Array.from({ length: count }, (_, at): unknown => {
      const place = this.#left[at] as number
      return place < 0 ? right.columns.get(field)?.get(this.#right[at] as number) : left.columns.get(name)?.get(place)
    })
    return columnOf(values)
  }

  #tie(count: number): Page['tie'] {
    const { tieOf } = this.#shape
    if (tieOf === undefined) return undefined
    const keys = Array.from(this.#keys.subarray(0, count), tieOf)
    const key = (keys[0] ?? []).map((_, at) => columnOf(keys.map(one => one[at])))
    return { time: this.#stamp.slice(0, count), key }
  }
}
