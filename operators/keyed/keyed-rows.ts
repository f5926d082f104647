/**
 * State by key: a value for each key. Those that changed since the last barrier are written then; of the others those that were not used for
 * long leave memory when it gets scarce, and are read back when a row of their key comes.
 */
import { isDeepStrictEqual } from 'node:util'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { KeyIds, type KeyValue } from '../windows/window-keys.ts'
import { DiskRows } from './disk-rows.ts'
import { type Format, type KeyedOptions, KeyedState } from './keyed-state.ts'
import { type MemoryShare, StateMemory } from './state-memory.ts'
import { keyBytes, ValueTable } from './value-table.ts'

export type { Format, KeyedOptions } from './keyed-state.ts'

export const numberFormat: Format<number> = {
  write: (value, writer) => writer.number(value),
  read: reader => reader.number(),
}

export const textFormat: Format<string> = {
  write: (value, writer) => writer.text(value),
  read: reader => reader.text(),
}

/** A key with its value; `rowKey` of one that is on disk only. */
export interface KeyedEntry<Value> {
  readonly key: readonly KeyValue[]
  readonly value: Value
  readonly id: number
  readonly rowKey?: Uint8Array
}

/** Above this, numbers of keys that have no value are given up. */
const keysKept = 65_536
export class KeyedRows<Value> {
  readonly #by: readonly string[] | undefined
  readonly #mayLeave: boolean
  readonly #state: KeyedState<Value>
  readonly #disk: DiskRows<Value>
  readonly #share: MemoryShare
  #keys: KeyIds | undefined
  #table = new ValueTable<Value>()
  /** A time of the step that is saved with the keys; −Infinity at first. */
  clock: number

  constructor(context: StepContext, options: KeyedOptions<Value>) {
    const { memory = new StateMemory() } = context
    this.#by = options.by
    this.#mayLeave = options.mayLeave === true
    this.#state = new KeyedState(context, options)
    this.#disk = new DiskRows(this.#state, { filterBytes: memory.filterBytes, isOver: options.isOver })
    this.#share = memory.share()
    this.clock = this.#state.clock
    this.#load()
    if (options.by !== undefined) this.#keysFor(options.by)
  }

  /** How many keys have a value in memory. */
  get size(): number {
    return this.#table.size
  }

  /** No key has a value, neither in memory nor on disk. */
  get isEmpty(): boolean {
    return this.#table.size === 0 && !this.#disk.hasRows
  }

