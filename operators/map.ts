/** `map`: adds columns computed by expressions, or makes each row anew by a function of the user. */
import { withFields, type RowType, type ValueType } from './expressions/types.ts'
import type { Page } from './flow.ts'
import { isUserFunction, readsOf, userFunction, type ColumnFunction, type ColumnKind, type RowFunction } from './functions.ts'
import { eachRow, onPage, type Steps } from './lift.ts'
import { runLoop } from './loops.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveCount, selectRows, withColumns } from './page.ts'
import { atOnce, rowAnswered } from './rows/answers.ts'
import { computedBy, computedReads, computedTypes, type Expressions } from './rows/computed.ts'
import { MadeRows, type Dictionaries } from './rows/made-rows.ts'

export interface MapOptions {
  /** `{ column: expression }`, or `module#export` */
  readonly to: string | Expressions
}

export const map: Operator<MapOptions> = {
  spec: {
    name: 'map',
    kind: 'stateless',
    summary: 'Adds or replaces columns, or makes a new row of each row.',
    description:
      '`{ column: expression }` adds or replaces these columns and the others stay; all expressions see the columns as they came in. ' +
      'A plain function (given all fields that are not null), or one made by `rows({ reads }, fn)`, ' +
      'returns the new row, an object whose fields are its columns; nothing of the ' +
      'old row stays but its order, event time and watermark. A function made by `columns({ reads, writes }, loop)` adds or replaces the ' +
      'columns it writes for the whole page, and the others stay: use it where speed counts. A row for which an expression or a function ' +
      'fails, or that is not made into an object, is a dead letter.',
    shorthand: 'to',
    options: {
      to: { type: 'mapping', required: true, summary: '`{ column: expression }`, or a function as `module#export`.' },
    },
    ports: { main: 'The new rows.' },
  },
  example: {
    title: 'From dollars to cents',
    options: { to: { cents: 'dollars * 100' } },
    input: [{ dollars: 1 }, { dollars: 2.5 }],
    output: {
      ports: {
        main: [
          { dollars: 1, cents: 100 },
          { dollars: 2.5, cents: 250 },
        ],
      },
    },
  },
  needs(options, wanted, functionOf) {
    const kept = (made: object): string[] => [...wanted('main')].filter(name => !Object.hasOwn(made, name))
    if (typeof options.to !== 'string') return new Set([...kept(options.to), ...computedReads(options.to)])
    const to = functionOf(options.to)
    const reads = readsOf(to) ?? ['*']
    return new Set(isLoop(to) ? [...kept(to.writes), ...reads] : reads)
  },
  types(options, input, functionOf): { main: RowType } {
    if (typeof options.to !== 'string') return { main: withFields(input, computedTypes(options.to, input)) }
    const to = functionOf(options.to)
    if (!isLoop(to)) return { main: { ...input, fields: {}, isOpen: true } }
    return { main: withFields(input, Object.fromEntries(Object.entries(to.writes).map(([name, kind]) => [name, typeOfKind[kind]]))) }
  },
  async create(options, context) {
    if (typeof options.to !== 'string') {
      const compute = computedBy(options.to, context)
      return onPage((page, emit) => {
        const computed = compute(page)
        emit(withColumns(computed.page, computed.columns))
      })
    }
    const to = userFunction(await context.resolve(options.to), options.to)
    if (to.form === 'rows') return onPage(mapByRow(to, context))
    return onPage((page, emit) => {
      const written = runLoop(to, page, context)
      emit(withColumns(written.page, written.columns))
    })
  },
}

const typeOfKind: Readonly<Record<ColumnKind, ValueType>> = { number: 'number', text: 'text', boolean: 'boolean', value: 'any' }

function isLoop(value: unknown): value is ColumnFunction {
  return isUserFunction(value) && value.form === 'columns'
}

function mapByRow(to: RowFunction, context: StepContext): Steps['page'] {
  const dictionaries: Dictionaries = new Map()
  return (page: Page, emit) => {
    const made = new MadeRows(page.count)
    const good = new Int32Array(aliveCount(page))
    let count = 0
    eachRow(page, to.reads, context, (row, index) => {
      made.place(index, rowAnswered(atOnce(to.run(row))))
      good[count++] = index
    })
    emit(selectRows({ ...page, columns: made.columns(dictionaries) }, good.subarray(0, count)))
  }
}
