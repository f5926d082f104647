/** The aggregates of a window step together: one number for a cell, the state of each aggregate beside it. */
import { assert } from '../../event/assert.ts'
import type { AggregateCells } from '../aggregates/aggregate.ts'
import type { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import { evaluate, expressionOf } from '../expressions/expression.ts'
import type { Column, Page } from '../flow.ts'
import { booleansOf, type Fitting, numbersOf } from '../kinds.ts'
import type { StepContext } from '../operator.ts'
import { columnNamed, withColumns } from '../page.ts'
import { type AggregateUses, readyUses } from './window-uses.ts'
import { jsonFitting } from './window-values.ts'

/** Called for each chunk of a cell that is written. */
export type PutChunk = (aggregate: number, chunk: number, bytes: Uint8Array) => void

interface One {
  readonly cells: AggregateCells
  /** The column that an expression fills for it. */
  readonly computed: string | undefined
}

export class WindowAggregates {
  readonly names: readonly string[]
  readonly #context: StepContext
  readonly #all: readonly One[]
  readonly #expressions = new Map<string, (page: Page, context: StepContext) => Fitting<Column>>()
  readonly #numbers: readonly string[]
  readonly #booleans: readonly string[]
  readonly #values: readonly string[]
  /** Columns that are looked for one by one. */
  readonly #named: readonly string[]
  /** The page as each aggregate sees it: with the column that was computed for it, and none that was for others. */
  #seen: { readonly page: Page; readonly pages: readonly Page[] } | undefined
  #room = 0

  constructor(uses: AggregateUses, context: StepContext) {
    const ready = readyUses(uses, context.row)
    const reads = ready.map(({ aggregate, options }) => aggregate.reads(options))
    this.#context = context
    this.names = ready.map(({ name }) => name)
    this.#all = ready.map(({ aggregate, options, computed }) => ({ cells: aggregate.create(options), computed: computed?.field }))
    for (const { computed } of ready)
      if (computed !== undefined && !this.#expressions.has(computed.field))
        this.#expressions.set(computed.field, evaluate(expressionOf(computed.of, context.row)))
    this.#numbers = [...new Set(reads.flatMap(({ numbers = [] }) => numbers))]
    this.#booleans = [...new Set(reads.flatMap(({ booleans = [] }) => booleans))]
    this.#values = [...new Set(reads.flatMap(({ values = [] }) => values))]
    this.#named = [...new Set(reads.flatMap(({ fields }) => fields))].filter(field => field !== '*')
  }

  /** The page without the rows that hold what an aggregate can not take, or for which an expression fails, or whose key is no JSON. */
  fitting(page: Page, key: readonly string[]): Page {
    const context = this.#context
    let fitting = page
    for (const [field, compute] of this.#expressions) {
      const { page: computed, column } = compute(fitting, context)
      fitting = withColumns(computed, [[field, column]])
    }
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
    return this.#shownToEach(fitting)
  }

  #shownToEach(full: Page): Page {
    if (this.#expressions.size === 0) {
      this.#seen = undefined
      return full
    }
    const columns = new Map(full.columns)
    for (const field of this.#expressions.keys()) columns.delete(field)
    const page = { ...full, columns }
    const pages = this.#all.map(({ computed }) =>
      computed === undefined ? page : withColumns(page, [[computed, columnNamed(full, computed)]]),
    )
    this.#seen = { page, pages }
    return page
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
    for (let a = 0; a < this.#all.length; a++) (this.#all[a] as One).cells.update(seen?.pages[a] ?? page, rows, cells, count)
  }

  /** Takes all of cell `from` into cell `into`. */
  merge(into: number, from: number): void {
    for (const { cells } of this.#all) cells.merge(into, from)
  }

  /** Some keep parts of a cell in rows of their own. */
  get hasChunks(): boolean {
    return this.#all.some(({ cells }) => cells.loadChunk !== undefined)
  }

  result(aggregate: number, cell: number): unknown {
    return this.#all[aggregate]?.cells.result(cell)
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
