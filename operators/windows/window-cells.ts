/** Windows and their cells: where a row belongs, what is dirty, and what leaves when a window closes. */
import { assert } from '../../event/assert.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { aliveRows } from '../page.ts'
import { WindowAggregates, type AggregateUses } from './window-aggregates.ts'
import { CellTable } from './window-hash.ts'
import { KeyIds } from './window-keys.ts'
import { WindowPages } from './window-pages.ts'
import { WindowState, type WindowShape } from './window-state.ts'

export interface OpenWindow {
  readonly start: number
  readonly end: number
  table: CellTable
}

const clean = 0
const dirty = 1
const stored = 2

/** Above this, key numbers that no open window uses are given up. */
const keysKept = 65_536

export class Windows {
  readonly #context: StepContext
  readonly #shape: Omit<WindowShape, 'key'>
  readonly #sizeMs: number
  readonly #aggregates: WindowAggregates
  readonly #state: WindowState
  readonly #pages: WindowPages
  readonly #open = new Map<number, OpenWindow>()
  #keys: KeyIds | undefined
  #nextEnd = Infinity
  /** Dirty and stored bits of each cell, and the window and key of those that are dirty. */
  #flags = new Uint8Array(64)
  #dirty: { window: OpenWindow; key: number; cell: number }[] = []
  readonly #free: number[] = []
  #cells = 0
  #cellOfRow = new Int32Array(0)
  #rowsTaken = new Int32Array(0)

  /** `sizeMs` Infinity makes one window of all rows, which need no event time then. */
  constructor(context: StepContext, options: { sizeMs: number; offsetMs: number; aggregate: AggregateUses }) {
    this.#context = context
    this.#sizeMs = options.sizeMs
    this.#shape = { sizeMs: options.sizeMs === Infinity ? 'all' : options.sizeMs, offsetMs: options.offsetMs, aggregate: options.aggregate }
    this.#aggregates = new WindowAggregates(options.aggregate)
    this.#state = new WindowState(context.state)
    this.#pages = new WindowPages(this.#aggregates, options.sizeMs !== Infinity)
    this.#load()
  }

  /** Takes the rows of a page; answers the rows that came too late. */
  add(page: Page): Int32Array {
    const keys = this.#keysOf(page)
    this.#pages.note(page)
    const fitting = this.#aggregates.fitting(page, this.#context)
    const rows = aliveRows(fitting)
    if (this.#cellOfRow.length < rows.length) {
      this.#cellOfRow = new Int32Array(rows.length)
      this.#rowsTaken = new Int32Array(rows.length)
    }
    const { taken, late } = this.#place(fitting, rows, keys.idsOf(fitting, rows))
    this.#aggregates.update(fitting, this.#rowsTaken, this.#cellOfRow, taken)
    return late
  }

