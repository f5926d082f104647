/** `map`: makes each row anew by a function of the user, or adds columns by a loop. */
import type { TextDictionary } from './columns.ts'
import type { Page, Row } from './flow.ts'
import { isUserFunction, readsOf, userFunction, type RowFunction } from './functions.ts'
import { eachRow, onPage } from './lift.ts'
import { runLoop } from './loops.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveCount, columnsOf, selectRows, withColumns } from './page.ts'

export interface MapOptions {
  /** `module#export` */
  readonly to: string
}

export const map: Operator<MapOptions> = {
  spec: {
    name: 'map',
    kind: 'stateless',
    summary: 'Makes a new row of each row, or adds columns.',
    description:
      'A plain function (given all fields that are not null), or one made by `rows({ reads }, fn)`, ' +
      'returns the new row, an object whose fields are its columns; nothing of the ' +
      'old row stays but its order, event time and watermark. A function made by `columns({ reads, writes }, loop)` adds or replaces the ' +
      'columns it writes for the whole page, and the others stay: use it where speed counts. A row whose call throws, or that is not made ' +
      'into an object, is a dead letter.',
    shorthand: 'to',
    options: { to: { type: 'mapping', required: true, summary: 'The function, as `module#export`.' } },
    ports: { main: 'The new rows.' },
  },
  example: {
    title: 'From dollars to cents',
    options: { to: './functions.ts#inCents' },
    functions: { './functions.ts#inCents': (row: { dollars: number }) => ({ cents: row.dollars * 100 }) },
    input: [{ dollars: 1 }, { dollars: 2.5 }],
    output: { ports: { main: [{ cents: 100 }, { cents: 250 }] } },
  },
  needs(options, wanted, functionOf) {
    const resolved = functionOf(options.to)
    const reads = readsOf(resolved) ?? ['*']
    if (!isUserFunction(resolved) || resolved.form === 'rows') return new Set(reads)
    const kept = [...wanted('main')].filter(name => !(name in resolved.writes))
    return new Set([...kept, ...reads])
  },
  async create(options, context) {
    const to = userFunction(await context.resolve(options.to), options.to)
    if (to.form === 'rows') return onPage(mapByRow(to, context))
    return onPage((page, emit) => {
      const written = runLoop(to, page, context)
      emit(withColumns(written.page, written.columns))
    })
  },
}

function mapByRow(to: RowFunction, context: StepContext): (page: Page, emit: (page: Page) => void) => void {
  const dictionaries = new Map<string, TextDictionary>()
  return (page, emit) => {
    const made = new Array<Row | undefined>(page.count).fill(undefined)
    const good = new Int32Array(aliveCount(page))
    let count = 0
    eachRow(page, to.reads, context, (row, index) => {
      made[index] = newRow(to.run(row))
      good[count++] = index
    })
    emit(selectRows({ ...page, columns: columnsOf(made, dictionaries) }, good.subarray(0, count)))
  }
}

function newRow(value: unknown): Row {
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Promise)) return value as Row
  throw new TypeError('the function must return the new row as an object, at once and not as a promise')
}
