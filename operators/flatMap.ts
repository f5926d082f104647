/** `flatMap`: makes any number of rows of each row, by a function of the user or from the elements of a list. */
import { EventStoreError } from '../event/error.ts'
import { columnOf, valueAt } from './columns.ts'
import { columnsRead, evaluate, expressionOf, type Expression } from './expressions/expression.ts'
import { withFields, type RowType, type ValueType } from './expressions/types.ts'
import type { Row } from './flow.ts'
import { readsOf, userFunction, type RowFunction } from './functions.ts'
import { eachRow, onPage, type Steps } from './lift.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, gather, withColumns } from './page.ts'
import { atOnce, rowAnswered } from './rows/answers.ts'
import { MadeRows, type Dictionaries } from './rows/made-rows.ts'

export interface FlatMapOptions {
  /** `module#export` */
  readonly to?: string
  /** An expression that gives a list, and the column for its elements. */
  readonly of?: string
  readonly as?: string
}

export const flatMap: Operator<FlatMapOptions> = {
  spec: {
    name: 'flatMap',
    kind: 'stateless',
    summary: 'Makes any number of rows of each row.',
    description:
      'With `to`, a function `(row) => rows`, plain or made by `rows({ reads }, fn)`, returns a list of new rows, each an object; nothing of the ' +
      'old row stays but its order, event time and watermark. With `of` and `as`, the row is repeated for each element of the list that the ' +
      'expression gives, with the element in the column `as`; an empty list and null make no row. A row for which the function or the ' +
      'expression fails, or gives something else than such a list, is a dead letter, and then none of its rows goes on.',
    shorthand: 'to',
    options: {
      to: { type: 'function', summary: 'The function, as `module#export`; or else `of` and `as`.' },
      of: { type: 'expression', summary: 'Gives a list.' },
      as: { type: 'field', isForeign: true, summary: 'Column for the element.' },
    },
    ports: { main: 'The rows made, in the order of their causes.' },
  },
  example: {
    title: 'The words of a text',
    options: { to: './functions.ts#words' },
    functions: { './functions.ts#words': (row: { text: string }) => row.text.split(' ').map(word => ({ word })) },
    input: [{ text: 'to be' }, { text: 7 }, { text: 'or' }],
    output: { ports: { main: [{ word: 'to' }, { word: 'be' }, { word: 'or' }] }, dead: [1] },
  },
  needs(options, wanted, functionOf) {
    if (options.to !== undefined) return new Set(readsOf(functionOf(options.to)) ?? ['*'])
    const reads = options.of === undefined ? [] : columnsRead(options.of)
    return new Set([...[...wanted('main')].filter(name => name !== options.as), ...reads])
  },
  types(options, input): { main: RowType } {
    const way = wayOf(options)
    if ('to' in way) return { main: { ...input, fields: {}, isOpen: true } }
    return { main: withFields(input, { [way.as]: elementType(expressionOf(way.of, input)) }) }
  },
  async create(options, context) {
    const way = wayOf(options)
    if ('to' in way) {
      const to = userFunction(await context.resolve(way.to), way.to)
      if (to.form === 'rows') return onPage(rowsByFunction(to, context))
      throw new EventStoreError('INVALID', `${way.to} is a function over columns, which can not make more rows`, { reference: way.to })
    }
    const of = expressionOf(way.of, context.row)
    elementType(of)
    return onPage(rowsOfElements(of, way.as, context))
  },
}

/** Exactly one of the two ways; INVALID otherwise. */
function wayOf({ to, of, as }: FlatMapOptions): { readonly to: string } | { readonly of: string; readonly as: string } {
  if (to !== undefined && of === undefined && as === undefined) return { to }
  if (to === undefined && of !== undefined && as !== undefined) return { of, as }
  throw new EventStoreError('INVALID', 'it takes either option to, or the options of and as')
}

function elementType({ type, text }: Expression): ValueType {
  if (type.endsWith('[]')) return type.slice(0, -2) as ValueType
  if (type === 'any' || type === 'json') return 'any'
  throw new EventStoreError('INVALID', `${text} is of type ${type} and gives no list`, { option: 'of' })
}

function rowsByFunction(to: RowFunction, context: StepContext): Steps['page'] {
  const dictionaries: Dictionaries = new Map()
  return (page, emit) => {
    const causes: number[] = []
    const rows: Row[] = []
    eachRow(page, to.reads, context, (row, index) => {
      const answer = atOnce(to.run(row))
      if (!Array.isArray(answer)) throw new TypeError('the function must return a list of rows')
      // All of them are looked at before the first is taken, so that a bad one takes the others with it; copied, for they may be used again.
      for (const made of answer.map((one): Row => ({ ...rowAnswered(one) }))) {
        causes.push(index)
        rows.push(made)
      }
    })
    if (rows.length === 0) return
    const made = new MadeRows(rows.length)
    for (const [index, row] of rows.entries()) made.place(index, row)
    const bare = gather({ ...page, columns: new Map() }, Int32Array.from(causes))
    emit({ ...bare, columns: made.columns(dictionaries) })
  }
}

function rowsOfElements(of: Expression, as: string, context: StepContext): Steps['page'] {
  const run = evaluate(of)
  return (page, emit) => {
    const { column, page: fitting } = run(page, context)
    const causes: number[] = []
    const elements: unknown[] = []
    for (const row of aliveRows(fitting)) {
      const list = valueAt(column, row)
      if (list === null) continue
      if (!Array.isArray(list)) {
        context.dead(fitting, row, new TypeError(`${of.text} does not give a list`))
        continue
      }
      for (const element of list as unknown[]) {
        causes.push(row)
        elements.push(element ?? null)
      }
    }
    if (causes.length > 0) emit(withColumns(gather(fitting, Int32Array.from(causes)), [[as, columnOf(elements)]]))
  }
}
