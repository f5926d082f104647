/** The best rows of each group of a page: gathered, and sent with their ranks when a group is complete. */
import { columnOf, type TextDictionary } from '../columns.ts'
import type { Column, Moves, Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { columnsOf, dictionaryOf } from '../page.ts'
import { Causes } from '../windows/window-order.ts'
import { KeyedRows } from './keyed-rows.ts'
import { isComplete, orderColumns, type RankedCells, Ranking } from './ranking.ts'

export interface TopOptions {
  readonly n: number
  readonly order: readonly string[]
  /** The key begins with the columns of a window, and complete groups leave one after another; else all leave at the end. */
  readonly isWindowed: boolean
}

/** A page is sent when it holds at least so many rows. */
const pageRows = 4096

interface Leaving {
  readonly best: RankedCells
  /** From 0. */
  readonly rank: number
  readonly order: number
  /** What the group is sorted by among those that leave with it. */
  readonly key: readonly unknown[]
}

export class TopRows {
  readonly #context: StepContext
  readonly #isWindowed: boolean
  readonly #ranking: Ranking
  readonly #groups: KeyedRows<RankedCells>
  readonly #dictionaries = new Map<string, TextDictionary>()
  readonly #causes = new Causes()
  #nextEnd: number

  constructor(context: StepContext, { n, order, isWindowed }: TopOptions) {
    this.#context = context
    this.#isWindowed = isWindowed
    this.#ranking = new Ranking({ n, order: orderColumns(order), kept: context.reads ?? ['*'], isTimed: isWindowed })
    this.#groups = new KeyedRows(context, {
      meaning: { n, order, isWindowed },
      format: this.#ranking,
      mayLeave: true,
      ...(isWindowed && { arrange: endFirst }),
    })
    this.#nextEnd = isWindowed ? this.#groups.least() : Infinity
    context.waits?.({ for: 'watermark', at: () => this.#nextEnd })
  }

  expect(moves: Moves): void {
    this.#causes.expect(moves)
  }

  /** Takes rows of a page, which belong to the groups of its key; before each the groups leave that were complete before it came. */
  add(page: Page, rows: Int32Array, send: (page: Page) => void): void {
    this.#causes.note(page)
    const ids = this.#groups.idsOf(page, rows)
    this.#ranking.look(page)
    for (let i = 0; i < rows.length; i++) {
      const [row, id] = [rows[i] as number, ids[i] as number]
      if (this.#isWindowed) {
        const standing = this.#causes.before(page.order[row] as number)
        if (this.#nextEnd <= standing) this.#closeDue(standing, send)
      }
      const best = this.#groups.get(id) ?? []
      const isFirst = best.length === 0
      try {
        if (!this.#ranking.take(best, row)) continue
        this.#groups.put(id, best)
        if (isFirst && this.#isWindowed) this.#nextEnd = Math.min(this.#nextEnd, this.#endOf(id))
      } catch (error) {
        // A value that can not be saved.
        this.#context.dead(page, row, error)
      }
    }
  }

  save(): void {
    this.#groups.save()
  }

  /** Sends the groups that are complete at a watermark, all of them at Infinity: by end of the window, key and rank. */
  close(watermark: number, send: (page: Page) => void): void {
    if (!this.#groups.isEmpty && (!this.#isWindowed || this.#nextEnd <= watermark)) {
      this.#closeDue(watermark, send)
      this.#groups.trim()
    }
    this.#causes.settle()
  }

  #closeDue(watermark: number, send: (page: Page) => void): void {
    let leaving: Leaving[] = []
    for (const group of this.#groups.inOrder(this.#isWindowed ? watermark : Infinity)) {
      const { value: best } = group
      const end = this.#isWindowed ? (group.key[1] as number) : Infinity
      if (watermark !== Infinity && !isComplete(end, this.#ranking.eventTimeOf(best, 0), watermark)) continue
      const key = this.#isWindowed ? endFirst(group.key) : group.key
      const order = this.#isWindowed ? this.#causes.of(end, { beyond: this.#includesEnd(end, best) }) : this.#causes.of(Infinity)
      const count = this.#ranking.count(best)
      for (let rank = 0; rank < count; rank++) {
        leaving.push({ best, rank, order, key })
        if (leaving.length === pageRows) {
          send(this.#pageOf(leaving))
          leaving = []
        }
      }
      this.#groups.remove(group)
    }
    if (leaving.length > 0) send(this.#pageOf(leaving))
    if (this.#isWindowed) this.#nextEnd = this.#groups.least()
  }

  #pageOf(leaving: readonly Leaving[]): Page {
    const columns = this.#columnsOf(leaving)
    columns.set('rank', { kind: 'number', values: Float64Array.from(leaving, ({ rank }) => rank + 1) })
    const order = Float64Array.from(leaving, one => one.order)
    const page: Page = { kind: 'page', port: 'main', input: 0, count: leaving.length, columns, order, ...this.#tieOf(leaving) }
    if (!this.#isWindowed) return page
    // No row of a window that ends earlier is still to come; rows that happened before that leave as if they had happened now.
    const watermark = Float64Array.from(leaving, one => this.#closeOf(one))
    const eventTime = watermark.map((close, at) => Math.max(close, this.#timeOf(leaving[at] as Leaving)))
    return { ...page, eventTime, watermark }
  }

  /** The last moment of the window. */
  #closeOf({ best, key }: Leaving): number {
    const end = key[0] as number
    return this.#includesEnd(end, best) ? end : end - 1
  }

  #timeOf({ best, rank }: Leaving): number {
    return this.#ranking.eventTimeOf(best, rank)
  }

  #columnsOf(leaving: readonly Leaving[]): Map<string, Column> {
    const { isWhole, names, width } = this.#ranking
    if (isWhole) {
      const rows = leaving.map(({ best, rank }) => this.#ranking.rowOf(best, rank))
      return columnsOf(rows, this.#dictionaries)
    }
    const cells = (c: number): unknown[] => leaving.map(({ best, rank }) => best[rank * width + c])
    return new Map(names.map((name, c) => [name, columnOf(cells(c), dictionaryOf(this.#dictionaries, name))]))
  }

  #tieOf(leaving: readonly Leaving[]): Pick<Page, 'tie'> {
    if ((this.#context.lanes ?? 1) === 1) return {}
    const widths = leaving[0]?.key ?? []
    const key = widths.map((_, at) => columnOf(leaving.map(one => one.key[at])))
    return { tie: { time: new Float64Array(leaving.length), key } }
  }

  #endOf(id: number): number {
    return this.#groups.keyOf(id)[1] as number
  }

  /** Windows that include their end are complete when the watermark is past it. */
  #includesEnd(windowEnd: number, best: RankedCells): boolean {
    return !isComplete(windowEnd, this.#ranking.eventTimeOf(best, 0), windowEnd)
  }
}

/** The end of the window first, then its start; and back. */
function endFirst(key: readonly unknown[]): readonly unknown[] {
  return [key[1], key[0], ...key.slice(2)]
}
