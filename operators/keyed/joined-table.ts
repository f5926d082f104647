/** A table that is a projection of the same topology: the last row of each key, kept as state and looked up as of each point of the log. */
import { valueAt } from '../columns.ts'
import type { Column, Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { aliveRows, columnNamed } from '../page.ts'
import { exactText, exactValue, settled } from './exact.ts'
import { KeyedRows, type Format } from './keyed-rows.ts'

export interface JoinedOptions {
  /** Columns of the rows that make the projection: its key, and what is taken of it, by the input that the rows come by. */
  readonly key: readonly string[]
  readonly columns: readonly (readonly string[])[]
}

const valuesFormat: Format<readonly unknown[]> = {
  write: (values, writer) => writer.text(exactText(values)),
  read: reader => exactValue(reader.text()) as readonly unknown[],
}

export class JoinedTable {
  readonly #context: StepContext
  readonly #rows: KeyedRows<readonly unknown[]>
  readonly #key: readonly string[]
  readonly #columns: readonly (readonly string[])[]

  constructor(context: StepContext, { key, columns }: JoinedOptions) {
    this.#context = context
    this.#key = key
    this.#columns = columns
    const [first = [], ...others] = columns
    const isAlike = others.every(one => one.join('\n') === first.join('\n'))
    this.#rows = new KeyedRows(context, { by: key, meaning: { columns: isAlike ? first : columns }, format: valuesFormat, mayLeave: true })
  }

  /** Takes rows of the projection that come by one of its inputs, counted from 0. */
  update(page: Page, input: number): void {
    const rows = aliveRows(page)
    const ids = this.#rows.idsOf(page, rows)
    const columns = (this.#columns[input] ?? []).map(name => columnNamed(page, name))
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      try {
        this.#rows.put(
          ids[i] as number,
          columns.map(column => settled(valueAt(column, row))),
        )
      } catch (error) {
        // A value that can not be saved.
        this.#context.dead(page, row, error)
      }
    }
  }

  /** What is taken for each row whose columns `match` are a key; null is none. */
  lookUp(page: Page, match: readonly string[]): (readonly unknown[] | undefined)[] {
    const columns = match.map(name => columnNamed(page, name))
    const rows = aliveRows(page).filter(row => columns.every(column => valueAt(column, row) !== null))
    const asKey = this.#key.map((name, index) => [name, columns[index] as Column] as const)
    const ids = this.#rows.idsOf({ ...page, columns: new Map(asKey) }, rows)
    const found = new Array<readonly unknown[] | undefined>(page.count).fill(undefined)
    for (let i = 0; i < rows.length; i++) found[rows[i] as number] = this.#rows.get(ids[i] as number)
    // Keys that were only asked for have numbers too.
    this.#rows.trim()
    return found
  }

  save(): void {
    this.#rows.save()
  }
}
