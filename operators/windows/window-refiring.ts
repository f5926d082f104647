/** Aligned windows that give results more than once: for rows that come late but are allowed, or for each row. */
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { type AlignedOptions, type AlignedWindow, AlignedWindows, timesOf } from './window-aligned.ts'
import type { Send } from './window-keyed.ts'
import { placeOfRow } from './window-rows.ts'

/** What is known of a row that is taken into its windows, from the first to the last. */
interface Arrival {
  readonly time: number
  readonly stamp: number
  readonly key: number
  readonly first: number
  readonly last: number
  readonly send: Send
}

/**
 * Rows are taken one after another, and before each the windows fire that its stamp demands, so that what has left when a row comes is a
 * matter of the rows alone and never of pages. Windows are only given up when the watermark in band allows it: it is the one below which
 * no stamp can come any more, also where streams of different lags were merged.
 */
export class RefiringWindows extends AlignedWindows {
  readonly #lateMs: number
  readonly #isUpdating: boolean
  /** The least end of a window that is kept. */
  #nextKept = Infinity
  readonly #unmarked = new Set<AlignedWindow>()

  constructor(context: StepContext, options: AlignedOptions) {
    super(context, options)
    this.#lateMs = options.lateMs ?? 0
    this.#isUpdating = options.emit === 'onUpdate'
    this.#findNextKept()
  }

  override add(page: Page, send: Send): Int32Array {
    const { page: fitting, rows, ids } = this.enter(page)
    const { eventTime, watermark } = timesOf(fitting)
    const late: number[] = []
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      const [time, stamp] = [eventTime[row] as number, watermark[row] as number]
      if (!this.#isUpdating) {
        // The watermark in band may have come further than the stamps of rows that upstream windows made.
        const order = fitting.order[row] as number
        const reached = Math.max(stamp, this.causes.before(order))
        if (reached >= this.nextEnd || reached >= this.early.next) {
          this.cells.add(fitting)
          this.#fire(reached, send, order)
        }
      }
      const last = this.startOf(time)
      if (stamp >= this.endOf(last) + this.#lateMs) {
        late.push(row)
        continue
      }
      this.#take(fitting, row, { time, stamp, key: ids[i] as number, first: this.firstStart(time, stamp - this.#lateMs), last, send })
    }
    this.cells.add(fitting)
    this.flush(send)
    return Int32Array.from(late)
  }

  /** Takes a row into its windows; the results of those that have fired leave again, once the row is added to all. */
  #take(page: Page, row: number, at: Arrival): void {
    const updated: { window: AlignedWindow; cell: number }[] = []
    for (let start = at.first; start <= at.last; start += this.everyMs) {
      const window = this.#keptAt(start, at.stamp)
      const cell = this.cellOf(window, at.key)
      this.cells.take(page, row, cell)
      if (this.#isUpdating || window.isFired) updated.push({ window, cell })
      else this.early.note(cell, at.time, at.stamp)
    }
    if (updated.length === 0) return
    this.cells.add(page)
    const order = page.order[row] as number
    // Windows that later rows change end after `stamp − lateMs`, so what leaves then happened after the millisecond before that.
    const watermark = at.stamp - this.#lateMs - 1
    const place = placeOfRow(page, row)
    for (const { window, cell } of updated)
      this.leave(cell, { start: window.start, end: window.end, order, eventTime: window.end - 1, watermark, ...place })
    this.flush(at.send, false)
  }

  /** A window that opens after its end is one that has fired without results. */
  #keptAt(start: number, stamp: number): AlignedWindow {
    const window = this.windowAt(start)
    if (window.end < this.#nextKept) this.#nextKept = window.end
    if (!this.#isUpdating && !window.isFired && window.end <= stamp) {
      this.#noteFired(window)
      this.findNextEnd()
    }
    return window
  }

  #noteFired(window: AlignedWindow): void {
    window.isFired = true
    if (this.#lateMs > 0 || this.early.isOn) this.#unmarked.add(window)
  }

  /** All that is due leaves in the order of time. `upTo`: the order of the row before which it does. */
  #fire(until: number, send: Send, upTo?: number): void {
    for (;;) {
      const next = Math.min(this.nextEnd, this.early.next)
      if (next > until || next === Infinity) return
      if (this.nextEnd > next) this.#fireEarly(send, upTo)
      else this.#close(this.early.isOn ? next : until, send, upTo)
    }
  }

  #close(until: number, send: Send, upTo?: number): void {
    for (const window of this.due(until)) {
      this.leaveWindow(window, send, { lateMs: this.#lateMs, upTo })
      this.#noteFired(window)
      if (this.early.isOn) for (const cell of window.table.cells) this.early.clear(cell)
    }
    this.findNextEnd()
  }

  /** The cells whose time it is leave in the order of (key, window end), with a watermark that is below all that follows. */
  #fireEarly(send: Send, upTo?: number): void {
    const time = this.early.next
    const order = this.causes.of(time, { upTo })
    const due = this.early.take().map(cell => ({ cell, window: this.cells.homeOf(cell), key: this.cells.keyOf(cell) }))
    due.sort((a, b) => (a.key === b.key ? a.window.end - b.window.end : this.keys.compare(a.key, b.key)))
    const watermark = time - 1 - this.#lateMs
    // In other lanes too, the windows that end at this time have left before.
    const tie = time + 0.5
    for (const { cell, window } of due) {
      this.leave(cell, { start: window.start, end: window.end, order, eventTime: window.end - 1, watermark, tie })
      this.cells.touch(cell)
      this.flush(send, false)
    }
  }

  override advance(until: number, send: Send): void {
    if (!this.#isUpdating) this.#fire(until, send)
    this.flush(send)
    this.causes.settle()
    if (this.#nextKept + this.#lateMs > until) return
    for (const window of [...this.open.values()]) if (window.end + this.#lateMs <= until) this.forget(window)
    this.#findNextKept()
    this.findNextEnd()
    this.forgetKeys()
  }

  protected override dueAt(): number {
    return this.#isUpdating ? Infinity : Math.min(this.nextEnd, this.early.next)
  }

  #findNextKept(): void {
    this.#nextKept = Infinity
    for (const { end } of this.open.values()) if (end < this.#nextKept) this.#nextKept = end
  }

  protected override forget(window: AlignedWindow): void {
    super.forget(window)
    this.#unmarked.delete(window)
    if (window.isMarked) this.state.unmark(window.start)
  }

  override save(): void {
    super.save()
    for (const window of this.#unmarked) {
      this.state.mark(window.start)
      window.isMarked = true
    }
    this.#unmarked.clear()
  }
}
