/** What several lanes made of one push, as one: pages merged in the order in which a single lane would have sent their rows. */
import { assert } from '../../event/assert.ts'
import { columnOf, TextDictionary, valueAt } from '../../operators/columns.ts'
import type { Column, Flow, Page, Port, TextColumn } from '../../operators/flow.ts'
import { aliveRows } from '../../operators/page.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'

/** A place in the pages of one lane. */
interface Cursor {
  readonly pages: readonly Page[]
  at: number
  rows: Int32Array
  next: number
}

/** One for each step whose rows come back from lanes: it keeps the dictionaries of their texts. */
export class MergedPages {
  readonly #texts = new Map<string, MergedTexts>()

  /** Flows by lane; control must be the same in all. */
  merge(lanes: readonly (readonly Flow[])[], send: (flow: Flow) => void): void {
    const runs = lanes.map(runsOf)
    const [first = []] = runs
    for (const run of runs) assert(run.length === first.length, 'control came back from one lane and not from another')
    for (const [index, { control }] of first.entries()) {
      this.#mergeRun(
        runs.map(run => run[index]?.pages ?? []),
        send,
      )
      if (control) send(control)
    }
  }

  #mergeRun(lanes: readonly (readonly Page[])[], send: (flow: Flow) => void): void {
    const ports = new Set(lanes.flatMap(pages => pages.map(({ port }) => port)))
    for (const port of ports) {
      const own = lanes.map(pages => pages.filter(page => page.port === port)).filter(({ length }) => length > 0)
      if (own.length === 1) for (const page of own[0] as readonly Page[]) send(inOrder(page))
      else for (const page of this.#merged(port, own)) send(page)
    }
  }

  *#merged(port: Port, lanes: readonly (readonly Page[])[]): Generator<Page> {
    const pages = lanes.flat()
    const count = pages.reduce((sum, page) => sum + aliveRows(page).length, 0)
    const [from, rows] = [new Int32Array(count), new Int32Array(count)]
    const firsts = lanes.map((_, lane) => lanes.slice(0, lane).reduce((sum, { length }) => sum + length, 0))
    const cursors = lanes.map(cursorOf)
    for (let i = 0; i < count; i++) {
      const lane = earliest(cursors)
      const cursor = cursors[lane] as Cursor
      from[i] = (firsts[lane] as number) + cursor.at
      rows[i] = cursor.rows[cursor.next] as number
      advance(cursor)
    }
    // What one page has beside its columns another may lack: those do not become one.
    for (let start = 0; start < count;) {
      const { input, key, eventTime, watermark } = pages[from[start] as number] as Page
      let end = start + 1
      while (end < count && isAlike(pages[from[start] as number] as Page, pages[from[end] as number] as Page)) end++
      const picked = { pages, from: from.subarray(start, end), rows: rows.subarray(start, end) }
      yield {
        kind: 'page',
        port,
        input,
        count: end - start,
        columns: this.#columns(picked),
        order: floats(picked, page => page.order),
        ...(eventTime && { eventTime: floats(picked, page => page.eventTime) }),
        ...(watermark && { watermark: floats(picked, page => page.watermark) }),
        ...(key && { key }),
      }
      start = end
    }
  }

  #columns(picked: Picked): Map<string, Column> {
    const names = new Set(picked.pages.flatMap(page => [...page.columns.keys()]))
    return new Map(Array.from(names, name => [name, this.#column(name, picked)]))
  }

  #column(name: string, picked: Picked): Column {
    const columns = picked.pages.map(page => page.columns.get(name))
    const kinds = new Set(columns.map(column => column?.kind))
    if (kinds.size === 1 && kinds.has('number')) return pickedNumbers(columns as (Column & { kind: 'number' })[], picked)
    if (kinds.size === 1 && kinds.has('text')) {
      let texts = this.#texts.get(name)
      if (texts === undefined || texts.isFull) this.#texts.set(name, (texts = new MergedTexts()))
      return texts.column(columns as TextColumn[], picked)
    }
    const values = new Array<unknown>(picked.rows.length)
    for (let i = 0; i < values.length; i++) {
      const column = columns[picked.from[i] as number]
      values[i] = column === undefined ? null : valueAt(column, picked.rows[i] as number)
    }
    return columnOf(values)
  }
}

/** Behind the merge the order of the rows is all there is. */
function inOrder(page: Page): Page {
  const { rank: _, tie: __, ...ordered } = page
  return ordered
}

/** Which row of which page each row is taken from. */
interface Picked {
  readonly pages: readonly Page[]
  readonly from: Int32Array
  readonly rows: Int32Array
}

/** Texts of the dictionaries of all lanes under one. */
class MergedTexts {
  readonly #dictionary = new TextDictionary()
  readonly #codes = new WeakMap<readonly string[], Int32Array>()

  get isFull(): boolean {
    return this.#dictionary.isFull
  }

