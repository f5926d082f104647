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
}

export function readyUses(uses: AggregateUses, row: RowType = anyRow): readonly ReadyUse[] {
  return Object.entries(uses).map(([name, use]): ReadyUse => {
    const aggregate = Object.hasOwn(aggregates, use.aggregate) ? aggregates[use.aggregate] : undefined
    if (aggregate === undefined)
      throw new EventStoreError('INVALID', `there is no aggregate ${use.aggregate}`, { aggregate: use.aggregate })
    const of = use.of ?? timesOf(use, aggregate, row)
    if (of === undefined) return { name, aggregate, options: use as never }
    // No column is called so, but in dead letters people see what they wrote.
    const field = `(${of})`
    return { name, aggregate, options: { ...use, of, field } as never, computed: { of, field } }
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
  const read = readyUses(uses).flatMap(({ aggregate, options, computed }) => {
    const { fields } = aggregate.reads(options)
    return computed === undefined ? fields : [...fields.filter(field => field !== computed.field), ...columnsRead(computed.of)]
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
  }
  return { ...onlyFields(input, Object.fromEntries(fields)), key: [] }
}

const notNumbers: readonly ValueType[] = ['text', 'boolean', 'interval']
const notBooleans: readonly ValueType[] = ['text', 'number', 'integer', 'timestamp', 'interval']

function resultType({ aggregate, options, computed }: ReadyUse, input: RowType, option: string): ValueType {
  const { field } = options as { readonly field?: string }
  const type = computed ? expressionOf(computed.of, input).type : field === undefined ? 'any' : (typeOfField(input, field) ?? 'any')
  const { numbers = [], booleans = [] } = aggregate.reads(options)
  const isList = type.endsWith('[]')
  const { name } = aggregate.spec
  const refuse = (kind: string, cure = ''): never => {
    throw new EventStoreError('INVALID', `${name} takes ${kind}, and ${computed?.of ?? field ?? ''} is ${type}${cure}`, { option })
  }
  if (numbers.length > 0 && (isList || notNumbers.includes(type))) refuse('numbers')
  // A sum of times or a place between two is none; their least and largest are.
  if (numbers.length > 0 && type === 'timestamp' && aggregate.resultType === 'number')
    refuse('numbers', `; take its seconds with extract(epoch from ${computed?.of ?? field ?? ''})`)
  if (booleans.length > 0 && (isList || notBooleans.includes(type))) refuse('true and false')
  return typeof aggregate.resultType === 'function' ? aggregate.resultType(type) : aggregate.resultType
}
