/** What every step with windows shares: keys, cells, results on their way out, and state that is written at barriers. */
import { EventStoreError } from '../../event/error.ts'
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { Moves, Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { type MemoryShare, StateMemory } from '../keyed/state-memory.ts'
import { keyBytes } from '../keyed/value-table.ts'
import { aliveRows } from '../page.ts'
import { WindowAggregates } from './window-aggregates.ts'
import { WindowCells } from './window-cells.ts'
import type { CellTable } from './window-hash.ts'
import { KeyIds } from './window-keys.ts'
import { Causes, type KeyOrder } from './window-order.ts'
import { type Leaving, WindowRows } from './window-rows.ts'
import { type SavedShape, WindowState } from './window-state.ts'
import type { AggregateUses } from './window-uses.ts'

/** What a step is made of: its key, if it names one itself, what it computes, and whatever else its state depends on. */
export interface KeyedOptions {
  readonly by?: readonly string[] | undefined
  readonly aggregate: AggregateUses
  readonly shape: SavedShape
}

export type Send = (page: Page) => void

/** A page with the rows that can be taken, and the number of the key of each. */
interface Entered {
  readonly page: Page
  readonly rows: Int32Array
  readonly ids: Int32Array
}

/** Above this, key numbers that no open window uses are given up. */
const keysKept = 65_536

export abstract class KeyedWindows<Home> {
  protected readonly cells: WindowCells<Home>
  protected readonly aggregates: WindowAggregates
  protected readonly causes = new Causes()
  protected readonly state: WindowState
  protected readonly context: StepContext
  /** Memory for knowing what is on disk only. */
  protected readonly filterBytes: number
  readonly #share: MemoryShare
  readonly #options: KeyedOptions
  readonly #shape: SavedShape
  protected readonly output: WindowRows
  readonly #writer = new ByteWriter()
  #keys: KeyIds | undefined

  constructor(context: StepContext, options: KeyedOptions) {
    this.context = context
    this.#options = options
    this.#shape = { ...options.shape, aggregate: options.aggregate }
    this.aggregates = new WindowAggregates(options.aggregate, context)
    this.cells = new WindowCells(this.aggregates)
    this.output = new WindowRows(this.aggregates, (context.lanes ?? 1) > 1)
    this.state = new WindowState(context)
    const { memory = new StateMemory() } = context
    this.#share = memory.share()
    this.filterBytes = memory.filterBytes
    context.waits?.({ for: 'watermark', at: () => this.dueAt() })
  }

  /** The least watermark at which results leave; Infinity while none are to. */
  protected dueAt(): number {
    return Infinity
  }

  expect(moves: Moves): void {
    this.causes.expect(moves)
  }

  /** The number that tells this window from others of the same key, in the state. */
  protected abstract placeOf(home: Home, cell: number): number
  /** What is written of a cell before its aggregates, and read again. */
  protected writeHead(_home: Home, _writer: ByteWriter, _cell: number): void {}
  /** Opens the cell of a saved window. */
  protected abstract reopen(place: number, key: number, head: ByteReader): number
  /** Numbers of keys mean other keys from here on; the cells know them already. */
  protected abstract rekeyed(): void

  protected get keys(): KeyIds {
    return this.#keys as KeyIds
  }

  /** Looks at a page: gives up what can not be taken, and tells the keys of the others. */
  protected enter(page: Page): Entered {
    this.#keysOf(page)
    this.#makeRoom()
    const { keys } = this
    this.causes.note(page)
    const fitting = this.aggregates.fitting(page, keys.fields)
    const rows = aliveRows(fitting)
    return { page: fitting, rows, ids: keys.idsOf(fitting, rows) }
  }

  #keysOf(page: Page): KeyIds {
    const fields = this.#options.by ?? page.key ?? []
    this.#keys ??= new KeyIds(fields)
    if (fields === this.#keys.fields || fields.join('\n') === this.#keys.fields.join('\n')) return this.#keys
    const { step } = this.context
    throw new EventStoreError(
      'INCOMPATIBLE',
      `step ${step}: its windows are kept by ${this.#keys.fields.join()}, not by ${fields.join()}`,
      { step },
    )
  }

  /** Puts the results of a cell, as they are now, among the rows that leave. */
  protected leave(cell: number, leaving: Leaving, key = this.cells.keyOf(cell)): void {
    this.output.add(key, cell, leaving)
  }

  /** The same for all cells of a window, in the order of their keys. */
  protected leaveAll(table: CellTable, order: KeyOrder, { leaving, send }: { leaving: Leaving; send: Send }): void {
    const { keys, cells } = table
    const sorted = order.sorted(table, this.keys)
    for (let i = 0; i < sorted.length; i++) {
      const at = sorted[i] as number
      this.output.add(keys[at] as number, cells[at] as number, leaving)
      this.flush(send, false)
    }
  }

  /** Sends the rows that leave; `all`, or when there are many. */
  protected flush(send: Send, all = true): void {
    if (this.#keys !== undefined && (all || this.output.isFull)) this.output.flush(this.#keys, send)
  }

  /** Gives up a cell and what is written of it. */
  protected drop(cell: number): void {
    const place = this.placeOf(this.cells.homeOf(cell), cell)
    const key = this.cells.keyOf(cell)
    if (this.cells.release(cell)) this.state.deleteCell(place, this.keys.keyOf(key))
  }

  /** Gives up cells that are on disk, where all steps together hold too much. No number of a key may be in use. */
  #makeRoom(): void {
    this.#tell()
    const { excess } = this.#share
    if (excess > 0 && this.giveUp(excess)) this.#renumber()
    this.#tell()
  }

  #tell(): void {
    const idle = Math.max(0, (this.#keys?.size ?? 0) - this.cells.size)
    this.#share.set(this.cells.usedBytes + idle * keyBytes, this.cells.dirtyBytes)
  }

  /** Lets so many bytes of cells leave memory, if such a window knows how to find them again; answers whether any did. */
  protected giveUp(_bytes: number): boolean {
    return false
  }

  /** There are cells at this place and above that were left on disk; false: they must all be in memory. */
  protected leaveOnDisk(_place: number): boolean {
    return false
  }

  /** Writes the cells that changed since the last barrier and are still open. */
  save(): void {
    if (this.#keys === undefined) return
    const shape = { ...this.#shape, aggregate: this.#options.aggregate, key: this.#keys.fields }
    for (const cell of this.cells.changed()) {
      this.state.saveShape(shape)
      const home = this.cells.homeOf(cell)
      const place = this.placeOf(home, cell)
      const key = this.keys.keyOf(this.cells.keyOf(cell))
      const rowKey = this.state.rowKey(place, key)
      this.writeHead(home, this.#writer, cell)
      let written = rowKey.length
      this.aggregates.save(cell, this.#writer, (aggregate, chunk, bytes) => {
        this.state.saveChunk({ place, key, rowKey }, { aggregate, chunk, bytes })
        written += bytes.length
      })
      const bytes = this.#writer.take()
      this.state.saveCell(rowKey, bytes)
      this.cells.weigh(cell, written + bytes.length)
    }
    this.#makeRoom()
  }

  /** Reads what was written, as much as there is room for; answers the places that were marked. Called when the step has been made. */
  protected load(): readonly number[] {
    const { key: fields, marks } = this.state.open(this.#shape)
    if (fields === undefined) return marks
    const keys = new KeyIds(fields)
    this.#keys = keys
    const { room } = this.#share
    for (const { place, key, rowKey, bytes } of this.state.cells()) {
      if (this.cells.usedBytes > room && this.leaveOnDisk(place)) break
      const reader = new ByteReader(bytes)
      const cell = this.reopen(place, keys.idOf(key), reader)
      this.aggregates.load(cell, reader)
      let read = rowKey.length + bytes.length
      if (this.aggregates.hasChunks)
        for (const { aggregate, chunk, bytes: part } of this.state.takeChunks(place, key)) {
          this.aggregates.loadChunk(aggregate, cell, chunk, part)
          read += part.length
        }
      this.cells.loaded(cell)
      this.cells.weigh(cell, read)
    }
    this.#tell()
    return marks
  }

  /** Keys come and go; numbers are given anew when most belong to no open cell. */
  protected forgetKeys(): void {
    const old = this.#keys
    if (old !== undefined && old.size > keysKept && old.size >= 4 * this.cells.size) this.#renumber()
  }

  #renumber(): void {
    const old = this.keys
    const keys = new KeyIds(old.fields)
    this.#keys = keys
    this.cells.renumber(number => keys.idOf(old.keyOf(number)))
    this.rekeyed()
  }
}