  column(columns: readonly TextColumn[], { from, rows }: Picked): TextColumn {
    const translated = columns.map(({ dictionary }) => this.#translated(dictionary))
    const codes = new Int32Array(rows.length)
    for (let i = 0; i < codes.length; i++) {
      const page = from[i] as number
      const { codes: own, dictionary } = columns[page] as TextColumn
      const code = own[rows[i] as number] as number
      const known = translated[page] as Int32Array
      if (code >= 0 && known[code] === -1) known[code] = this.#dictionary.codeOf(dictionary[code] as string)
      codes[i] = code < 0 ? -1 : (known[code] as number)
    }
    return { kind: 'text', codes, dictionary: this.#dictionary.texts }
  }

  #translated(dictionary: readonly string[]): Int32Array {
    const known = this.#codes.get(dictionary)
    if (known !== undefined && known.length >= dictionary.length) return known
    const larger = new Int32Array(Math.max(16, 2 * dictionary.length)).fill(-1)
    if (known !== undefined) larger.set(known)
    this.#codes.set(dictionary, larger)
    return larger
  }
}

function pickedNumbers(columns: readonly (Column & { kind: 'number' })[], { from, rows }: Picked): Column {
  const values = new Float64Array(rows.length)
  const nulls = columns.some(column => column.nulls) ? new Uint8Array(rows.length) : undefined
  for (let i = 0; i < values.length; i++) {
    const column = columns[from[i] as number] as Column & { kind: 'number' }
    const row = rows[i] as number
    values[i] = column.values[row] as number
    if (nulls !== undefined && column.nulls?.[row] === 1) nulls[i] = 1
  }
  return nulls === undefined ? { kind: 'number', values } : { kind: 'number', values, nulls }
}

function floats({ pages, from, rows }: Picked, of: (page: Page) => Float64Array | undefined): Float64Array {
  const sources = pages.map(of)
  const values = new Float64Array(rows.length)
  for (let i = 0; i < values.length; i++) values[i] = sources[from[i] as number]?.[rows[i] as number] ?? NaN
  return values
}

function isAlike(a: Page, b: Page): boolean {
  const isTimed = (a.eventTime === undefined) === (b.eventTime === undefined) && (a.watermark === undefined) === (b.watermark === undefined)
  return a === b || (isTimed && a.input === b.input && a.key?.join('\n') === b.key?.join('\n'))
}

/** Pages up to a piece of control, and that; the last run may have none. */
interface Run {
  readonly pages: readonly Page[]
  readonly control?: Exclude<Flow, Page>
}

function runsOf(flows: readonly Flow[]): Run[] {
  const runs: Run[] = []
  let pages: Page[] = []
  for (const flow of flows) {
    if (flow.kind === 'page') {
      if (aliveRows(flow).length > 0) pages.push(flow)
    } else {
      runs.push({ pages, control: flow })
      pages = []
    }
  }
  runs.push({ pages })
  return runs
}

function cursorOf(pages: readonly Page[]): Cursor {
  return { pages, at: 0, rows: aliveRows(pages[0] as Page), next: 0 }
}

function advance(cursor: Cursor): void {
  if (++cursor.next < cursor.rows.length) return
  cursor.at++
  cursor.next = 0
  const page = cursor.pages[cursor.at]
  if (page !== undefined) cursor.rows = aliveRows(page)
}

function earliest(cursors: readonly Cursor[]): number {
  let best = -1
  for (let lane = 0; lane < cursors.length; lane++) {
    const cursor = cursors[lane] as Cursor
    if (cursor.at === cursor.pages.length) continue
    if (best < 0 || compareRows(cursor, cursors[best] as Cursor) < 0) best = lane
  }
  return best
}

/** By order; rows that a row made by its place, before those that time made, and those by time and key. Equal rows by lane. */
function compareRows(a: Cursor, b: Cursor): number {
  const [left, right] = [a.pages[a.at] as Page, b.pages[b.at] as Page]
  const [i, j] = [a.rows[a.next] as number, b.rows[b.next] as number]
  const byOrder = (left.order[i] as number) - (right.order[j] as number)
  if (byOrder !== 0) return byOrder
  const [leftRank, rightRank] = [rankOf(left, i), rankOf(right, j)]
  if (leftRank !== rightRank) return leftRank < rightRank ? -1 : 1
  const { tie } = left
  const other = right.tie
  if (tie === undefined || other === undefined) return 0
  // Both may be infinite, and have no difference then.
  const [leftTime, rightTime] = [tie.time[i] as number, other.time[j] as number]
  if (leftTime !== rightTime) return leftTime < rightTime ? -1 : 1
  return compareKeys(
    tie.key.map(column => valueAt(column, i)),
    other.key.map(column => valueAt(column, j)),
  )
}

function rankOf({ rank, tie }: Page, row: number): number {
  return rank?.[row] ?? (tie === undefined ? -1 : Infinity)
}
