/** Rows that `process` sends on, gathered to pages: those made by rows, and those made by timers, each in their order. */
import { columnOf, type TextDictionary } from '../columns.ts'
import type { Column, Page, Row } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { columnsOf } from '../page.ts'

/** What stands beside a row. */
export interface Beside {
  readonly key: readonly unknown[]
  readonly order: number
  readonly eventTime: number
  readonly watermark: number
  /** Of the row that made it, where it has one. */
  readonly rank?: number | undefined
  /** When the timer was due that made it. */
  readonly due?: number
}

const pageRows = 4096

export class ProcessRows {
  readonly #dictionaries = new Map<string, TextDictionary>()
  readonly #isInLanes: boolean
  #rows: Row[] = []
  #beside: Beside[] = []
  /** Columns of the key of the step, and the key that the pages have. */
  fields: readonly string[] = []
  key: readonly string[] = []
  isTimed = false

  constructor(context: StepContext) {
    this.#isInLanes = (context.lanes ?? 1) > 1
  }

  add(rows: readonly Row[], beside: Beside, send: (page: Page) => void): void {
    if (rows.length === 0) return
    // What time made has its place among other lanes by another rule.
    if (this.#beside.length >= pageRows || (this.#beside[0]?.due === undefined) !== (beside.due === undefined)) this.flush(send)
    for (const row of rows) {
      this.#rows.push({ ...this.#keyOf(beside), ...row, ...this.#keyOf(beside) })
      this.#beside.push(beside)
    }
  }

  #keyOf({ key }: Beside): Row {
    return Object.fromEntries(this.fields.map((field, at) => [field, key[at] ?? null]))
  }

  flush(send: (page: Page) => void): void {
    const [rows, beside] = [this.#rows, this.#beside]
    const [first] = beside
    if (first === undefined) return
    this.#rows = []
    this.#beside = []
    const floats = (of: (one: Beside) => number): Float64Array => Float64Array.from(beside, of)
    const page: Page = {
      kind: 'page',
      port: 'main',
      input: 0,
      count: rows.length,
      columns: columnsOf(rows, this.#dictionaries),
      order: floats(({ order }) => order),
      ...(this.isTimed && { eventTime: floats(({ eventTime }) => eventTime), watermark: floats(({ watermark }) => watermark) }),
      ...(this.key.length > 0 && { key: this.key }),
      ...(first.rank !== undefined && { rank: floats(({ rank = -1 }) => rank) }),
      ...(this.#isInLanes && first.due !== undefined && { tie: { time: floats(({ due = 0 }) => due), key: this.#tied(beside) } }),
    }
    send(page)
  }

  #tied(beside: readonly Beside[]): Column[] {
    return this.fields.map((_, at) => columnOf(beside.map(({ key }) => key[at] ?? null)))
  }
}
