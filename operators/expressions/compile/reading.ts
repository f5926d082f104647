/** Code that reads a value of a row out of a column, by the kind the column has on this page and the type that is demanded. */
import { demandBoolean, demandInteger, demandNumber, demandOf, demandText, demandTimestamp } from '../demand.ts'
import type { Column, Page } from '../../flow.ts'
import type { ValueType } from '../types.ts'
import { type Code, emptyOf, isNumeric, nullSlot, type Slot } from './code.ts'

/** How a column lies in memory: its kind, a number column with nulls apart, and `none` for one that is not there. */
export type Layout = 'number' | 'numberOrNull' | 'text' | 'slice' | 'boolean' | 'value' | 'none' | 'given'

export function layoutOf(column: Column | undefined): Layout {
  if (column === undefined) return 'none'
  return column.kind === 'number' && column.nulls !== undefined ? 'numberOrNull' : column.kind
}

/** One letter a layout, for the key under which compiled code is kept. */
export const layoutLetters: Readonly<Record<Layout, string>> = {
  number: 'n',
  numberOrNull: 'm',
  text: 't',
  slice: 's',
  boolean: 'b',
  value: 'v',
  none: '-',
  given: 'g',
}

/** Names of the arrays of a column in the code; those of column 2 are `c2`, `d2`, `e2`. */
export function arraysOf(column: Column | undefined): readonly unknown[] {
  switch (column?.kind) {
    case 'number':
      return [column.values, column.nulls, undefined]
    case 'text':
      return [column.codes, column.dictionary, undefined]
    case 'slice':
      return [column.start, column.length, column.pool]
    case 'boolean':
    case 'value':
      return [column.values, undefined, undefined]
    case undefined:
      return [undefined, undefined, undefined]
  }
}

export function columnsOf(page: Page, names: readonly string[]): readonly (Column | undefined)[] {
  return names.map(name => page.columns.get(name))
}

/** A column in the code: which one it is, how it lies. `given`: the value itself, null or a text, is in the variable `given`. */
export interface Reader {
  readonly index: number
  readonly layout: Layout
}

/** The value whatever it is. */
export function readAny(code: Code, { index, layout }: Reader): Slot {
  const name = (expression: string): Slot => {
    const value = code.named(expression)
    return { code: value, isNull: `(${value} === null)` }
  }
  switch (layout) {
    case 'none':
      return nullSlot('any')
    case 'given':
      return { code: 'given', isNull: '(given === null)' }
    case 'number': {
      const value = code.named(`c${index}[row]`)
      return name(`(${value} === ${value} ? ${value} : null)`)
    }
    case 'numberOrNull': {
      const value = code.named(`c${index}[row]`)
      return name(`(d${index}[row] === 1 || ${value} !== ${value} ? null : ${value})`)
    }
    case 'text': {
      const place = code.named(`c${index}[row]`)
      return name(`(${place} < 0 ? null : d${index}[${place}])`)
    }
    case 'slice': {
      const length = code.named(`d${index}[row]`)
      const value = code.fresh('v')
      code.risky(`const ${value} = ${length} < 0 ? null : e${index}.substr(c${index}[row], ${length})`)
      return { code: value, isNull: `(${value} === null)` }
    }
    case 'boolean': {
      const value = code.named(`c${index}[row]`)
      return name(`(${value} === 2 ? null : ${value} === 1)`)
    }
    case 'value': {
      const value = code.named(`c${index}[row]`)
      return name(`(${value} === undefined || ${value} !== ${value} ? null : ${value})`)
    }
  }
}

/** The value as one of the type; rows that hold something else fail. */
export function readAs(code: Code, reader: Reader, { type, label }: { readonly type: ValueType; readonly label: string }): Slot {
  const { index, layout } = reader
  if (layout === 'none') return nullSlot(type)
  if (layout === 'boolean' && type === 'boolean') {
    const value = code.named(`c${index}[row]`)
    return { code: `(${value} === 1)`, isNull: `(${value} === 2)` }
  }
  if ((layout === 'number' || layout === 'numberOrNull') && isNumeric(type)) return readNumber(code, reader, { type, label })
  const any = readAny(code, reader)
  if (type === 'any' || type === 'json') return any
  return demanded(code, any, { type, label })
}

function readNumber(code: Code, { index, layout }: Reader, { type, label }: { readonly type: ValueType; readonly label: string }): Slot {
  const value = code.named(`c${index}[row]`)
  const isNaN = layout === 'number'
  const isNull = isNaN ? `(${value} !== ${value})` : `(d${index}[row] === 1 || ${value} !== ${value})`
  const plain: Slot = { code: value, isNull, ...(isNaN && { isNaN }) }
  if (type === 'number') return plain
  const known = code.named(isNull, 'n')
  const result = code.fresh('v')
  if (type === 'integer') {
    code.line(`const ${result} = ${value} + 0`)
    const fits = `(Math.floor(${value}) === ${value} && ${value} <= ${Number.MAX_SAFE_INTEGER} && ${value} >= ${-Number.MAX_SAFE_INTEGER})`
    code.risky(`if (!${known} && !${fits}) ${code.constant(demandInteger)}(${value}, ${code.constant(label)})`)
  } else {
    code.line(`const ${result} = Math.floor(${value}) + 0`)
    code.risky(
      `if (!${known} && !(${result} >= -62135596800000 && ${result} <= 253402300799999)) ${code.constant(demandTimestamp)}(${value}, ${code.constant(label)})`,
    )
  }
  return { code: result, isNull: known, ...(isNaN && { isNaN }) }
}

const quick: Readonly<Record<string, readonly [kind: string, demand: unknown]>> = {
  number: ['number', demandNumber],
  text: ['string', demandText],
  boolean: ['boolean', demandBoolean],
}

/** A value that may be anything as one of a type. */
export function demanded(code: Code, any: Slot, { type, label }: { readonly type: ValueType; readonly label: string }): Slot {
  if (any.isNull === 'true') return nullSlot(type)
  const value = code.named(any.code)
  const isNull = code.named(any.isNull, 'n')
  const known = quick[type]
  const [name, constant] = [code.fresh('v'), code.constant(label)]
  if (known !== undefined) {
    const [kind, demand] = known
    code.risky(`if (typeof ${value} !== '${kind}' && !${isNull}) ${code.constant(demand)}(${value}, ${constant})`)
    if (type === 'text') return { code: value, isNull }
    code.line(`const ${name} = ${isNull} ? ${emptyOf(type)} : ${value}`)
    return { code: name, isNull, ...(type === 'number' && { isNaN: true as const }) }
  }
  code.risky(`const ${name} = ${isNull} ? ${emptyOf(type)} : ${code.constant(demandOf(type))}(${value}, ${constant})`)
  return { code: name, isNull, ...(isNumeric(type) && { isNaN: true as const }) }
}
