/** An expression by itself, over rows that somebody gives: what `allsource expr` works with. */
import { EventStoreError } from '../../event/error.ts'
import { expressionOf, interpret } from '../../operators/expressions/expression.ts'
import { anyRow, columnTypes, envelopeTypes, type ValueType } from '../../operators/expressions/types.ts'
import { hint } from '../../topology/nearest.ts'

export interface TriedExpression {
  readonly type: ValueType
  /** Columns it reads. */
  readonly reads: readonly string[]
  /** The value for a row; throws what would make the row a dead letter. */
  valueOf(row: Readonly<Record<string, unknown>>): unknown
}

export interface TryOptions {
  /** Columns and their types; with it there are no others, but for those of the envelope. */
  readonly fields?: Readonly<Record<string, unknown>>
  /** The name of the type it must have. */
  readonly wanted?: string
}

/** INVALID when it can not be read; `details` hold `offset` and `length` of the part to blame. */
export function tryExpression(text: string, { fields, wanted }: TryOptions = {}): TriedExpression {
  const row = { ...anyRow, fields: { ...envelopeTypes, ...(fields && declared(fields)) }, isOpen: fields === undefined }
  const expression = expressionOf(text, row, wanted === undefined ? undefined : typeNamed(wanted))
  return { type: expression.type, reads: expression.reads, valueOf: given => interpret(expression, given) }
}

function typeNamed(name: string): ValueType {
  const names: readonly string[] = columnTypes.filter(type => type !== 'any')
  if (names.includes(name.replace(/\[\]$/, ''))) return name as ValueType
  throw new EventStoreError(
    'INVALID',
    `there is no type ${name}${hint(name, names)} (there are: ${names.join(', ')}, and lists of them as text[])`,
    {
      field: 'type',
    },
  )
}

function declared(fields: Readonly<Record<string, unknown>>): Record<string, ValueType> {
  for (const [name, type] of Object.entries(fields)) {
    if (columnTypes.some(one => one === type)) continue
    const near = typeof type === 'string' ? hint(type, columnTypes) : ''
    throw new EventStoreError('INVALID', `the type of ${name} must be one of ${columnTypes.join(', ')}${near}`, { field: name })
  }
  return fields as Record<string, ValueType>
}
