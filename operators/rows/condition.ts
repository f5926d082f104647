/** Conditions: an expression, or a function of the user, that is true of a row or not; shared by the steps that choose rows. */
import { EventStoreError } from '../../event/error.ts'
import { valueAt } from '../columns.ts'
import { columnsRead, evaluate, expressionOf, keepWhere } from '../expressions/expression.ts'
import type { Column, Page } from '../flow.ts'
import { isFunctionReference, readsOf, userFunction, type ColumnFunction, type RowFunction } from '../functions.ts'
import { eachRow } from '../lift.ts'
import { runLoop } from '../loops.ts'
import type { StepContext } from '../operator.ts'
import { aliveCount, aliveRows, selectRows } from '../page.ts'
import { atOnce } from './answers.ts'

/** The page without the rows for which the condition failed, and of each other row 1 where it is true. */
export interface Judged {
  readonly page: Page
  readonly truth: Uint8Array
}

export interface Condition {
  judge(page: Page): Judged
  /** Only the rows of which it is true. */
  keep(page: Page): Page
}

/** The columns it reads; all of them when a function does not say. */
export function conditionReads(text: string, functionOf: (reference: string) => unknown): readonly string[] {
  return isFunctionReference(text) ? (readsOf(functionOf(text)) ?? ['*']) : columnsRead(text)
}

/** INVALID when the text is no condition over the columns that come in, or the function is none. */
export async function conditionOf(text: string, context: StepContext): Promise<Condition> {
  if (isFunctionReference(text)) {
    const where = userFunction(await context.resolve(text), text)
    const judge = where.form === 'rows' ? judgeByRow(where, context) : judgeByLoop(where, text, context)
    return { judge, keep: page => keepTrue(judge(page)) }
  }
  const expression = expressionOf(text, context.row, 'boolean')
  const [run, keep] = [evaluate(expression), keepWhere(expression)]
  const judge = (page: Page): Judged => {
    const { column, page: fitting } = run(page, context)
    return { page: fitting, truth: truthOf(column, fitting) }
  }
  return { judge, keep: page => keep(page, context) }
}

/** The rows of which it is true, and those of which it is not. */
export function split({ page, truth }: Judged): { readonly yes: Int32Array; readonly no: Int32Array } {
  const rows = aliveRows(page)
  const [yes, no] = [new Int32Array(rows.length), new Int32Array(rows.length)]
  let count = 0
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number
    if (truth[row] === 1) yes[count++] = row
    else no[i - count] = row
  }
  return { yes: yes.subarray(0, count), no: no.subarray(0, rows.length - count) }
}

function keepTrue({ page, truth }: Judged): Page {
  const rows = aliveRows(page)
  const kept = new Int32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) if (truth[rows[i] as number] === 1) kept[count++] = rows[i] as number
  return selectRows(page, kept.subarray(0, count))
}

function truthOf(column: Column, page: Page): Uint8Array {
  if (column.kind === 'boolean') return column.values
  const truth = new Uint8Array(page.count)
  for (const row of aliveRows(page)) if (valueAt(column, row) === true) truth[row] = 1
  return truth
}

function judgeByRow(where: RowFunction, context: StepContext): (page: Page) => Judged {
  return page => {
    const truth = new Uint8Array(page.count)
    const alive = aliveCount(page)
    const good = new Int32Array(alive)
    let count = 0
    eachRow(page, where.reads, context, (row, index) => {
      if (atOnce(where.run(row))) truth[index] = 1
      good[count++] = index
    })
    return { page: count === alive ? page : selectRows(page, good.subarray(0, count)), truth }
  }
}

function judgeByLoop(where: ColumnFunction, reference: string, context: StepContext): (page: Page) => Judged {
  const [name, more] = Object.keys(where.writes)
  if (name === undefined || more !== undefined || where.writes[name] !== 'boolean') {
    throw new EventStoreError('INVALID', `${reference} must write exactly one boolean column to be a condition`, { reference })
  }
  return page => {
    const written = runLoop(where, page, context)
    return { page: written.page, truth: truthOf(written.columns.get(name) as Column, written.page) }
  }
}
