/** Types of values, and of rows: what is known of the columns at a place of a topology before anything runs. */

/**
 * `number` is a double, `integer` a whole number up to ±2^53, `timestamp` ms since the epoch, `json` an object, list or whatever JSON holds.
 * `any` is a column nobody has declared: what it holds shows with each row.
 */
export type ScalarType = 'boolean' | 'integer' | 'number' | 'text' | 'timestamp' | 'interval' | 'json' | 'any'
export type ValueType = ScalarType | `${Exclude<ScalarType, 'any'>}[]`

/** The types a column can be declared to have. */
export const columnTypes = ['boolean', 'integer', 'number', 'text', 'timestamp', 'json', 'any'] as const satisfies readonly ValueType[]

/** The columns at a place; plain data, it travels with the plan. */
export interface RowType {
  readonly fields: Readonly<Record<string, ValueType>>
  /** There may be other columns, of any type. */
  readonly isOpen: boolean
  /** Columns that are the key, behind `keyBy`; empty when there is none. */
  readonly key: readonly string[]
  /** Rows carry an event time. */
  readonly isTimed: boolean
}

/** Nothing is known. */
export const anyRow: RowType = { fields: {}, isOpen: true, key: [], isTimed: false }

/** Columns of the envelope, which events of the log have beside the fields of their data. */
export const envelopeTypes = {
  $stream: 'text',
  $type: 'text',
  $id: 'text',
  $time: 'timestamp',
  $recorded: 'timestamp',
  $version: 'integer',
  $partition: 'integer',
  $sequence: 'integer',
  $event: 'json',
} as const satisfies Readonly<Record<string, ValueType>>

/** The type of a column; undefined when there can be none of that name. */
export function typeOfField(row: RowType, name: string): ValueType | undefined {
  if (Object.hasOwn(row.fields, name)) return row.fields[name]
  return row.isOpen ? 'any' : undefined
}

/** The same row with columns added or replaced. */
export function withFields(row: RowType, fields: Readonly<Record<string, ValueType>>): RowType {
  return { ...row, fields: { ...row.fields, ...fields } }
}

/** Only these columns. */
export function onlyFields(row: RowType, fields: Readonly<Record<string, ValueType>>): RowType {
  return { ...row, fields, isOpen: false }
}

/** What rows of several inputs have: every column of any of them, of the type all agree on. */
export function mergedRow(rows: readonly RowType[]): RowType {
  const [first, ...rest] = rows
  if (first === undefined) return anyRow
  let fields = first.fields
  for (const { fields: others } of rest) {
    const both = Object.entries({ ...fields, ...others }).map(([name, type]): [string, ValueType] => {
      const isInBoth = Object.hasOwn(fields, name) && Object.hasOwn(others, name)
      return [name, !isInBoth || fields[name] === type ? type : 'any']
    })
    fields = Object.fromEntries(both)
  }
  return {
    fields,
    isOpen: rows.some(row => row.isOpen),
    key: rest.every(row => row.key.join('\n') === first.key.join('\n')) ? first.key : [],
    isTimed: rows.every(row => row.isTimed),
  }
}
