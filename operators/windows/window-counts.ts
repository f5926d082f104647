/** Windows of so many rows of a key. */
import type { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { KeyedWindows, type Send } from './window-keyed.ts'
import { placeOfRow } from './window-rows.ts'
import type { AggregateUses } from './window-uses.ts'

export interface CountsOptions {
  readonly size: number
  /** A window starts each so many rows. */
  readonly every: number
  /** Windows that are not full give results too, at the end of the input. */
  readonly flushAtEnd?: boolean
  readonly by?: readonly string[] | undefined
  readonly aggregate: AggregateUses
}

interface CountWindow {
  /** Tells it from others of its key in the state, and the older from the younger. */
  readonly serial: number
  cell: number
  /** How many rows it holds. */
  count: number
  /** When the last of them happened; −Infinity where that is not asked for. */
  time: number
}

export class CountWindows extends KeyedWindows<CountWindow> {
  readonly #size: number
  readonly #every: number
  /** Windows of each key that are still to be filled, the oldest first. */
  readonly #ofKey = new Map<number, CountWindow[]>()
  readonly #flushesAtEnd: boolean
  /** The watermark in band, as it is and as it was saved: what leaves at the end must not have happened before it. */
  #watermark = -Infinity
  #savedWatermark = -Infinity

  constructor(context: StepContext, { size, every, flushAtEnd = false, by, aggregate }: CountsOptions) {
    super(context, { by, aggregate, shape: { size, ...(every !== size && { every }), ...(flushAtEnd && { flushAtEnd }) } })
    this.#size = size
    this.#every = every
    this.#flushesAtEnd = flushAtEnd
    for (const watermark of this.load()) this.#watermark = this.#savedWatermark = Math.max(this.#watermark, watermark)
  }

  /** Takes the rows of a page. A window that is full gets no more rows, so its results can be read when all rows have been added. */
  add(page: Page, send: Send): Int32Array {
    const { page: fitting, rows, ids } = this.enter(page)
    const full: { row: number; cell: number }[] = []
    for (let i = 0; i < rows.length; i++) {
      const [row, key] = [rows[i] as number, ids[i] as number]
      const windows = this.#windowsAt(key)
      for (const window of windows) {
        this.cells.take(fitting, row, window.cell)
        window.count++
        if (this.#flushesAtEnd) window.time = Math.max(window.time, fitting.eventTime?.[row] ?? -Infinity)
      }
      if (windows[0]?.count !== this.#size) continue
      full.push({ row, cell: windows[0].cell })
      windows.shift()
      if (windows.length === 0) this.#ofKey.delete(key)
    }
    this.cells.add(fitting)
    for (const { row, cell } of full) {
      this.leave(cell, {
        order: fitting.order[row] as number,
        eventTime: fitting.eventTime?.[row],
        watermark: fitting.watermark?.[row],
        ...placeOfRow(fitting, row),
      })
      this.drop(cell)
      this.flush(send, false)
    }
    this.flush(send)
    this.forgetKeys()
    return new Int32Array(0)
  }

  /** The windows that the next row of a key belongs to; one of them is new when the youngest has had its share. */
  #windowsAt(key: number): CountWindow[] {
    let windows = this.#ofKey.get(key)
    if (windows === undefined) this.#ofKey.set(key, (windows = []))
    const youngest = windows.at(-1)
    if (youngest === undefined || youngest.count === this.#every)
      windows.push(this.#opened(key, { serial: 1 + (youngest?.serial ?? 0), count: 0, time: -Infinity }))
    return windows
  }

  /** At the end of the input the windows that are not full leave, by key and the older first. */
  advance(until: number, send: Send): void {
    if (until !== Infinity) this.#watermark = Math.max(this.#watermark, until)
    if (until !== Infinity || !this.#flushesAtEnd || this.#ofKey.size === 0) return
    const order = this.causes.of(Infinity)
    const watermark = this.#watermark
    const keys = [...this.#ofKey.keys()].sort((a, b) => this.keys.compare(a, b))
    for (const window of keys.flatMap(key => this.#ofKey.get(key) as CountWindow[])) {
      const eventTime = window.time === -Infinity ? undefined : Math.max(window.time, watermark)
      this.leave(window.cell, { order, eventTime, watermark })
      this.drop(window.cell)
      this.flush(send, false)
    }
    this.#ofKey.clear()
    this.#watermark = -Infinity
    this.flush(send)
  }

  override save(): void {
    super.save()
    // Lanes share what they save of this, so one that has nothing leaves it to the others until the end.
    const watermark = this.#watermark
    if (!this.#flushesAtEnd || watermark === this.#savedWatermark || (watermark !== -Infinity && this.#ofKey.size === 0)) return
    if (this.#savedWatermark !== -Infinity) this.state.unmark(this.#savedWatermark)
    if (watermark !== -Infinity) this.state.mark(watermark)
    this.#savedWatermark = watermark
  }

  #opened(key: number, { serial, count, time }: Omit<CountWindow, 'cell'>): CountWindow {
    const window: CountWindow = { serial, count, time, cell: -1 }
    window.cell = this.cells.open(window, key)
    return window
  }

  protected override placeOf({ serial }: CountWindow): number {
    return serial
  }

  protected override writeHead({ count, time }: CountWindow, writer: ByteWriter): void {
    writer.number(count)
    if (this.#flushesAtEnd) writer.number(time)
  }

  /** The state gives windows in the order of their numbers, so the oldest of a key comes first. */
  protected override reopen(serial: number, key: number, head: ByteReader): number {
    const window = this.#opened(key, { serial, count: head.number(), time: this.#flushesAtEnd ? head.number() : -Infinity })
    const windows = this.#ofKey.get(key)
    if (windows === undefined) this.#ofKey.set(key, [window])
    else windows.push(window)
    return window.cell
  }

  protected override rekeyed(): void {
    const all = [...this.#ofKey.values()]
    this.#ofKey.clear()
    for (const windows of all) this.#ofKey.set(this.cells.keyOf((windows[0] as CountWindow).cell), windows)
  }
}
