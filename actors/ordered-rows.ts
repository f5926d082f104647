/** The way into a step that keeps its dead letters in order: a row whose key has a letter is not tried, and waits with it. */
import type { Page } from '../operators/flow.ts'
import { aliveRows, gather } from '../operators/page.ts'
import type { Turn } from './dead-letter.ts'
import type { KeyLines } from './key-lines.ts'

/** What the step does with rows of pages. */
export interface OrderedStep {
  work(page: Page): void
  /** A letter of a row that was not tried. */
  wait(page: Page, row: number, turn: Turn): void
  /** A letter of one that was. */
  bury(page: Page, fault: Fault, turn: Turn): void
}

export interface Fault {
  readonly row: number
  readonly error: unknown
}

export class OrderedRows {
  readonly lines: KeyLines
  readonly #step: OrderedStep
  /** Rows of the page at work that were given up. */
  #faults: Fault[] = []

  constructor(lines: KeyLines, step: OrderedStep) {
    this.lines = lines
    this.#step = step
  }

  /** Rows of different keys go together; the next of a key comes when the one before is through, as it may have died. */
  take(page: Page): void {
    const together = new Map<string, number>()
    let order = NaN
    for (const row of aliveRows(page)) {
      const key = this.lines.keyAt(page, row)
      // Rows given up are known by their order, so no two of one order go together.
      if (together.has(key) || page.order[row] === order) this.#takeTogether(page, together)
      if (this.lines.isHeld(key)) this.#step.wait(page, row, this.lines.join(key))
      else {
        together.set(key, row)
        order = page.order[row] as number
      }
    }
    this.#takeTogether(page, together)
  }

  #takeTogether(page: Page, rows: Map<string, number>): void {
    if (rows.size === 0) return
    const keys = [...rows.keys()]
    const own = rows.size === page.count ? page : gather(page, Int32Array.from(rows.values()))
    rows.clear()
    for (const fault of this.#work(own)) this.#step.bury(own, fault, this.lines.join(keys[fault.row] as string))
  }

  /** The one row of the page was given up before, and had this turn. */
  takeBack(page: Page, turn: Turn): void {
    const key = this.lines.keyAt(page, 0)
    if (this.lines.keyOf(turn) !== key) {
      // Its turn is over, or its key was changed: nobody of the old one waits for it any more.
      this.lines.leave(turn)
      return this.take(page)
    }
    if (!this.lines.isFirst(turn)) return this.#step.wait(page, 0, turn)
    const faults = this.#work(page)
    if (faults.length === 0) this.lines.leave(turn)
    for (const [at, fault] of faults.entries()) this.#step.bury(page, fault, at === 0 ? turn : this.lines.join(key))
  }

  /** A row of the page at work was given up. */
  fault(fault: Fault): void {
    this.#faults.push(fault)
  }

  /** In the order of the rows. */
  #work(page: Page): readonly Fault[] {
    this.#step.work(page)
    const faults = this.#faults
    this.#faults = []
    return faults.sort((a, b) => a.row - b.row)
  }
}
