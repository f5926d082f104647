/** The aggregates of a window step together: one number for a cell, the state of each aggregate beside it. */
import { assert } from '../../event/assert.ts'
import { EventStoreError } from '../../event/error.ts'
import type { AggregateCells, AggregateUse } from '../aggregates/aggregate.ts'
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import { aggregates } from '../aggregates/index.ts'
import { onlyFields, type RowType, typeOfField, type ValueType } from '../expressions/types.ts'
import type { Page } from '../flow.ts'
import { numbersOf } from '../kinds.ts'
import type { FieldSet, StepContext } from '../operator.ts'
import { withColumns } from '../page.ts'

export type AggregateUses = Readonly<Record<string, AggregateUse>>

function aggregateOf(use: AggregateUse): (typeof aggregates)[string] {
  const aggregate = aggregates[use.aggregate]
  if (aggregate === undefined) throw new EventStoreError('INVALID', `there is no aggregate ${use.aggregate}`, { aggregate: use.aggregate })
  return aggregate
}

/** The columns that the aggregates read. */
export function fieldsRead(uses: AggregateUses): FieldSet {
  return new Set(Object.values(uses).flatMap(use => aggregateOf(use).reads(use as never).fields))
}

/** Columns that say which window a row is of, ms since the epoch. */
export const windowBounds = { windowStart: 'timestamp', windowEnd: 'timestamp' } as const

/** The columns that leave: the key and the results. INVALID when a result takes the name of another column. */
export function aggregatedRow(uses: AggregateUses, input: RowType): RowType {
  const fields: Record<string, ValueType> = {}
  for (const name of input.key) fields[name] = typeOfField(input, name) ?? 'any'
  for (const [name, use] of Object.entries(uses)) {
    if (name in fields || name in windowBounds)
      throw new EventStoreError('INVALID', `the aggregate ${name} has the name of another column; give it another`, {
        option: `aggregate.${name}`,
      })
    fields[name] = aggregateOf(use).resultType ?? 'any'
  }
  return { ...onlyFields(input, fields), key: [] }
}

/** Called for each chunk of a cell that is written. */
export type PutChunk = (aggregate: number, chunk: number, bytes: Uint8Array) => void

export class WindowAggregates {
  readonly names: readonly string[]
  readonly #all: readonly AggregateCells[]
  readonly #numbers: readonly string[]
  readonly #writer = new ByteWriter()
  #room = 0

  constructor(uses: AggregateUses) {
    this.names = Object.keys(uses)
    this.#all = Object.values(uses).map(use => aggregateOf(use).create(use as never))
    this.#numbers = [...new Set(Object.values(uses).flatMap(use => aggregateOf(use).reads(use as never).numbers))]
  }

  /** The page without the rows that hold something else where a number is needed. */
  fitting(page: Page, context: StepContext): Page {
    let fitting = page
    for (const field of this.#numbers) {
      if (fitting.columns.get(field)?.kind === 'number') continue
      const fit = numbersOf(fitting, field, context)
      fitting = withColumns(fit.page, [[field, fit.column]])
    }
    return fitting
  }

  /** Makes a cell ready for its first row. */
  open(cell: number): void {
    if (cell >= this.#room) {
      this.#room = Math.max(64, 2 * this.#room, cell + 1)
      for (const cells of this.#all) cells.grow(this.#room)
    }
    for (const cells of this.#all) cells.reset(cell)
  }

  /** Gives back what a cell holds; it is opened again before its next use. */
  release(cell: number): void {
    for (const cells of this.#all) cells.reset(cell)
  }

  update(page: Page, rows: Int32Array, cells: Int32Array, count: number): void {
    for (const one of this.#all) one.update(page, rows, cells, count)
  }

  result(aggregate: number, cell: number): unknown {
    return this.#all[aggregate]?.result(cell)
  }

  save(cell: number, putChunk: PutChunk): Uint8Array {
    for (const [index, cells] of this.#all.entries())
      cells.save(cell, this.#writer, { put: (chunk, bytes) => putChunk(index, chunk, bytes) })
    return this.#writer.take()
  }

  load(cell: number, bytes: Uint8Array): void {
    const reader = new ByteReader(bytes)
    for (const cells of this.#all) cells.load(cell, reader)
    assert(reader.rest === 0, 'the saved state of a window holds more than its aggregates')
  }

  loadChunk(aggregate: number, cell: number, chunk: number, bytes: Uint8Array): void {
    this.#all[aggregate]?.loadChunk?.(cell, chunk, bytes)
  }
}
