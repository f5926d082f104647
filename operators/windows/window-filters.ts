/** Conditions of filtered aggregates: each distinct one is computed once a page, and rows are chosen by it once for all who share it. */
import { assert } from '../../event/assert.ts'
import { evaluate, type Expression, expressionOf } from '../expressions/expression.ts'
import type { BooleanColumn, Page } from '../flow.ts'
import type { Fitting } from '../kinds.ts'
import type { StepContext } from '../operator.ts'
import { aliveCount, aliveRows, selectRows } from '../page.ts'

const isTrue = 1
const isGiven = 1

/** Rows of one condition, with the cell of each. */
export interface Chosen {
  rows: Int32Array
  cells: Int32Array
  count: number
}

export class WindowFilters {
  readonly #texts: string[] = []
  readonly #judges: ((page: Page, context: StepContext) => Fitting<BooleanColumn>)[] = []
  readonly #truths: Uint8Array[] = []
  readonly #chosen: Chosen[] = []
  readonly #context: StepContext
  /** Which conditions the rows of this update were chosen for already. */
  #isChosen = new Uint8Array(0)

  constructor(context: StepContext) {
    this.#context = context
  }

  /** The number of a condition: the same for the same text. INVALID when it is none over the columns that come in. */
  add(where: string): number {
    const known = this.#texts.indexOf(where)
    if (known >= 0) return known
    const expression = expressionOf(where, this.#context.row, 'boolean')
    this.#judges.push(judgeOf(expression))
    this.#chosen.push({ rows: new Int32Array(0), cells: new Int32Array(0), count: 0 })
    this.#isChosen = new Uint8Array(this.#judges.length)
    return this.#texts.push(where) - 1
  }

  get size(): number {
    return this.#texts.length
  }

  /** Computes all conditions; the page without the rows for which one fails. */
  judge(page: Page): Page {
    let fitting = page
    for (const [index, judge] of this.#judges.entries()) {
      const { page: judged, column } = judge(fitting, this.#context)
      this.#truths[index] = column.values
      fitting = judged
    }
    return fitting
  }

  /** Computes something for the rows of a condition alone: rows that fail are given up, and the others stay, whether it holds for them or not. */
  within<Kind>(filter: number, page: Page, run: (part: Page) => Fitting<Kind>): Fitting<Kind> {
    const part = trueOf(page, this.#truths[filter] as Uint8Array)
    const { page: fitting, column } = run(part)
    return { column, page: aliveCount(fitting) === aliveCount(part) ? page : without(page, part, fitting) }
  }

  /** Rows are taken anew from here on. */
  renew(): void {
    this.#isChosen.fill(0)
  }

  /** Those of the rows of which a condition is true; good until `renew`. */
  chosen(filter: number, rows: Int32Array, cells: Int32Array, count: number): Chosen {
    const chosen = this.#chosen[filter] as Chosen
    if (this.#isChosen[filter] === isGiven) return chosen
    if (chosen.rows.length < count) {
      chosen.rows = new Int32Array(Math.max(count, 64))
      chosen.cells = new Int32Array(chosen.rows.length)
    }
    const truth = this.#truths[filter] as Uint8Array
    let kept = 0
    for (let i = 0; i < count; i++) {
      const row = rows[i] as number
      if (truth[row] !== isTrue) continue
      chosen.rows[kept] = row
      chosen.cells[kept++] = cells[i] as number
    }
    chosen.count = kept
    this.#isChosen[filter] = isGiven
    return chosen
  }
}

function judgeOf(expression: Expression): (page: Page, context: StepContext) => Fitting<BooleanColumn> {
  const run = evaluate(expression)
  return (page, context) => {
    const { page: fitting, column } = run(page, context)
    assert(column.kind === 'boolean', 'a condition gave another column than one of true and false')
    return { page: fitting, column }
  }
}

function trueOf(page: Page, truth: Uint8Array): Page {
  const rows = aliveRows(page)
  const kept = new Int32Array(rows.length)
  let count = 0
  for (let i = 0; i < rows.length; i++) if (truth[rows[i] as number] === isTrue) kept[count++] = rows[i] as number
  return selectRows(page, kept.subarray(0, count))
}

/** The page without the rows that were in the part and are in what is left of it no more. */
function without(page: Page, part: Page, left: Page): Page {
  const dead = new Uint8Array(page.count)
  for (const row of aliveRows(part)) dead[row] = isGiven
  for (const row of aliveRows(left)) dead[row] = 0
  return selectRows(
    page,
    aliveRows(page).filter(row => dead[row] === 0),
  )
}
