/** Windows of so many rows of a key. */
import type { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { KeyedWindows, type Send } from './window-keyed.ts'
import { rankOf } from './window-rows.ts'
import type { AggregateUses } from './window-uses.ts'

export interface CountsOptions {
  readonly size: number
  /** A window starts each so many rows. */
  readonly every: number
  readonly by?: readonly string[] | undefined
  readonly aggregate: AggregateUses
}

interface CountWindow {
  /** Tells it from others in the state, and the older from the younger. */
  readonly serial: number
  cell: number
  /** How many rows it holds. */
  count: number
}

export class CountWindows extends KeyedWindows<CountWindow> {
  readonly #size: number
  readonly #every: number
  /** Windows of each key that are still to be filled, the oldest first. */
  readonly #ofKey = new Map<number, CountWindow[]>()
  #nextSerial = 1

  constructor(context: StepContext, { size, every, by, aggregate }: CountsOptions) {
    super(context, { by, aggregate, shape: { size, ...(every !== size && { every }) } })
    this.#size = size
    this.#every = every
    this.load()
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
        rank: rankOf(fitting, row),
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
    if (youngest === undefined || youngest.count === this.#every) windows.push(this.#opened({ serial: this.#nextSerial++, count: 0, key }))
    return windows
  }

  #opened({ serial, count, key }: { serial: number; count: number; key: number }): CountWindow {
    const window: CountWindow = { serial, count, cell: -1 }
    window.cell = this.cells.open(window, key)
    return window
  }

  protected override placeOf({ serial }: CountWindow): number {
    return serial
  }

  protected override writeHead({ count }: CountWindow, writer: ByteWriter): void {
    writer.number(count)
  }

  /** The state gives windows in the order of their numbers, so the oldest of a key comes first. */
  protected override reopen(serial: number, key: number, head: ByteReader): number {
    const window = this.#opened({ serial, count: head.number(), key })
    this.#nextSerial = Math.max(this.#nextSerial, serial + 1)
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
