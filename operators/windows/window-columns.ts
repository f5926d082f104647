/** Columns that are made for some aggregates alone: what an expression gives, and numbers that need be none where a condition does not hold. */
import type { AggregateReads } from '../aggregates/aggregate.ts'
import { evaluate, expressionOf } from '../expressions/expression.ts'
import type { Column, Page } from '../flow.ts'
import { booleansOf, type Fitting, numbersOf } from '../kinds.ts'
import type { StepContext } from '../operator.ts'
import { columnNamed, selectRows, withColumns } from '../page.ts'
import type { WindowFilters } from './window-filters.ts'
import type { ReadyUse } from './window-uses.ts'
import { jsonFitting } from './window-values.ts'

type Make = (page: Page, context: StepContext) => Fitting<Column>

interface OwnColumn {
  readonly field: string
  /** The number of the condition whose rows it is made for; −1 for all. */
  readonly filter: number
  readonly make: Make
}

export class OwnColumns {
  readonly #context: StepContext
  readonly #filters: WindowFilters
  readonly #columns: OwnColumn[] = []
  readonly #numbers = new Map<string, number>()
  #made: Column[] = []

  constructor(filters: WindowFilters, context: StepContext) {
    this.#filters = filters
    this.#context = context
  }

  get size(): number {
    return this.#columns.length
  }

  /** The numbers of the columns that a use sees in place of those of the page; the same for uses that want the same. */
  of({ computed }: Pick<ReadyUse, 'computed'>, reads: AggregateReads, filter: number): readonly number[] {
    const { numbers = [], booleans = [], values = [] } = reads
    const kindOf = (field: string): string => `${numbers.includes(field)} ${booleans.includes(field)} ${values.includes(field)}`
    const own = filter < 0 ? [] : [...numbers, ...booleans].filter(field => field !== computed?.field)
    const demanded = own.map(field => this.#add(`${filter} ${kindOf(field)} ${field}`, { field, filter, make: fittingOf(field, reads) }))
    if (computed === undefined) return demanded
    const { field } = computed
    const make = computing(computed, this.#context, fittingOf(field, reads))
    return [this.#add(`${filter} ${kindOf(field)} ${field} computed`, { field, filter, make }), ...demanded]
  }

  #add(name: string, column: OwnColumn): number {
    let number = this.#numbers.get(name)
    if (number === undefined) this.#numbers.set(name, (number = this.#columns.push(column) - 1))
    return number
  }

  /** Makes them all; the page without the rows for which that fails. */
  make(page: Page): Page {
    let fitting = page
    this.#made = []
    for (const { filter, make } of this.#columns) {
      const run = (part: Page): Fitting<Column> => make(part, this.#context)
      const { page: left, column } = filter < 0 ? run(fitting) : this.#filters.within(filter, fitting, run)
      fitting = left
      this.#made.push(column)
    }
    return fitting
  }

  /** The page as a use sees it. */
  shown(page: Page, own: readonly number[]): Page {
    if (own.length === 0) return page
    return withColumns(
      page,
      own.map(number => [(this.#columns[number] as OwnColumn).field, this.#made[number] as Column] as const),
    )
  }
}

/** The column as the aggregate wants it; rows that hold something else are given up. */
function fittingOf(field: string, { numbers = [], booleans = [], values = [] }: AggregateReads): Make {
  return (page, context) => {
    if (numbers.includes(field)) return numbersOf(page, field, context)
    if (booleans.includes(field)) return booleansOf(page, field, context)
    const fitting = values.includes(field) ? jsonFitting(page, [field], context) : page
    return { page: fitting, column: columnNamed(fitting, field) }
  }
}

/** What is computed stands on no page but that of its use, and in dead letters, where people see what they wrote. */
function computing({ of, field }: NonNullable<ReadyUse['computed']>, context: StepContext, fit: Make): Make {
  const compute = evaluate(expressionOf(of, context.row))
  return page => {
    const { page: computed, column } = compute(page, context)
    const fitted = fit(withColumns(computed, [[field, column]]), context)
    const { selection } = fitted.page
    return { column: fitted.column, page: selection === undefined ? page : selectRows(page, selection) }
  }
}
