/** State by key on disk: a row for each key, in the order of the keys, beside one that says what they mean and one with a time of the step. */
import { isDeepStrictEqual } from 'node:util'
import { EventStoreError } from '../../event/error.ts'
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { StepContext } from '../operator.ts'
import type { KeyValue } from '../windows/window-keys.ts'
import { exactValue } from './exact.ts'
import { KeyBytes, KeyReader } from './key-bytes.ts'

/** How a value is saved. */
export interface Format<Value> {
  write(value: Value, writer: ByteWriter): void
  read(reader: ByteReader): Value
}

export interface KeyedOptions<Value> {
  /** Columns that are the key; those of the pages (of `keyBy`) when left out. */
  readonly by?: readonly string[] | undefined
  /** What the saved values mean; values of another meaning can not be gone on with. Plain JSON. */
  readonly meaning: Readonly<Record<string, unknown>>
  readonly format: Format<Value>
  /** Keys may leave memory: nobody keeps their numbers from page to page, or takes `entries` for all of them. */
  readonly mayLeave?: true
  /** The values of a key in the order by which rows are sorted, where that is another; done twice it is undone. */
  readonly arrange?: ((key: readonly KeyValue[]) => readonly KeyValue[]) | undefined
  /** A value of which nothing is needed any more: its row is removed when somebody comes by. */
  readonly isOver?: ((value: Value) => boolean) | undefined
}

/** A row as it was read. */
export interface SavedRow<Value> {
  readonly rowKey: Uint8Array
  readonly key: readonly KeyValue[]
  readonly value: Value
  readonly valueBytes: number
}

/** First bytes of the rows of state. */
export const meaningRow = Uint8Array.of(0)
const clockRow = Uint8Array.of(1)
/** Keys as JSON texts, which do not sort: read once and written anew. */
export const unsortedRow = Uint8Array.of(2)
export const keyRow = 3

export class KeyedState<Value> {
  readonly #context: StepContext
  readonly #options: KeyedOptions<Value>
  readonly #writer = new ByteWriter()
  readonly #bytes = new KeyBytes()
  #isMeaningSaved = false
  #savedClock = -Infinity
  #fields: readonly string[] | undefined

  constructor(context: StepContext, options: KeyedOptions<Value>) {
    this.#context = context
    this.#options = options
    const [meaning, clock] = context.state.getMany([meaningRow, clockRow])
    if (meaning !== undefined) this.#fields = this.#loadMeaning(new ByteReader(meaning).text())
    if (clock !== undefined) this.#savedClock = new ByteReader(clock).number()
  }

  /** Columns of the key, once a row was saved. */
  get fields(): readonly string[] | undefined {
    return this.#fields
  }

  get clock(): number {
    return this.#savedClock
  }

  saveClock(clock: number): void {
    if (clock === this.#savedClock) return
    this.#writer.number(clock)
    this.#context.state.put(clockRow, this.#writer.take())
    this.#savedClock = clock
  }

  /** The values of the key as rows are sorted by them. */
  arranged(key: readonly KeyValue[]): readonly KeyValue[] {
    const { arrange } = this.#options
    return arrange === undefined ? key : arrange(key)
  }

  rowKey(key: readonly KeyValue[]): Uint8Array {
    return this.#bytes.begin(keyRow).key(this.arranged(key)).take()
  }

  /** Answers how many bytes the value takes. */
  put(rowKey: Uint8Array, value: Value, fields: readonly string[]): number {
    this.#saveMeaning(fields)
    this.#options.format.write(value, this.#writer)
    const bytes = this.#writer.take()
    this.#context.state.put(rowKey, bytes)
    return bytes.length
  }

  delete(rowKey: Uint8Array): void {
    this.#context.state.delete(rowKey)
  }

  /** Values with their bytes, undefined where there is none. */
  getMany(rowKeys: readonly Uint8Array[]): (readonly [value: Value, bytes: number] | undefined)[] {
    const found = this.#context.state.getMany(rowKeys)
    return found.map(bytes => bytes && [this.#options.format.read(new ByteReader(bytes)), bytes.length])
  }

  /** The rows of this lane, in order, from a row key on. */
  *rows(from?: Uint8Array): Generator<SavedRow<Value>> {
    const { fields } = this
    if (fields === undefined) return
    const { arrange, format } = this.#options
    for (const [rowKey, bytes] of this.#context.state.rows(Uint8Array.of(keyRow), from)) {
      const arranged = new KeyReader(rowKey).key(fields.length)
      const key = arrange === undefined ? arranged : arrange(arranged)
      if (this.#context.owns?.(fields, key) === false) continue
      yield { rowKey, key, value: format.read(new ByteReader(bytes)), valueBytes: bytes.length }
    }
  }

  /** The rows of this lane that an earlier version wrote; they are to be put again. */
  takeUnsorted(): (readonly [key: readonly KeyValue[], value: Value])[] {
    const { fields = [] } = this
    const found: (readonly [key: readonly KeyValue[], value: Value])[] = []
    for (const [row, bytes] of this.#context.state.rows(unsortedRow)) {
      const reader = new ByteReader(row)
      reader.byte()
      const key = exactValue(reader.text()) as KeyValue[]
      if (this.#context.owns?.(fields, key) === false) continue
      found.push([key, this.#options.format.read(new ByteReader(bytes))])
      this.#context.state.delete(row)
    }
    return found
  }

  #saveMeaning(fields: readonly string[]): void {
    if (this.#isMeaningSaved) return
    this.#isMeaningSaved = true
    this.#fields = fields
    this.#writer.text(JSON.stringify({ key: fields, ...this.#options.meaning }))
    this.#context.state.put(meaningRow, this.#writer.take())
  }

  #loadMeaning(text: string): readonly string[] {
    const { key, ...saved } = JSON.parse(text) as { key: readonly string[] }
    if (!isDeepStrictEqual(saved, JSON.parse(JSON.stringify(this.#options.meaning))))
      throw this.incompatible('what it saved was made with other options')
    this.#isMeaningSaved = true
    return key
  }

  incompatible(what: string): EventStoreError {
    const { step } = this.#context
    return new EventStoreError('INCOMPATIBLE', `step ${step}: ${what}; give it another id`, { step })
  }
}
