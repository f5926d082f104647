/** Conditions and results of a pattern: what they say of the row is computed for whole pages, what they say of rows matched before for each match. */
import { EventStoreError, isEventStoreError } from '../../event/error.ts'
import { columnsRead, type Expression, expressionOf, interpret } from '../expressions/expression.ts'
import { conjunctsOf, type Reference, type Referring, referring } from '../expressions/references.ts'
import { type RowType, typeOfField, type ValueType, withFields } from '../expressions/types.ts'
import type { Matched } from './pattern-matches.ts'
import { type PatternStep, wrong } from './pattern-steps.ts'

/** What the row itself holds. */
type Values = Readonly<Record<string, unknown>>

/** An expression over a row and rows matched before. */
export interface PatternExpression {
  readonly expression: Expression
  /** Columns that it reads of the row itself, and of rows matched before. */
  readonly reads: readonly string[]
  value(values: Values, match: Matched | undefined): unknown
}

/** The condition of a step, in two: both must hold. */
export interface StepCondition {
  /** Over the row alone. */
  readonly alone: string | undefined
  /** Over rows matched before as well. */
  readonly beside: readonly PatternExpression[]
}

export function stepCondition(steps: readonly PatternStep[], at: number, row: RowType): StepCondition {
  const { where, name } = steps[at] as PatternStep
  if (where === undefined) return { alone: undefined, beside: [] }
  const option = `steps.${at}.where`
  return placed(option, () => {
    const alone: string[] = []
    const beside: PatternExpression[] = []
    for (const conjunct of conjunctsOf(where)) {
      const parts = referring(
        conjunct,
        word => isStep(steps, word),
        ({ call, of, field }) => (call === 'value' && of === name ? field : undefined),
      )
      for (const { of } of parts.references.values()) if (indexOf(steps, of) > at) throw wrong(option, `${of} is matched behind ${name}`)
      if (parts.references.size === 0) alone.push(`(${parts.text})`)
      else beside.push(expressed(parts, { steps, row, option, wanted: 'boolean' }))
    }
    const text = alone.length === 0 ? undefined : alone.join(' and ')
    if (text !== undefined) expressionOf(text, row, 'boolean')
    return { alone: text, beside }
  })
}

/** A column that leaves: columns without the name of a step are those of the last row. */
export function selected(
  text: string,
  steps: readonly PatternStep[],
  { row, option }: { row: RowType; option: string },
): PatternExpression {
  return placed(option, () =>
    expressed(
      referring(text, word => isStep(steps, word)),
      { steps, row, option },
    ),
  )
}

/** The columns that a text reads, told without knowing any type. */
export function patternReads(text: string, names: readonly string[]): readonly string[] {
  const { text: written, references } = referring(text, word => names.includes(word))
  const fields = [...references.values()].flatMap(({ field }) => (field === undefined ? [] : [field]))
  return [...columnsRead(written).filter(name => !references.has(name)), ...fields]
}

interface Around {
  readonly steps: readonly PatternStep[]
  readonly row: RowType
  readonly option: string
  readonly wanted?: ValueType
}

function expressed({ text, references }: Referring, { steps, row, option, wanted }: Around): PatternExpression {
  const fields: Record<string, ValueType> = {}
  const reading = [...references].map(([column, reference]) => {
    const step = indexOf(steps, reference.of)
    if (steps[step]?.isNot === true) throw wrong(option, `${reference.of} must not be there, so it has no rows`)
    fields[column] = typeOfReference(reference, row, option)
    return { column, read: readerOf(reference, step) }
  })
  const expression = expressionOf(text, withFields(row, fields), wanted)
  const own = expression.reads.filter(name => !references.has(name))
  const others = [...references.values()].flatMap(({ field }) => (field === undefined ? [] : [field]))
  return {
    expression,
    reads: [...own, ...others],
    value(values, match) {
      const all: Record<string, unknown> = { ...values }
      for (const { column, read } of reading) all[column] = read(match)
      return interpret(expression, all)
    },
  }
}

function typeOfReference({ call, of, field }: Reference, row: RowType, option: string): ValueType {
  if (field === undefined || call === 'count') return 'integer'
  const type = typeOfField(row, field)
  if (type === undefined) throw wrong(option, `there is no column ${field}, of which ${of}.${field} would be the value`)
  if (call === 'value' || call === 'first' || call === 'last') return type
  if (!['number', 'integer', 'timestamp', 'any'].includes(type)) throw wrong(option, `${call} takes numbers, and ${of}.${field} is ${type}`)
  if (type === 'any') return 'number'
  return call === 'min' || call === 'max' ? type : 'number'
}

/** Reads what a reference means of the rows matched so far; null when there is none. */
function readerOf({ call, field = '' }: Reference, step: number): (match: Matched | undefined) => unknown {
  if (call === 'count' && field === '') return match => rowsFrom(match, step).length
  const values = (match: Matched | undefined): unknown[] => rowsFrom(match, step).map(({ row }) => row.values?.[field] ?? null)
  if (call === 'first') return match => values(match).at(-1) ?? null
  if (call === 'last' || call === 'value') return match => values(match)[0] ?? null
  return match => {
    const given = values(match).filter(value => value !== null)
    if (call === 'count') return given.length
    if (given.length === 0) return null
    for (const value of given)
      if (typeof value !== 'number') throw new EventStoreError('INVALID', `${field} is not a number: ${JSON.stringify(value)}`, { field })
    const numbers = given as number[]
    if (call === 'min' || call === 'max')
      return numbers.reduce((best, each) => (call === 'min' ? Math.min(best, each) : Math.max(best, each)))
    const sum = numbers.reduceRight((all, each) => all + each, 0)
    return call === 'sum' ? sum : sum / numbers.length
  }
}

/** The rows of a step, the last one first. */
function rowsFrom(match: Matched | undefined, step: number): readonly Matched[] {
  const rows: Matched[] = []
  for (let at = match; at !== undefined; at = at.before) if (at.step === step) rows.push(at)
  return rows
}

const indexOf = (steps: readonly PatternStep[], name: string): number => steps.findIndex(step => step.name === name)
const isStep = (steps: readonly PatternStep[], name: string): boolean => indexOf(steps, name) >= 0

/** What is wrong with an expression names the option that holds it. */
function placed<Value>(option: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (!isEventStoreError(error, 'INVALID')) throw error
    throw new EventStoreError('INVALID', error.message, { ...error.details, option: error.details['option'] ?? option })
  }
}