  /** Finds the cell of each row, in `#rowsTaken` and `#cellOfRow`. */
  #place(page: Page, rows: Int32Array, ids: Int32Array): { taken: number; late: Int32Array } {
    const isWindowed = this.#sizeMs !== Infinity
    const { eventTime, watermark } = page
    assert(!isWindowed || (eventTime !== undefined && watermark !== undefined), 'a page came to a window without an event time')
    const late: number[] = []
    const [cellOfRow, rowsTaken] = [this.#cellOfRow, this.#rowsTaken]
    let [start, end, window] = [isWindowed ? NaN : -Infinity, Infinity, undefined as OpenWindow | undefined]
    let [key, cell, taken] = [-1, -1, 0]
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      if (isWindowed) {
        const time = (eventTime as Float64Array)[row] as number
        if (!(time >= start && time < end)) {
          start = this.#startOf(time)
          end = start + this.#sizeMs
          window = undefined
        }
        if (((watermark as Float64Array)[row] as number) >= end) {
          late.push(row)
          continue
        }
      }
      if (window === undefined || ids[i] !== key) {
        window ??= this.#windowAt(start, end)
        key = ids[i] as number
        cell = this.#cellOf(window, key)
      }
      rowsTaken[taken] = row
      cellOfRow[taken++] = cell
    }
    return { taken, late: Int32Array.from(late) }
  }

  #startOf(time: number): number {
    const { offsetMs } = this.#shape
    return Math.floor((time - offsetMs) / this.#sizeMs) * this.#sizeMs + offsetMs
  }

  #windowAt(start: number, end: number): OpenWindow {
    let window = this.#open.get(start)
    if (window === undefined) {
      this.#open.set(start, (window = { start, end, table: new CellTable() }))
      if (end < this.#nextEnd) this.#nextEnd = end
    }
    return window
  }

  #cellOf(window: OpenWindow, key: number): number {
    let cell = window.table.find(key)
    if (cell < 0) {
      cell = this.#free.pop() ?? this.#cells++
      this.#aggregates.open(cell)
      if (cell >= this.#flags.length) {
        const larger = new Uint8Array(2 * this.#flags.length)
        larger.set(this.#flags)
        this.#flags = larger
      }
      this.#flags[cell] = clean
      window.table.add(key, cell)
    }
    const flags = this.#flags[cell] as number
    if ((flags & dirty) === 0) {
      this.#flags[cell] = flags | dirty
      this.#dirty.push({ window, key, cell })
    }
    return cell
  }

  #keysOf(page: Page): KeyIds {
    const fields = page.key ?? []
    this.#keys ??= new KeyIds(fields)
    if (page.key === this.#keys.fields || fields.join() === this.#keys.fields.join()) return this.#keys
    const { step } = this.#context
    throw new EventStoreError(
      'INCOMPATIBLE',
      `step ${step}: its windows are kept by ${this.#keys.fields.join()}, not by ${fields.join()}`,
      { step },
    )
  }

  /** Closes the windows whose end is not after `until`, by end and key; `send` gets the rows. */
  close(until: number, send: (page: Page) => void): void {
    if (this.#open.size === 0 || this.#nextEnd > until) return
    const keys = this.#keys as KeyIds
    const due = [...this.#open.values()].filter(({ end }) => end <= until).sort((a, b) => a.end - b.end)
    for (const window of due) {
      this.#pages.add(window, keys, send)
      this.#open.delete(window.start)
      this.#forget(window, keys)
    }
    this.#pages.flush(keys, send)
    this.#nextEnd = Math.min(Infinity, ...Array.from(this.#open.values(), ({ end }) => end))
    if (keys.size > keysKept) this.#renumberKeys(keys)
  }

  #forget({ start, table }: OpenWindow, keys: KeyIds): void {
    for (const [at, cell] of table.cells.entries()) {
      if (((this.#flags[cell] as number) & stored) !== 0)
        this.#state.deleteCell(start, JSON.stringify(keys.keyOf(table.keys[at] as number)))
      this.#flags[cell] = clean
      this.#aggregates.release(cell)
      this.#free.push(cell)
    }
  }

  /** Writes the cells that changed since the last barrier and are still open. */
  save(): void {
    const keys = this.#keys
    for (const { window, key, cell } of this.#dirty) {
      const isOpen = this.#open.get(window.start) === window && window.table.find(key) === cell
      if (!isOpen || keys === undefined) continue
      this.#state.saveShape({ ...this.#shape, key: keys.fields })
      const text = JSON.stringify(keys.keyOf(key))
      const bytes = this.#aggregates.save(cell, (aggregate, chunk, saved) =>
        this.#state.saveChunk(window.start, text, { aggregate, chunk, bytes: saved }),
      )
      this.#state.saveCell(window.start, text, bytes)
      this.#flags[cell] = stored
    }
    this.#dirty = []
  }

  #load(): void {
    const { key, cells } = this.#state.load(this.#shape, this.#context)
    if (key === undefined) return
    this.#keys = new KeyIds(key)
    for (const saved of cells) {
      const end = saved.start === -Infinity ? Infinity : saved.start + this.#sizeMs
      const cell = this.#cellOf(this.#windowAt(saved.start, end), this.#keys.idOf(saved.key))
      this.#aggregates.load(cell, saved.bytes)
      for (const { aggregate, chunk, bytes } of saved.chunks) this.#aggregates.loadChunk(aggregate, cell, chunk, bytes)
      this.#flags[cell] = stored
    }
    this.#dirty = []
  }

  /** Keys come and go; numbers are given anew when most belong to no open window. */
  #renumberKeys(keys: KeyIds): void {
    const live = Array.from(this.#open.values()).reduce((sum, { table }) => sum + table.size, 0)
    if (keys.size < 4 * live) return
    this.#keys = new KeyIds(keys.fields)
    const numbers = new Map<number, number>()
    for (const window of this.#open.values()) {
      const { keys: old, cells } = window.table
      window.table = new CellTable()
      for (let at = 0; at < old.length; at++) {
        const number = this.#keys.idOf(keys.keyOf(old[at] as number))
        numbers.set(cells[at] as number, number)
        window.table.add(number, cells[at] as number)
      }
    }
    this.#dirty = this.#dirty.flatMap(one => {
      const key = numbers.get(one.cell)
      return key === undefined || one.window.table.find(key) !== one.cell ? [] : [{ ...one, key }]
    })
    this.#pages.renumbered()
  }
}
