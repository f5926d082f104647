/** The aggregates of a window step together: one number for a cell, the state of each aggregate beside it. */
import { assert } from '../../event/assert.ts'
import type { AggregateCells, AggregateReads, WindowSpan } from '../aggregates/aggregate.ts'
import type { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { Page } from '../flow.ts'
import { booleansOf, numbersOf } from '../kinds.ts'
import type { StepContext } from '../operator.ts'
import { columnNamed, withColumns } from '../page.ts'
import { OwnColumns } from './window-columns.ts'
import { WindowFilters } from './window-filters.ts'
import { type AggregateUses, type ReadyUse, readyUses } from './window-uses.ts'
import { jsonFitting } from './window-values.ts'

/** Called for each chunk of a cell that is written. */
export type PutChunk = (aggregate: number, chunk: number, bytes: Uint8Array) => void

interface One {
  readonly cells: AggregateCells
  /** The number of its condition; −1 without one. */
  readonly filter: number
  /** Columns that are made for it, by their numbers. */
  readonly own: readonly number[]
}

export class WindowAggregates {
  readonly names: readonly string[]
  readonly #context: StepContext
  readonly #all: readonly One[]
  readonly #filters: WindowFilters
  readonly #own: OwnColumns
  readonly #numbers: readonly string[]
  readonly #booleans: readonly string[]
  readonly #values: readonly string[]
  /** Columns that are looked for one by one. */
  readonly #named: readonly string[]
  /** The page as each aggregate sees it: with the columns that were made for it, and none that were for others. */
  #seen: { readonly page: Page; readonly pages: readonly Page[] } | undefined
  #room = 0

  constructor(uses: AggregateUses, context: StepContext) {
    const ready = readyUses(uses, context.row)
    const reads = ready.map(({ aggregate, options }) => aggregate.reads(options))
    this.#context = context
    this.#filters = new WindowFilters(context)
    this.#own = new OwnColumns(this.#filters, context)
    this.names = ready.map(({ name }) => name)
    this.#all = ready.map((use, at) => {
      const filter = use.where === undefined ? -1 : this.#filters.add(use.where)
      return { cells: use.aggregate.create(use.options), filter, own: this.#own.of(use, reads[at] as AggregateReads, filter) }
    })
    const computed = new Set(ready.flatMap(use => use.computed?.field ?? []))
    const of = (kind: 'numbers' | 'booleans' | 'values' | 'fields', isOf: (use: ReadyUse) => boolean = () => true): readonly string[] => {
      const fields = reads.flatMap((read, at) => (isOf(ready[at] as ReadyUse) ? (read[kind] ?? []) : []))
      return [...new Set(fields)].filter(field => !computed.has(field))
    }
    // Where a condition does not hold, a row may hold anything.
    this.#numbers = of('numbers', ({ where }) => where === undefined)
    this.#booleans = of('booleans', ({ where }) => where === undefined)
    this.#values = of('values')
    this.#named = of('fields').filter(field => field !== '*')
  }

  /** The page without the rows that hold what an aggregate can not take, or for which an expression fails, or whose key is no JSON. */
  fitting(page: Page, key: readonly string[]): Page {
    const context = this.#context
    let fitting = this.#own.make(this.#filters.judge(page))
    for (const field of this.#numbers) {
      if (fitting.columns.get(field)?.kind === 'number') continue
      const fit = numbersOf(fitting, field, context)
      fitting = withColumns(fit.page, [[field, fit.column]])
    }
    for (const field of this.#booleans) {
      if (fitting.columns.get(field)?.kind === 'boolean') continue
      const fit = booleansOf(fitting, field, context)
      fitting = withColumns(fit.page, [[field, fit.column]])
    }
    fitting = jsonFitting(jsonFitting(fitting, key, context), this.#values, context)
    // A column that no row has is made once a page, and not at each look.
    const lacking = this.#named.filter(field => !fitting.columns.has(field))
    if (lacking.length > 0)
      fitting = withColumns(
        fitting,
        lacking.map(field => [field, columnNamed(fitting, field)] as const),
      )
    const pages = this.#own.size === 0 ? undefined : this.#all.map(({ own }) => this.#own.shown(fitting, own))
    this.#seen = pages && { page: fitting, pages }
    return fitting
  }

  /** The page that `fitting` answered last, for aggregates by another order of its rows. */
  reordered(page: Page, order: Float64Array): Page {
    const seen = this.#seen
    const reordered = { ...page, order }
    if (seen !== undefined) this.#seen = { page: reordered, pages: seen.pages.map(one => ({ ...one, order })) }
    return reordered
  }

  /** Makes a cell ready for its first row. */
  open(cell: number): void {
    if (cell >= this.#room) {
      this.#room = Math.max(64, 2 * this.#room, cell + 1)
      for (const { cells } of this.#all) cells.grow(this.#room)
    }
    for (const { cells } of this.#all) cells.reset(cell)
  }

  /** Gives back what a cell holds; it is opened again before its next use. */
  release(cell: number): void {
    for (const { cells } of this.#all) cells.reset(cell)
  }

  /** Takes rows of the page that `fitting` answered last. */
  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    const seen = this.#seen
    assert(seen === undefined || seen.page === page, 'rows are taken from another page than the one that was fitted')
    this.#filters.renew()
    for (let a = 0; a < this.#all.length; a++) {
      const one = this.#all[a] as One
      const shown = seen?.pages[a] ?? page
      if (one.filter < 0) one.cells.update(shown, rows, cells, count)
      else {
        const chosen = this.#filters.chosen(one.filter, rows, cells, count)
        if (chosen.count > 0) one.cells.update(shown, chosen.rows, chosen.cells, chosen.count)
      }
    }
  }

  /** Takes all of cell `from` into cell `into`. */
  merge(into: number, from: number): void {
    for (const { cells } of this.#all) cells.merge(into, from)
  }

  /** Some keep parts of a cell in rows of their own. */
  get hasChunks(): boolean {
    return this.#all.some(({ cells }) => cells.loadChunk !== undefined)
  }

  /** `span`: where the window starts and ends, if it has bounds in time. */
  result(aggregate: number, cell: number, span?: WindowSpan): unknown {
    return this.#all[aggregate]?.cells.result(cell, span)
  }

  save(cell: number, writer: ByteWriter, putChunk: PutChunk): void {
    for (const [index, { cells }] of this.#all.entries()) cells.save(cell, writer, { put: (chunk, bytes) => putChunk(index, chunk, bytes) })
  }

  load(cell: number, reader: ByteReader): void {
    for (const { cells } of this.#all) cells.load(cell, reader)
    assert(reader.rest === 0, 'the saved state of a window holds more than its aggregates')
  }

  loadChunk(aggregate: number, cell: number, chunk: number, bytes: Uint8Array): void {
    this.#all[aggregate]?.cells.loadChunk?.(cell, chunk, bytes)
  }
}