  /** The numbers of the keys of rows, until the next call of it or of `trim`; the array is used again. Their values are in memory then. */
  idsOf(page: Page, rows: Int32Array): Int32Array {
    const keys = this.#keysFor(this.#by ?? page.key ?? [])
    this.#makeRoom()
    // It may have given numbers anew.
    const ids = (this.#keys ?? keys).idsOf(page, rows)
    if (this.#disk.hasRows) {
      this.#disk.walk(2 * rows.length)
      this.#readBack(ids, rows.length)
    }
    return ids
  }

  /** The columns that are the key, as far as they are known: of a step behind `keyBy` from the first page, or the saved rows, on. */
  get fields(): readonly string[] {
    return this.#keys?.fields ?? this.#by ?? []
  }

  /** The columns that are the key. */
  fieldsOf(page: Page): readonly string[] {
    return this.#by ?? page.key ?? []
  }

  keyOf(id: number): KeyValue[] {
    return this.#keys?.keyOf(id) ?? []
  }

  get(id: number): Value | undefined {
    return this.#table.values[id]
  }

  /** Values are written at the barrier: one that was changed in place is put again. */
  put(id: number, value: Value): void {
    this.#table.put(id, value)
  }

  delete(id: number): void {
    if (this.#table.values[id] === undefined) return
    if (this.#table.delete(id)) this.#state.delete(this.#state.rowKey(this.keyOf(id)))
  }

  /** The keys in memory that have a value. */
  *entries(): Iterable<readonly [id: number, value: Value]> {
    const { values } = this.#table
    for (let id = 0; id < values.length; id++) {
      const value = values[id]
      if (value !== undefined) yield [id, value]
    }
  }

  /** Whether some keys are on disk only, so that `entries` is not all. */
  get isPartial(): boolean {
    return this.#disk.hasRows
  }

  /** All keys that have a value, those on disk too, in the order of their rows; the first value of a sorted key is at most `upTo`. */
  *inOrder(upTo = Infinity): Iterable<KeyedEntry<Value>> {
    const near: KeyedEntry<Value>[] = []
    for (const [id, value] of this.entries()) {
      const key = this.keyOf(id)
      if (upTo === Infinity || (this.#state.arranged(key)[0] as number) <= upTo) near.push({ key, value, id })
    }
    yield* this.#disk.mergedWith(near, upTo)
  }

  /** Removes a row that `inOrder` gave. */
  remove({ id, rowKey }: KeyedEntry<Value>): void {
    if (rowKey === undefined) this.delete(id)
    else this.#state.delete(rowKey)
  }

  /** The least of the first values of the sorted keys, which are numbers; Infinity when there is none. */
  least(): number {
    let least = this.#disk.least()
    for (const [id] of this.entries()) least = Math.min(least, this.#state.arranged(this.keyOf(id))[0] as number)
    return least
  }

  /** Gives keys new numbers when most have no value any more, so that memory follows the keys that have one; answers whether it did. */
  trim(): boolean {
    if (this.#keys === undefined || this.#keys.size <= keysKept || this.#keys.size < 4 * this.size) return false
    this.#renumber(this.#keys)
    return true
  }

  /** Writes what changed since the last barrier. */
  save(): void {
    this.#state.saveClock(this.clock)
    this.#table.save((id, value) => {
      const rowKey = this.#state.rowKey(this.keyOf(id))
      return sizeOf(rowKey, this.#state.put(rowKey, value, (this.#keys as KeyIds).fields))
    })
    this.#makeRoom()
  }

  /** Brings the values of a page into memory, all by one read. */
  #readBack(ids: Int32Array, count: number): void {
    const asked: number[] = []
    const rowKeys: Uint8Array[] = []
    for (let i = 0; i < count; i++) {
      const id = ids[i] as number
      if (this.#table.ask(id)) continue
      const rowKey = this.#state.rowKey(this.keyOf(id))
      if (!this.#disk.mayHold(rowKey)) continue
      asked.push(id)
      rowKeys.push(rowKey)
    }
    if (asked.length === 0) return
    const found = this.#state.getMany(rowKeys)
    for (let at = 0; at < asked.length; at++) {
      const row = found[at]
      if (row !== undefined) this.#table.takeBack(asked[at] as number, row[0], sizeOf(rowKeys[at] as Uint8Array, row[1]))
    }
  }

  /** Gives up values, where all steps together hold too much. No number of a key may be in use. */
  #makeRoom(): void {
    this.#tell()
    if (!this.#mayLeave) return
    const { excess } = this.#share
    if (excess === 0) return
    if (!this.#disk.hasRows) this.#table.knowAll()
    this.#table.giveUp(excess, id => this.#disk.add(this.#state.rowKey(this.keyOf(id))))
    // Most of what a key takes is its number.
    if (this.#keys !== undefined && this.#keys.size > this.size) this.#renumber(this.#keys)
    this.#tell()
  }

  #tell(): void {
    const { usedBytes, dirtyBytes, size } = this.#table
    this.#share.set(usedBytes + keyBytes * ((this.#keys?.size ?? 0) - size), dirtyBytes)
  }

  #renumber(old: KeyIds): void {
    const keys = new KeyIds(old.fields)
    this.#keys = keys
    this.#table = this.#table.renumbered(id => keys.idOf(old.keyOf(id)))
  }

  #keysFor(fields: readonly string[]): KeyIds {
    this.#keys ??= new KeyIds(fields)
    if (fields === this.#keys.fields || isDeepStrictEqual(fields, this.#keys.fields)) return this.#keys
    throw this.#state.incompatible(`its rows are kept by ${this.#keys.fields.join() || 'no key'}, not by ${fields.join() || 'no key'}`)
  }

  /** Reads what there is room for; the rest stays on disk until it is asked for. */
  #load(): void {
    if (this.#state.fields === undefined) return
    const keys = new KeyIds(this.#state.fields)
    this.#keys = keys
    for (const [key, value] of this.#state.takeUnsorted()) this.put(keys.idOf(key), value)
    const { room } = this.#share
    for (const { rowKey, key, value, valueBytes } of this.#state.rows()) {
      if (this.#table.usedBytes > room && this.#mayLeave) {
        this.#table.knowAll()
        this.#disk.holdsUnknown()
        break
      }
      const id = keys.idOf(key)
      if (this.#table.values[id] === undefined) this.#table.takeBack(id, value, sizeOf(rowKey, valueBytes))
    }
    this.#tell()
  }
}

/** Texts take twice their bytes in memory, and so do most values. */
function sizeOf(rowKey: Uint8Array, valueBytes: number): number {
  return keyBytes + 2 * (rowKey.length + valueBytes)
}
