/** `tap`: shows rows to a function of the user, and changes nothing. */
import { EventStoreError } from '../event/error.ts'
import type { Page, Row } from './flow.ts'
import { readsOf, userFunction, type ColumnFunction, type RowFunction } from './functions.ts'
import { eachRow, onPage } from './lift.ts'
import { runLoop } from './loops.ts'
import type { Operator, StepContext } from './operator.ts'
import { aliveRows, selectRows } from './page.ts'
import { atOnce } from './rows/answers.ts'

export interface TapOptions {
  /** `module#export` */
  readonly do?: string
  readonly every?: number
  readonly label?: string
}

/** What the function is told beside the row. */
export interface TapPlace {
  readonly step: string
  readonly label: string
  /** Of the row: the same at each run over the same log. */
  readonly order: number
}

export const tap: Operator<TapOptions> = {
  spec: {
    name: 'tap',
    kind: 'stateless',
    summary: 'Shows rows to a function, and changes nothing.',
    description:
      'The function is a plain one `(row, { step, label, order })` or one made by `rows({ reads }, fn)` or `columns({ reads, writes: {} }, loop)`; ' +
      'what it returns counts for nothing, and it must not change what it is given. It is called again for rows that are worked on again after a ' +
      'crash. A row for which it throws is a dead letter and does not go on, as with every function. With `every: 100` it sees about one row in a ' +
      'hundred, chosen by the order of the row, so that a restart chooses the same. Without a function it is a named place with counters.',
    shorthand: 'do',
    options: {
      do: { type: 'function', summary: 'The function, as `module#export`.' },
      every: { type: 'number', least: 1, isWhole: true, default: 1, summary: 'Shows about one row in so many.', sample: 1 },
      label: {
        type: 'text',
        summary: 'Told to the function, which may serve several taps; the id of the step when left out.',
        sample: 'seen',
      },
    },
    ports: { main: 'The same rows.' },
  },
  example: {
    title: 'Look out for what is missing',
    options: { do: './functions.ts#look' },
    functions: {
      './functions.ts#look': (row: { origin?: string }) => {
        if (row.origin === undefined) throw new Error('no origin')
      },
    },
    input: [{ origin: 'JFK' }, { origin: null }, { origin: 'BOS' }],
    output: { ports: { main: [{ origin: 'JFK' }, { origin: 'BOS' }] }, dead: [1] },
  },
  needs(options, wanted, functionOf) {
    const reads = options.do === undefined ? [] : (readsOf(functionOf(options.do)) ?? ['*'])
    return new Set([...wanted('main'), ...reads])
  },
  async create(options, context) {
    if (options.do === undefined) return onPage((page, emit) => emit(page))
    const look = userFunction(await context.resolve(options.do), options.do)
    const every = options.every ?? 1
    const show = look.form === 'rows' ? showRows(look, options.label ?? context.step, context) : showColumns(look, options.do, context)
    return onPage((page, emit) => {
      const rows = aliveRows(page)
      const seen = every === 1 ? rows : rows.filter(row => mixed(page.order[row] as number) % every === 0)
      const failed = seen.length === 0 ? none : show(selectRows(page, seen))
      emit(
        failed.size === 0
          ? page
          : selectRows(
              page,
              rows.filter(row => !failed.has(row)),
            ),
      )
    })
  },
}

const none: ReadonlySet<number> = new Set()

/** Shows the rows alive, and says for which of them the function failed. */
type Show = (page: Page) => ReadonlySet<number>

function showRows(look: RowFunction, label: string, context: StepContext): Show {
  const run = look.run as (row: Row, place: TapPlace) => unknown
  return page => {
    const failed = new Set(aliveRows(page))
    eachRow(page, look.reads, context, (row, index) => {
      atOnce(run(row, { step: context.step, label, order: page.order[index] as number }))
      failed.delete(index)
    })
    return failed
  }
}

function showColumns(look: ColumnFunction, reference: string, context: StepContext): Show {
  if (Object.keys(look.writes).length > 0) {
    throw new EventStoreError('INVALID', `${reference} writes columns; a tap changes nothing: writes must be {}`, { reference })
  }
  return page => {
    const failed = new Set(aliveRows(page))
    for (const row of aliveRows(runLoop(look, page, context).page)) failed.delete(row)
    return failed
  }
}

/** Whole numbers spread out evenly, for orders are often multiples of something (the last steps of MurmurHash3). */
function mixed(order: number): number {
  let hash = Math.imul(Math.floor(order / 2 ** 32), 0x9e3779b1) ^ (order >>> 0)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
