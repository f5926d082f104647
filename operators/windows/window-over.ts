/** Aggregates beside each row, over the rows of its key that stand before it: in the order of event time, or in that of arrival. */
import type { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import { columnOf, TextDictionary } from '../columns.ts'
import type { Column, Page, Row } from '../flow.ts'
import { exactText, exactValue } from '../keyed/exact.ts'
import type { StepContext } from '../operator.ts'
import { timesOf } from './window-aligned.ts'
import { allRows, type Frame, Frames, newer, waiting } from './window-frames.ts'
import { TimeHeap } from './window-heap.ts'
import { KeyedWindows, type Send } from './window-keyed.ts'
import { placesOf } from './window-order.ts'
import { pageRows } from './window-rows.ts'
import type { AggregateUses } from './window-uses.ts'
import { settledPage } from './window-settled.ts'
import { WaitingRows } from './window-waiting.ts'

export interface OverOptions {
  /** So many rows before the row itself; Infinity for all. */
  readonly rows: number
  /** Instead, all that happened so long before it or at the same time; Infinity for no such bound. */
  readonly rangeMs: number
  readonly order: 'eventTime' | 'arrival'
  readonly by?: readonly string[] | undefined
  readonly aggregate: AggregateUses
}

interface SavedRow {
  readonly cell: number
  readonly time: number
  readonly row: Row
}

/**
 * In the order of event time a row waits until the watermark is past it, so that every row that happened before is there: then all that waited
 * leave by (event time, key, arrival). A row has a cell of its own from its arrival on, so that the rows of a page are added at once.
 */
export class OverRows extends KeyedWindows<Frame> {
  readonly #rows: number
  readonly #rangeMs: number
  readonly #inTime: boolean
  readonly #frames: Frames
  readonly #waiting = new WaitingRows()
  /** Keys whose frames are of no more use when the watermark is past a time, which may have moved on. */
  readonly #stale = new TimeHeap<Frame>()
  readonly #dictionaries = new Map<string, TextDictionary>()
  #saved: SavedRow[] = []

  constructor(context: StepContext, { rows, rangeMs, order, by, aggregate }: OverOptions) {
    const frame = { ...(rows !== Infinity && { rows }), ...(rangeMs !== Infinity && { rangeMs }) }
    super(context, { by, aggregate, shape: { over: frame, order } })
    this.#rows = rows
    this.#rangeMs = rangeMs
    this.#inTime = order === 'eventTime'
    this.#frames = new Frames(this.cells, this.aggregates, cell => this.drop(cell))
    this.load()
    const frames = this.#frames
    frames.restored((a, b) => (this.#inTime ? frames.timeOf(a) - frames.timeOf(b) : 0) || frames.serialOf(a) - frames.serialOf(b))
    for (const [, one] of frames.all()) this.#noteStale(one)
    this.#waiting.restore(this.#saved, context.row.key)
    this.#saved = []
  }

  /** Takes the rows of a page; answers the rows that came too late. */
  add(page: Page, send: Send): Int32Array {
    if (!this.#inTime) {
      this.#addInTurn(page, send)
      return new Int32Array(0)
    }
    const settled = settledPage(page, this.context)
    const { page: entered, rows, ids } = this.enter(settled)
    const { eventTime, watermark } = timesOf(settled)
    // What goes by the order of rows, as `last`, goes by their time.
    const fitting = this.aggregates.reordered(entered, eventTime)
    const late: number[] = []
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      const time = eventTime[row] as number
      if ((watermark[row] as number) > time) {
        late.push(row)
        continue
      }
      const cell = this.#frames.open(ids[i] as number, { time, phase: waiting })
      this.cells.take(fitting, row, cell)
      this.#waiting.add(cell, { page: settled, row, time })
    }
    this.cells.add(fitting)
    return Int32Array.from(late)
  }

  /** Each row leaves where it came, with what is aggregated up to it. */
  #addInTurn(page: Page, send: Send): void {
    const { page: fitting, rows, ids } = this.enter(page)
    const cells = new Int32Array(rows.length)
    for (let i = 0; i < rows.length; i++) {
      cells[i] = this.#frames.open(ids[i] as number, { time: 0, phase: newer })
      this.cells.take(fitting, rows[i] as number, cells[i] as number)
    }
    this.cells.add(fitting)
    const results = this.aggregates.names.map(() => new Array<unknown>(page.count).fill(null))
    for (let i = 0; i < rows.length; i++) {
      const frame = this.#frames.of(ids[i] as number)
      this.#enterFrame(frame, cells[i] as number)
      this.#read(frame, results, rows[i] as number)
    }
    if (rows.length > 0) send({ ...page, selection: rows.slice(), columns: new Map([...page.columns, ...this.#columnsOf(results)]) })
    this.forgetKeys()
  }

  /** A row enters the frame of its key, and those that are no part of it any more leave. */
  #enterFrame(frame: Frame, cell: number): void {
    if (this.#rows === Infinity && this.#rangeMs === Infinity) return this.#frames.absorb(frame, cell)
    const least = this.#frames.timeOf(cell) - this.#rangeMs
    this.#frames.push(frame, cell)
    while (this.#frames.lengthOf(frame) > this.#rows + 1 || this.#frames.timeOf(this.#frames.firstOf(frame) as number) < least)
      this.#frames.shift(frame)
  }

  #read(frame: Frame, results: unknown[][], at: number): void {
    const cell = this.#frames.whole(frame)
    for (let a = 0; a < results.length; a++) (results[a] as unknown[])[at] = this.aggregates.result(a, cell)
  }

  /** The rows that the watermark is past leave. */
  advance(until: number, send: Send): void {
    if (this.#inTime) {
      const due = this.#waiting.due(until)
      if (due.length > 0) this.#leaveRows(due, send)
      this.#forgetStale(until)
      if (due.length > 0) this.forgetKeys()
    }
    this.causes.settle()
  }

  #leaveRows(waited: readonly number[], send: Send): void {
    const due = this.#inOrder(waited)
    const times = Float64Array.from(due, cell => this.#frames.timeOf(cell))
    const keys = Int32Array.from(due, cell => this.cells.keyOf(cell))
    const results = this.#resultsOf(due, { times, keys })
    for (let from = 0; from < due.length; from += pageRows) {
      const to = Math.min(due.length, from + pageRows)
      const some = due.slice(from, to)
      const page = this.#waiting.pageOf(some)
      const eventTime = times.slice(from, to)
      const order = this.#causesOf(eventTime)
      const columns = new Map([...page.columns, ...this.#columnsOf(results.map(list => list.slice(from, to)))])
      const tie = (this.context.lanes ?? 1) > 1 && {
        rank: new Float64Array(some.length).fill(Infinity),
        tie: { time: eventTime, key: this.keys.columnsOf(keys.subarray(from, to)) },
      }
      // None that happened before is still to come, so the time of a row is a watermark for it.
      send({ kind: 'page', port: 'main', input: 0, ...page, columns, order, eventTime, watermark: eventTime, ...tie })
      for (const cell of some) this.#waiting.forget(cell)
    }
  }

  /** The orders of the rows that moved the watermark past times, which do not fall. */
  #causesOf(times: Float64Array): Float64Array {
    const orders = new Float64Array(times.length)
    for (let at = 0; at < times.length; at++) {
      const isSame = at > 0 && times[at] === times[at - 1]
      orders[at] = isSame ? (orders[at - 1] as number) : this.causes.of(times[at] as number, { beyond: true })
    }
    return orders
  }

  /** By (event time, key, arrival); most times are those of few rows, so it is sorted by time first. */
  #inOrder(cells: readonly number[]): number[] {
    const [frames, keys] = [this.#frames, this.keys]
    const times = Float64Array.from(cells, cell => frames.timeOf(cell))
    const sorted = Array.from(placesOf(times), at => cells[at] as number)
    const compare = (a: number, b: number): number =>
      keys.compare(this.cells.keyOf(a), this.cells.keyOf(b)) || frames.serialOf(a) - frames.serialOf(b)
    for (let from = 0, to = 1; from < sorted.length; from = to++) {
      while (to < sorted.length && frames.timeOf(sorted[to] as number) === frames.timeOf(sorted[from] as number)) to++
      if (to - from > 1) for (const [i, cell] of sorted.slice(from, to).sort(compare).entries()) sorted[from + i] = cell
    }
    return sorted
  }

  /** What is aggregated for each of the rows. With a range, rows of a key that happened at the same time see one another. */
  #resultsOf(due: readonly number[], { times, keys }: { times: Float64Array; keys: Int32Array }): unknown[][] {
    const results = this.aggregates.names.map(() => new Array<unknown>(due.length).fill(null))
    const hasPeers = this.#rangeMs !== Infinity
    for (let at = 0; at < due.length;) {
      const frame = this.#frames.of(keys[at] as number)
      let end = at
      do this.#enterFrame(frame, due[end++] as number)
      while (hasPeers && end < due.length && times[end] === times[at] && keys[end] === keys[at])
      for (; at < end; at++) this.#read(frame, results, at)
      this.#noteStale(frame)
    }
    return results
  }

  #columnsOf(results: readonly unknown[][]): [string, Column][] {
    return this.aggregates.names.map((name, a): [string, Column] => {
      let dictionary = this.#dictionaries.get(name)
      if (dictionary === undefined || dictionary.isFull) this.#dictionaries.set(name, (dictionary = new TextDictionary()))
      return [name, columnOf(results[a] as unknown[], dictionary)]
    })
  }

  #noteStale(frame: Frame): void {
    const last = this.#frames.lastOf(frame)
    if (this.#rangeMs === Infinity || frame.isNoted || last === undefined) return
    frame.isNoted = true
    this.#stale.push(this.#frames.timeOf(last) + this.#rangeMs, frame)
  }

  /** Frames of which no row can be part of a later one are given up: it will happen at `until` or after. */
  #forgetStale(until: number): void {
    while (this.#stale.time < until) {
      const frame = this.#stale.pop() as Frame
      frame.isNoted = false
      const last = this.#frames.lastOf(frame)
      if (last === undefined || this.#frames.timeOf(last) + this.#rangeMs >= until) this.#noteStale(frame)
      else if (frame.waiting === 0) this.#frames.clear(this.cells.keyOf(frame.together))
    }
  }

  /** A row leaves when the watermark is past it. */
  protected override dueAt(): number {
    return this.#waiting.time + 1
  }

  protected override placeOf(_frame: Frame, cell: number): number {
    return this.#frames.serialOf(cell)
  }

  protected override writeHead(_frame: Frame, writer: ByteWriter, cell: number): void {
    const phase = this.#frames.phaseOf(cell)
    writer.byte(phase)
    writer.number(this.#frames.timeOf(cell))
    if (phase === waiting) writer.text(exactText(this.#waiting.rowOf(cell)))
  }

  protected override reopen(serial: number, key: number, head: ByteReader): number {
    const [phase, time] = [head.byte(), head.number()]
    if (phase === allRows) return this.#frames.of(key).together
    const cell = this.#frames.open(key, { time, phase, serial })
    this.#frames.restore(cell)
    if (phase === waiting) this.#saved.push({ cell, time, row: exactValue(head.text()) as Row })
    return cell
  }

  protected override rekeyed(): void {
    this.#frames.rekeyed()
  }
}
