/** What several lanes made of one push, as one: pages merged in the order in which a single lane would have sent their rows. */
import { assert } from '../../event/assert.ts'
import { columnOf, TextDictionary, valueAt } from '../../operators/columns.ts'
import type { Column, Flow, NumberColumn, Page, Port, TextColumn } from '../../operators/flow.ts'
import { aliveRows } from '../../operators/page.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'

/** The rows of a page, and where each of them stands behind the merge. */
interface Placed {
  readonly page: Page
  readonly rows: Int32Array
  readonly places: Int32Array
}

/** A place in the pages of one lane. */
interface Cursor {
  readonly pages: readonly Placed[]
  at: number
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
    const cursors = lanes.map((pages): Cursor => ({ pages: pages.map(placed), at: 0, next: 0 }))
    const all = cursors.flatMap(({ pages }) => pages)
    const count = placeAll(cursors)
    // What one page has beside its columns another may lack: those do not become one.
    const [first] = all as [Placed, ...Placed[]]
    if (all.every(({ page }) => isAlike(first.page, page))) return yield this.#pageOf(port, all, count)
    for (const { pages, length } of alikeRuns(all, count)) yield this.#pageOf(port, pages, length)
  }

  #pageOf(port: Port, all: readonly Placed[], count: number): Page {
    const { input, key, eventTime, watermark } = (all[0] as Placed).page
    return {
      kind: 'page',
      port,
      input,
      count,
      columns: this.#columns(all, count),
      order: floats(all, count, page => page.order),
      ...(eventTime && { eventTime: floats(all, count, page => page.eventTime) }),
      ...(watermark && { watermark: floats(all, count, page => page.watermark) }),
      ...(key && { key }),
    }
  }

  #columns(all: readonly Placed[], count: number): Map<string, Column> {
    const names = new Set(all.flatMap(({ page }) => [...page.columns.keys()]))
    return new Map(Array.from(names, name => [name, this.#column(name, all, count)]))
  }

  #column(name: string, all: readonly Placed[], count: number): Column {
    const columns = all.map(({ page }) => page.columns.get(name))
    const kinds = new Set(columns.map(column => column?.kind))
    if (kinds.size === 1 && kinds.has('number')) return placedNumbers(columns as NumberColumn[], all, count)
    if (kinds.size === 1 && kinds.has('text')) {
      let texts = this.#texts.get(name)
      if (texts === undefined || texts.isFull) this.#texts.set(name, (texts = new MergedTexts()))
      return texts.column(columns as TextColumn[], all, count)
    }
    const values = new Array<unknown>(count)
    for (const [at, { rows, places }] of all.entries()) {
      const column = columns[at]
      for (let i = 0; i < rows.length; i++) values[places[i] as number] = column === undefined ? null : valueAt(column, rows[i] as number)
    }
    return columnOf(values)
  }
}

/** Behind the merge the order of the rows is all there is. */
function inOrder(page: Page): Page {
  const { rank: _, tie: __, ...ordered } = page
  return ordered
}

/** Texts of the dictionaries of all lanes under one. */
class MergedTexts {
  readonly #dictionary = new TextDictionary()
  readonly #codes = new WeakMap<readonly string[], Int32Array>()

  get isFull(): boolean {
    return this.#dictionary.isFull
  }

  column(columns: readonly TextColumn[], all: readonly Placed[], count: number): TextColumn {
    const codes = new Int32Array(count)
    for (const [at, { rows, places }] of all.entries()) {
      const { codes: own, dictionary } = columns[at] as TextColumn
      const known = this.#translated(dictionary)
      for (let i = 0; i < rows.length; i++) {
        const code = own[rows[i] as number] as number
        if (code >= 0 && known[code] === -1) known[code] = this.#dictionary.codeOf(dictionary[code] as string)
        codes[places[i] as number] = code < 0 ? -1 : (known[code] as number)
      }
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

function placedNumbers(columns: readonly NumberColumn[], all: readonly Placed[], count: number): NumberColumn {
  const values = new Float64Array(count)
  for (const [at, one] of all.entries()) place((columns[at] as NumberColumn).values, one, values)
  if (columns.every(column => column.nulls === undefined)) return { kind: 'number', values }
  const nulls = new Uint8Array(count)
  for (const [at, one] of all.entries()) {
    const { nulls: own } = columns[at] as NumberColumn
    if (own) place(own, one, nulls)
  }
  return { kind: 'number', values, nulls }
}

function floats(all: readonly Placed[], count: number, of: (page: Page) => Float64Array | undefined): Float64Array {
  const values = new Float64Array(count)
  for (const one of all) place(of(one.page) as Float64Array, one, values)
  return values
}

function place<Values extends Float64Array | Uint8Array>(from: Values, { rows, places }: Placed, into: Values): void {
  for (let i = 0; i < rows.length; i++) into[places[i] as number] = from[rows[i] as number] as number
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

function placed(page: Page): Placed {
  const rows = aliveRows(page)
  return { page, rows, places: new Int32Array(rows.length) }
}

/** Merges the rows of all lanes; answers how many there are. The order alone tells most of them apart. */
function placeAll(cursors: readonly Cursor[]): number {
  const heads = Float64Array.from(cursors, headOf)
  for (let place = 0; ; place++) {
    let best = 0
    for (let lane = 1; lane < heads.length; lane++) {
      const [head, least] = [heads[lane] as number, heads[best] as number]
      if (head < least || (head === least && head < Infinity && compareRows(cursors[lane] as Cursor, cursors[best] as Cursor) < 0))
        best = lane
    }
    if (heads[best] === Infinity) return place
    const cursor = cursors[best] as Cursor
    const own = cursor.pages[cursor.at] as Placed
    own.places[cursor.next++] = place
    if (cursor.next === own.rows.length) {
      cursor.at++
      cursor.next = 0
      heads[best] = headOf(cursor)
    } else heads[best] = own.page.order[own.rows[cursor.next] as number] as number
  }
}

/** Infinity when there are no more. */
function headOf({ pages, at, next }: Cursor): number {
  const own = pages[at]
  return own === undefined ? Infinity : (own.page.order[own.rows[next] as number] as number)
}

/** Cuts what was merged where pages meet that do not become one. */
function* alikeRuns(all: readonly Placed[], count: number): Generator<{ pages: readonly Placed[]; length: number }> {
  const from = new Int32Array(count)
  for (const [at, { places }] of all.entries()) for (let i = 0; i < places.length; i++) from[places[i] as number] = at
  const pageAt = (place: number): Page => (all[from[place] as number] as Placed).page
  for (let start = 0, end = 0; start < count; start = end) {
    while (end < count && isAlike(pageAt(start), pageAt(end))) end++
    const within = all.map(({ page, rows, places }) => {
      const kept = places.map((_, i) => i).filter(i => (places[i] as number) >= start && (places[i] as number) < end)
      return { page, rows: kept.map(i => rows[i] as number), places: kept.map(i => (places[i] as number) - start) }
    })
    yield { pages: within.filter(({ rows }) => rows.length > 0), length: end - start }
  }
}

/** Of rows of one order: those that a row made, by its place, before those that time made, and those by time and key. Equal rows by lane. */
function compareRows(a: Cursor, b: Cursor): number {
  const [{ page: left, rows }, { page: right, rows: others }] = [a.pages[a.at] as Placed, b.pages[b.at] as Placed]
  const [i, j] = [rows[a.next] as number, others[b.next] as number]
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
