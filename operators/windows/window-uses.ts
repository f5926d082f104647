/** What a window step says it computes: aggregates by name, the columns they read, and the columns that leave. */
import { EventStoreError } from '../../event/error.ts'
import type { AggregateUse, AnyAggregate } from '../aggregates/aggregate.ts'
import { aggregates } from '../aggregates/index.ts'
import { columnsRead, expressionOf } from '../expressions/expression.ts'
import { anyRow, onlyFields, type RowType, typeOfField, type ValueType } from '../expressions/types.ts'
import type { FieldSet } from '../operator.ts'

export type AggregateUses = Readonly<Record<string, AggregateUse>>

/** A use made ready: an operand that is an expression has become a column of its own, which is filled before the aggregate looks. */
export interface ReadyUse {
  readonly name: string
  readonly aggregate: AnyAggregate
  readonly options: never
  /** The expression, and the name of the column that holds what it gives. */
  readonly computed?: { readonly of: string; readonly field: string }
  /** The condition of the rows it takes. */
  readonly where?: string
}

export function readyUses(uses: AggregateUses, row: RowType = anyRow): readonly ReadyUse[] {
  return Object.entries(uses).map(([name, use]): ReadyUse => {
    const aggregate = Object.hasOwn(aggregates, use.aggregate) ? aggregates[use.aggregate] : undefined
    if (aggregate === undefined)
      throw new EventStoreError('INVALID', `there is no aggregate ${use.aggregate}`, { aggregate: use.aggregate })
    const of = use.of ?? timesOf(use, aggregate, row)
    const filtered = use.where === undefined ? {} : { where: use.where }
    if (of === undefined) return { name, aggregate, options: use as never, ...filtered }
    // No column is called so, but in dead letters people see what they wrote.
    const field = `(${of})`
    return { name, aggregate, options: { ...use, of, field } as never, computed: { of, field }, ...filtered }
  })
}

/** A column of timestamps may hold texts: as an expression it gives milliseconds, which are numbers, and others still see what it holds. */
function timesOf({ field }: AggregateUse, aggregate: AnyAggregate, row: RowType): string | undefined {
  if (field === undefined || typeOfField(row, field) !== 'timestamp') return undefined
  const { numbers = [] } = aggregate.reads({ field } as never)
  return numbers.includes(field) ? `"${field.replaceAll('"', '""')}"` : undefined
}

/** The columns that the aggregates read, and those of the key where the step names them itself. */
export function fieldsRead(uses: AggregateUses, by: readonly string[] = []): FieldSet {
  const read = readyUses(uses).flatMap(({ aggregate, options, computed, where }) => {
    const { fields } = aggregate.reads(options)
    const chosen = where === undefined ? [] : columnsRead(where)
    const own = computed === undefined ? fields : [...fields.filter(field => field !== computed.field), ...columnsRead(computed.of)]
    return [...own, ...chosen]
  })
  return new Set([...by, ...read])
}

/** Columns that say which window a row is of, ms since the epoch. */
export const windowBounds = { windowStart: 'timestamp', windowEnd: 'timestamp' } as const

/**
 * The columns that leave: the key, those that the step makes itself, and the results. INVALID when one takes the name of another, or when
 * an aggregate is given what it can not take.
 */
export function aggregatedRow(uses: AggregateUses, input: RowType, made: Readonly<Record<string, ValueType>> = {}): RowType {
  const fields = new Map<string, ValueType>()
  for (const name of input.key) {
    if (Object.hasOwn(made, name))
      throw new EventStoreError('INVALID', `the key column ${name} has the name of a column that is made here; rename it before`, {
        option: 'by',
      })
    fields.set(name, typeOfField(input, name) ?? 'any')
  }
  for (const [name, type] of Object.entries(made)) fields.set(name, type)
  for (const use of readyUses(uses)) {
    const option = `aggregate.${use.name}`
    if (fields.has(use.name))
      throw new EventStoreError('INVALID', `the aggregate ${use.name} has the name of another column; give it another`, { option })
    fields.set(use.name, resultType(use, input, option))
    refuseTimeless(use, input, { option, hasBounds: Object.hasOwn(made, 'windowEnd') })
  }
  return { ...onlyFields(input, Object.fromEntries(fields)), key: [] }
}

const notNumbers: readonly ValueType[] = ['text', 'boolean', 'interval']
const notBooleans: readonly ValueType[] = ['text', 'number', 'integer', 'timestamp', 'interval']

function resultType({ aggregate, options, computed }: ReadyUse, input: RowType, option: string): ValueType {
  const { field } = options as { readonly field?: string }
  const { numbers = [], booleans = [] } = aggregate.reads(options)
  const { name } = aggregate.spec
  const typeOf = (column: string): ValueType =>
    column === computed?.field ? expressionOf(computed.of, input).type : (typeOfField(input, column) ?? 'any')
  const refuse = (column: string, kind: string, cure = ''): never => {
    const shown = column === computed?.field ? computed.of : column
    const isTime = typeOf(column) === 'timestamp'
    throw new EventStoreError(
      'INVALID',
      `${name} takes ${kind}, and ${shown} is ${typeOf(column)}${isTime ? `; take its seconds with extract(epoch from ${shown})` : cure}`,
      { option },
    )
  }
  for (const column of numbers) {
    const type = typeOf(column)
    // A sum of times or a place between two is none; their least and largest are.
    const isNoTime = type === 'timestamp' && (aggregate.resultType === 'number' || column !== field)
    if (type.endsWith('[]') || notNumbers.includes(type) || isNoTime) refuse(column, 'numbers')
  }
  for (const column of booleans) if (typeOf(column).endsWith('[]') || notBooleans.includes(typeOf(column))) refuse(column, 'true and false')
  const type = field === undefined ? 'any' : typeOf(field)
  return typeof aggregate.resultType === 'function' ? aggregate.resultType(type) : aggregate.resultType
}

/** INVALID when an aggregate goes by times that rows or windows do not have. */
function refuseTimeless({ aggregate, options }: ReadyUse, { isTimed }: RowType, at: { option: string; hasBounds: boolean }): void {
  const { name } = aggregate.spec
  const { needsTime, needsBounds } = aggregate.reads(options)
  const why =
    needsTime === true && !isTimed
      ? `${name} goes by when rows happened, and they do not say; put an eventTime before this step`
      : needsBounds === true && !at.hasBounds
        ? `${name} divides by the length of the window, and there are no windows in time here; let it go from the first row to the last (over: rows)`
        : undefined
  if (why !== undefined) throw new EventStoreError('INVALID', why, { option: at.option })
}
