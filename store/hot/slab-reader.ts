/** A reading end of a hot slab, in any thread: looks a key up and copies the bytes of its value, without a lock and without waiting. */
import type { Place } from '../../event/position.ts'
import type { RowKey } from '../row-key.ts'
import {
  COLD,
  DELETED,
  ENTRY,
  ENTRY_HEAD,
  EPOCH,
  KEY_BYTES,
  NEVER,
  PAGE_WORDS,
  SEQUENCE,
  slabHash,
  SLOT_WORDS,
  TABLE,
  tableStart,
  TAG,
  VALUE_BYTES,
  WINDOW,
  WRITTEN,
} from './layout.ts'
import { PlaceReader } from './shared-place.ts'

/**
 * `found`: its value lies in `bytes`. `deleted`: there is no such row. `absent`: not here, and so what the database says is right. `unsure`: the fold may
 * have a newer one than the database that is not here. `closed`: nothing here is to be read.
 */
export type Look = 'found' | 'deleted' | 'absent' | 'unsure' | 'closed'

/** Between two of these the writer may have been put off the processor in the middle of a change. */
const TRIES_MAX = 1000
/** Copied word by word up to here; a call costs more than it saves. */
const LOOP_WORDS_MAX = 256

export class SlabReader {
  /** The value looked up last, from the first byte on. */
  bytes: Buffer
  length = 0
  readonly #place: PlaceReader
  readonly #words: Int32Array
  #target: Int32Array
  /** Of the row that was looked up last. */
  #epoch = 0
  /** Where a value was copied to last, as words. */
  #into: Uint8Array | undefined
  #intoWords: Int32Array | undefined

  constructor(slab: SharedArrayBuffer) {
    this.#words = new Int32Array(slab)
    this.#place = new PlaceReader(this.#words)
    this.#target = new Int32Array(1024)
    this.bytes = Buffer.from(this.#target.buffer)
  }

  /** What rows reflect at least that are looked up after this. */
  get place(): Place | null {
    return this.#place.get()
  }

  /** Nothing here is to be read any more. */
  get isClosed(): boolean {
    return Atomics.load(this.#words, TABLE) === 0
  }

  /** What was found last, or found to be deleted, is so in the database. */
  get isDurable(): boolean {
    return this.#epoch <= Atomics.load(this.#words, WRITTEN)
  }

  /** Copies the value looked up last to the beginning of `into`, which has room for it. By words where they fit: most callers give the same memory again. */
  copyTo(into: Uint8Array): void {
    if (into !== this.#into) {
      this.#into = into
      this.#intoWords = into.byteOffset % 4 === 0 ? new Int32Array(into.buffer, into.byteOffset, into.length >> 2) : undefined
    }
    const words = this.#intoWords
    const { length } = this
    if (words === undefined || length > LOOP_WORDS_MAX * 4) return into.set(this.bytes.subarray(0, length))
    const whole = length >> 2
    for (let i = 0; i < whole; i++) words[i] = this.#target[i]!
    for (let i = whole * 4; i < length; i++) into[i] = this.bytes[i]!
  }

  /** The value looked up last. */
  get text(): string {
    return Buffer.prototype.utf8Slice.call(this.bytes, 0, this.length)
  }

  look(key: RowKey): Look {
    const hash = slabHash(key.words, key.length)
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const log = Atomics.load(this.#words, TABLE)
      if (log === 0) return 'closed'
      const look = this.#lookIn(log, hash, key)
      if (look !== undefined) return look
    }
    return 'unsure'
  }

  /** Undefined: once again, something was being changed. */
  #lookIn(log: number, hash: number, key: RowKey): Look | undefined {
    const words = this.#words
    const start = tableStart(log)
    const mask = 2 ** log - 1
    for (let step = 0; step < WINDOW; step++) {
      const slot = start + ((hash + step) & mask) * SLOT_WORDS
      const tag = Atomics.load(words, slot + TAG)
      if (tag === NEVER) break
      if (tag !== hash) continue
      const look = this.#read(slot, key)
      if (look !== 'other') return look
    }
    // Nothing was found in a table that is not the one any more.
    if (Atomics.load(words, TABLE) !== log) return undefined
    return Atomics.load(words, COLD) > Atomics.load(words, WRITTEN) ? 'unsure' : 'absent'
  }

  /** What is read before the last line may be anything; that line proves it. */
  #read(slot: number, key: RowKey): 'found' | 'deleted' | 'other' | undefined {
    const words = this.#words
    const sequence = Atomics.load(words, slot + SEQUENCE)
    if (sequence & 1) return undefined
    const at = words[slot + ENTRY]!
    const isSame = words[at + KEY_BYTES] === key.length && this.#hasKey(at + ENTRY_HEAD, key)
    const length = words[at + VALUE_BYTES]!
    const epoch = words[at + EPOCH]!
    if (isSame && length > 0) this.#copy(at + ENTRY_HEAD + ((key.length + 3) >> 2), Math.min((length + 3) >> 2, PAGE_WORDS))
    if (Atomics.add(words, slot + SEQUENCE, 0) !== sequence) return undefined
    if (!isSame) return 'other'
    this.#epoch = epoch
    if (length === DELETED) return 'deleted'
    this.length = length
    return 'found'
  }

  #hasKey(at: number, key: RowKey): boolean {
    const words = this.#words
    const wanted = key.words
    for (let i = (key.length + 3) >> 2; i-- > 0;) if (words[at + i] !== wanted[i]) return false
    return true
  }

  #copy(from: number, count: number): void {
    if (count > this.#target.length) {
      this.#target = new Int32Array(count * 2)
      this.bytes = Buffer.from(this.#target.buffer)
    }
    const words = this.#words
    const target = this.#target
    if (count > LOOP_WORDS_MAX) return target.set(words.subarray(from, from + count))
    for (let i = 0; i < count; i++) target[i] = words[from + i]!
  }
}
