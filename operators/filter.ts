/** `filter`: keeps the rows for which a function of the user says true. */
import type { Page } from './flow.ts'
import { readsOf, userFunction, type ColumnFunction, type RowFunction } from './functions.ts'
import { EventStoreError } from '../event/error.ts'
import { eachRow, onPage } from './lift.ts'
import { runLoop } from './loops.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, selectRows } from './page.ts'

export interface FilterOptions {
  /** `module#export` */
  readonly where: string
}

export const filter: Operator<FilterOptions> = {
  spec: {
    name: 'filter',
    kind: 'stateless',
    summary: 'Keeps the rows for which a function says true.',
    description:
      'The function is a plain one `(row) => boolean` that is given all fields that are not null, one made by ' +
      '`rows({ reads }, fn)` that is given only the columns it names, or one ' +
      'made by `columns({ reads, writes: { keep: "boolean" } }, loop)` that fills one boolean column for the whole page. A row whose call ' +
      'throws is a dead letter. No column is copied: the page goes on with fewer rows selected.',
    shorthand: 'where',
    options: { where: { type: 'condition', required: true, summary: 'The function, as `module#export`.' } },
    ports: { main: 'The rows kept.' },
  },
  example: {
    title: 'Keep what is large',
    options: { where: './functions.ts#isLarge' },
    functions: { './functions.ts#isLarge': (row: { size: number }) => row.size > 10 },
    input: [{ size: 5 }, { size: 11 }, { size: 12 }],
    output: { ports: { main: [{ size: 11 }, { size: 12 }] } },
  },
  needs(options, wanted, functionOf) {
    const reads = readsOf(functionOf(options.where))
    return new Set([...wanted('main'), ...(reads ?? ['*'])])
  },
  async create(options, context) {
    const where = userFunction(await context.resolve(options.where), options.where)
    const keep = where.form === 'rows' ? keepByRow(where, context) : keepByLoop(where, options.where, context)
    return onPage((page, emit) => emit(keep(page)))
  },
}

function keepByRow(where: RowFunction, context: StepContext): (page: Page) => Page {
  return page => {
    const kept = new Int32Array(aliveRows(page).length)
    let count = 0
    eachRow(page, where.reads, context, (row, index) => {
      const answer = where.run(row)
      if (typeof answer === 'object' && answer instanceof Promise)
        throw new TypeError('the function returned a promise; it must be synchronous')
      if (answer) kept[count++] = index
    })
    return selectRows(page, kept.subarray(0, count))
  }
}

function keepByLoop(where: ColumnFunction, reference: string, context: StepContext): (page: Page) => Page {
  const [name, more] = Object.keys(where.writes)
  if (name === undefined || more !== undefined || where.writes[name] !== 'boolean') {
    throw new EventStoreError('INVALID', `${reference} must write exactly one boolean column to be a filter`, { reference })
  }
  return page => {
    const written = runLoop(where, page, context)
    const column = written.columns.get(name)
    const rows = aliveRows(written.page)
    const kept = new Int32Array(rows.length)
    let count = 0
    if (column?.kind === 'boolean') {
      for (let i = 0; i < rows.length; i++) if (column.values[rows[i] as number] === 1) kept[count++] = rows[i] as number
    }
    return selectRows(written.page, kept.subarray(0, count))
  }
}
