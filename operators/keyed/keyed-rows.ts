/** State by key: a value for each key, of which only those that changed since the last barrier are written. */
import { isDeepStrictEqual } from 'node:util'
import { EventStoreError } from '../../event/error.ts'
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import { KeyIds, type KeyValue } from '../windows/window-keys.ts'
import { exactText, exactValue } from './exact.ts'

/** How a value is saved. */
export interface Format<Value> {
  write(value: Value, writer: ByteWriter): void
  read(reader: ByteReader): Value
}

export const numberFormat: Format<number> = {
  write: (value, writer) => writer.number(value),
  read: reader => reader.number(),
}

export const textFormat: Format<string> = {
  write: (value, writer) => writer.text(value),
  read: reader => reader.text(),
}

export interface KeyedOptions<Value> {
  /** Columns that are the key; those of the pages (of `keyBy`) when left out. */
  readonly by?: readonly string[] | undefined
  /** What the saved values mean; values of another meaning can not be gone on with. Plain JSON. */
  readonly meaning: Readonly<Record<string, unknown>>
  readonly format: Format<Value>
}

/** First bytes of the rows of state. */
const meaningRow = Uint8Array.of(0)
const clockRow = Uint8Array.of(1)
const keyRow = 2

const dirty = 1
const stored = 2

/** Above this, numbers of keys that have no value are given up. */
const keysKept = 65_536

export class KeyedRows<Value> {
  readonly #context: StepContext
  readonly #meaning: Readonly<Record<string, unknown>>
  readonly #by: readonly string[] | undefined
  readonly #format: Format<Value>
  readonly #writer = new ByteWriter()
  #keys: KeyIds | undefined
  #isMeaningSaved = false
  #values: (Value | undefined)[] = []
  #flags = new Uint8Array(64)
  #dirty: number[] = []
  #size = 0
  /** A time of the step that is saved with the keys; −Infinity at first. */
  clock = -Infinity
  #savedClock = -Infinity

  constructor(context: StepContext, { by, meaning, format }: KeyedOptions<Value>) {
    this.#context = context
    this.#by = by
    this.#meaning = meaning
    this.#format = format
    this.#load()
    if (by !== undefined) this.#keysFor(by)
  }

  /** How many keys have a value. */
  get size(): number {
    return this.#size
  }

  /** The numbers of the keys of rows, until the next call of it or of `trim`; the array is used again. */
  idsOf(page: Page, rows: Int32Array): Int32Array {
    return this.#keysFor(this.#by ?? page.key ?? []).idsOf(page, rows)
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
    return this.#values[id]
  }

  /** Values are written at the barrier: one that was changed in place is put again. */
  put(id: number, value: Value): void {
    if (id >= this.#flags.length) {
      const larger = new Uint8Array(Math.max(id + 1, 2 * this.#flags.length))
      larger.set(this.#flags)
      this.#flags = larger
    }
    // Filled up, because an array with holes is a slow one.
    while (this.#values.length <= id) this.#values.push(undefined)
    if (this.#values[id] === undefined) this.#size++
    this.#values[id] = value
    const flags = this.#flags[id] as number
    if ((flags & dirty) !== 0) return
    this.#flags[id] = flags | dirty
    this.#dirty.push(id)
  }

  delete(id: number): void {
    if (this.#values[id] === undefined) return
    this.#values[id] = undefined
    this.#size--
    if (((this.#flags[id] as number) & stored) !== 0) this.#context.state.delete(this.#rowKey(id))
    this.#flags[id] = 0
  }

  /** The keys that have a value. */
  *entries(): Iterable<readonly [id: number, value: Value]> {
    for (let id = 0; id < this.#values.length; id++) {
      const value = this.#values[id]
      if (value !== undefined) yield [id, value]
    }
  }

  /** Gives keys new numbers when most have no value any more, so that memory follows the keys that have one; answers whether it did. */
  trim(): boolean {
    const keys = this.#keys
    if (keys === undefined || keys.size <= keysKept || keys.size < 4 * this.#size) return false
    const [values, flags] = [this.#values, this.#flags]
    this.#keys = new KeyIds(keys.fields)
    this.#values = []
    this.#flags = new Uint8Array(Math.max(64, this.#size))
    this.#dirty = []
    for (let old = 0; old < values.length; old++) {
      if (values[old] === undefined) continue
      const id = this.#keys.idOf(keys.keyOf(old))
      this.#values.push(values[old])
      this.#flags[id] = flags[old] as number
      if (((flags[old] as number) & dirty) !== 0) this.#dirty.push(id)
    }
    return true
  }

  /** Writes what changed since the last barrier. */
  save(): void {
    const { state } = this.#context
    if (this.clock !== this.#savedClock) {
      this.#writer.number(this.clock)
      state.put(clockRow, this.#writer.take())
      this.#savedClock = this.clock
    }
    for (const id of this.#dirty) {
      const value = this.#values[id]
      // Deleted since, or put again and written already.
      if (value === undefined || ((this.#flags[id] as number) & dirty) === 0) continue
      this.#saveMeaning()
      this.#format.write(value, this.#writer)
      const bytes = this.#writer.take()
      state.put(this.#rowKey(id), bytes)
      this.#flags[id] = stored
    }
    this.#dirty = []
  }

  #rowKey(id: number): Uint8Array {
    this.#writer.byte(keyRow)
    this.#writer.text(exactText(this.keyOf(id)))
    return this.#writer.take()
  }

  #saveMeaning(): void {
    if (this.#isMeaningSaved) return
    this.#isMeaningSaved = true
    this.#writer.text(JSON.stringify({ key: this.#keys?.fields, ...this.#meaning }))
    this.#context.state.put(meaningRow, this.#writer.take())
  }

  #keysFor(fields: readonly string[]): KeyIds {
    this.#keys ??= new KeyIds(fields)
    if (fields === this.#keys.fields || isDeepStrictEqual(fields, this.#keys.fields)) return this.#keys
    throw this.#incompatible(`its rows are kept by ${this.#keys.fields.join() || 'no key'}, not by ${fields.join() || 'no key'}`)
  }

  #load(): void {
    const saved: (readonly [key: readonly KeyValue[], value: Value])[] = []
    for (const [row, bytes] of this.#context.state.rows()) {
      const key = new ByteReader(row)
      const kind = key.byte()
      const reader = new ByteReader(bytes)
      if (kind === meaningRow[0]) this.#loadMeaning(reader.text())
      else if (kind === clockRow[0]) this.clock = this.#savedClock = reader.number()
      else saved.push([exactValue(key.text()) as KeyValue[], this.#format.read(reader)])
    }
    for (const [key, value] of saved) {
      const keys = this.#keys as KeyIds
      if (this.#context.owns?.(keys.fields, key) === false) continue
      const id = keys.idOf(key)
      this.put(id, value)
      this.#flags[id] = stored
    }
    this.#dirty = []
  }

  #loadMeaning(text: string): void {
    const { key, ...saved } = JSON.parse(text) as { key: readonly string[] }
    if (!isDeepStrictEqual(saved, JSON.parse(JSON.stringify(this.#meaning))))
      throw this.#incompatible('what it saved was made with other options')
    this.#isMeaningSaved = true
    this.#keys = new KeyIds(key)
  }

  #incompatible(what: string): EventStoreError {
    const { step } = this.#context
    return new EventStoreError('INCOMPATIBLE', `step ${step}: ${what}; give it another id`, { step })
  }
}
