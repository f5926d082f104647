/** The best rows of each group of a page: gathered, and sent with their ranks when a group is complete. */
import { columnOf, type TextDictionary, valueAt } from '../columns.ts'
import type { Moves, Page, Row } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { columnNamed, columnsOf, rowReader } from '../page.ts'
import { Causes } from '../windows/window-order.ts'
import { exactText, exactValue, settled } from './exact.ts'
import { KeyedRows } from './keyed-rows.ts'
import {
  comparing,
  isComplete,
  orderColumns,
  placeAmong,
  rankingFormat,
  type CompareValues,
  type OrderColumn,
  type Ranked,
} from './ranking.ts'

export interface TopOptions {
  readonly n: number
  readonly order: readonly string[]
  /** The key begins with the columns of a window, and complete groups leave one after another; else all leave at the end. */
  readonly isWindowed: boolean
}

/** A page is sent when it holds at least so many rows. */
const pageRows = 4096

interface Leaving {
  readonly row: Row
  readonly order: number
  readonly stamps: Ranked['stamps']
  /** What the group is sorted by among those that leave with it. */
  readonly key: readonly unknown[]
}

export class TopRows {
  readonly #context: StepContext
  readonly #n: number
  readonly #isWindowed: boolean
  readonly #columns: readonly OrderColumn[]
  readonly #compare: CompareValues
  readonly #groups: KeyedRows<Ranked[]>
  readonly #dictionaries = new Map<string, TextDictionary>()
  readonly #causes = new Causes()
  #nextEnd: number

  constructor(context: StepContext, { n, order, isWindowed }: TopOptions) {
    this.#context = context
    this.#n = n
    this.#isWindowed = isWindowed
    this.#columns = orderColumns(order)
    this.#compare = comparing(this.#columns)
    this.#groups = new KeyedRows(context, {
      meaning: { n, order, isWindowed },
      format: rankingFormat,
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
    const order = this.#columns.map(({ name }) => columnNamed(page, name))
    const read = rowReader(page)
    for (let i = 0; i < rows.length; i++) {
      const [row, id] = [rows[i] as number, ids[i] as number]
      const standing = this.#causes.before(page.order[row] as number)
      if (this.#isWindowed && this.#nextEnd <= standing) this.#closeDue(standing, send)
      const best = this.#groups.get(id) ?? []
      try {
        const values = order.map(column => valueAt(column, row))
        const place = placeAmong(best, values, this.#compare)
        if (place === this.#n) continue
        const { eventTime, watermark } = page
        const stamps = eventTime && watermark ? ([eventTime[row] as number, watermark[row] as number] as const) : null
        const ranked = { values: values.map(settled), text: exactText(read(row)), stamps }
        if (best.length === 0 && this.#isWindowed) this.#nextEnd = Math.min(this.#nextEnd, this.#endOf(id))
        if (best.length === this.#n) best.pop()
        best.splice(place, 0, ranked)
        this.#groups.put(id, best)
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
      if (watermark !== Infinity && !isComplete(end, best[0]?.stamps?.[0] ?? -Infinity, watermark)) continue
      const key = this.#isWindowed ? endFirst(group.key) : group.key
      const order = this.#isWindowed ? this.#causes.of(end, { beyond: includesEnd(end, best) }) : this.#causes.of(Infinity)
      for (const [index, { text, stamps }] of best.entries()) {
        leaving.push({ row: { ...(exactValue(text) as Row), rank: index + 1 }, order, stamps, key })
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
    const columns = columnsOf(
      leaving.map(({ row }) => row),
      this.#dictionaries,
    )
    const order = Float64Array.from(leaving, one => one.order)
    const page: Page = { kind: 'page', port: 'main', input: 0, count: leaving.length, columns, order, ...this.#tieOf(leaving) }
    if (!this.#isWindowed) return page
    const stamp = (which: 0 | 1): Float64Array => Float64Array.from(leaving, ({ stamps }) => stamps?.[which] ?? NaN)
    return { ...page, eventTime: stamp(0), watermark: stamp(1) }
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
}

/** The end of the window first, then its start; and back. */
function endFirst(key: readonly unknown[]): readonly unknown[] {
  return [key[1], key[0], ...key.slice(2)]
}

/** Windows that include their end are complete when the watermark is past it. */
function includesEnd(windowEnd: number, [first]: readonly Ranked[]): boolean {
  return !isComplete(windowEnd, first?.stamps?.[0] ?? -Infinity, windowEnd)
}
