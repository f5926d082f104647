/** Rows that wait for their time: where they lie, and the page that is made of those whose time has come. */
import { columnOf, takeRows, TextDictionary, valueAt } from '../columns.ts'
import type { Column, Page, Row } from '../flow.ts'
import { columnNamed, pageOf, rowOf } from '../page.ts'
import { TimeHeap } from './window-heap.ts'

/** Pages are kept while one of their rows waits: by the number of its cell, a row is found again. */
export class WaitingRows {
  readonly #heap = new TimeHeap<number>()
  readonly #pages: (Page | undefined)[] = []
  #rows = new Int32Array(64)
  readonly #dictionaries = new Map<string, TextDictionary>()

  add(cell: number, { page, row, time }: { page: Page; row: number; time: number }): void {
    while (this.#pages.length <= cell) this.#pages.push(undefined)
    if (cell >= this.#rows.length) {
      const larger = new Int32Array(Math.max(cell + 1, 2 * this.#rows.length))
      larger.set(this.#rows)
      this.#rows = larger
    }
    this.#pages[cell] = page
    this.#rows[cell] = row
    this.#heap.push(time, cell)
  }

  /** The row of a cell that waits, for the state; with all columns of its page, so that it leaves with them. */
  rowOf(cell: number): Row {
    const page = this.#pages[cell] as Page
    return rowOf(page, this.#rows[cell] as number, [...page.columns.keys()])
  }

  /** The least time that a row waits for; Infinity when none does. */
  get time(): number {
    return this.#heap.time
  }

  /** The cells whose rows happened before `until`, in no order; they wait no more, but their rows are still known. */
  due(until: number): number[] {
    const due: number[] = []
    while (this.#heap.time < until) due.push(this.#heap.pop() as number)
    return due
  }

  /** The rows of cells as a page without stamps, in this order. */
  pageOf(cells: readonly number[]): Pick<Page, 'columns' | 'count' | 'key'> {
    const pages = cells.map(cell => this.#pages[cell] as Page)
    const rows = Int32Array.from(cells, cell => this.#rows[cell] as number)
    const [first] = pages
    const key = first?.key
    const isOne = pages.every(page => page === first)
    const names = new Set(isOne ? first?.columns.keys() : [...new Set(pages)].flatMap(page => [...page.columns.keys()]))
    const columns = new Map<string, Column>()
    for (const name of names)
      columns.set(name, isOne ? takeRows(columnNamed(first as Page, name), rows) : this.#gathered(name, pages, rows))
    return { count: cells.length, columns, ...(key && { key }) }
  }

  #gathered(name: string, pages: readonly Page[], rows: Int32Array): Column {
    const values = new Array<unknown>(rows.length)
    let [page, column] = [undefined as Page | undefined, undefined as Column | undefined]
    for (let i = 0; i < rows.length; i++) {
      if (page !== pages[i]) {
        page = pages[i] as Page
        column = page.columns.get(name)
      }
      values[i] = column === undefined ? null : valueAt(column, rows[i] as number)
    }
    let dictionary = this.#dictionaries.get(name)
    if (dictionary === undefined || dictionary.isFull) this.#dictionaries.set(name, (dictionary = new TextDictionary()))
    return columnOf(values, dictionary)
  }

  forget(cell: number): void {
    this.#pages[cell] = undefined
  }

  /** Rows that were saved wait again. */
  restore(saved: readonly { readonly cell: number; readonly time: number; readonly row: Row }[], key: readonly string[]): void {
    if (saved.length === 0) return
    const page = pageOf(
      saved.map(({ row }) => row),
      { order: new Float64Array(saved.length), ...(key.length > 0 && { key }) },
    )
    for (const [row, { cell, time }] of saved.entries()) this.add(cell, { page, row, time })
  }
}
