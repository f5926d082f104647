/** The writing end of a hot slab. There is one, in one thread. */
import { RowKey } from '../row-key.ts'
import { Chunks } from './chunks.ts'
import {
  CAPACITY,
  chunkClass,
  chunkWords,
  closeSlab,
  COLD,
  DELETED,
  ENTRY,
  ENTRY_HEAD,
  EPOCH,
  FREED,
  KEY_BYTES,
  NEVER,
  OWNER,
  ROWS,
  SEQUENCE,
  slabHash,
  type SlabShape,
  slabShape,
  SLOT_WORDS,
  TABLE,
  tableStart,
  TAG,
  VALUE_BYTES,
  WINDOW,
  WRITTEN,
} from './layout.ts'
import { PlaceWriter } from './shared-place.ts'

/** Rows a slot from which on the table is made larger. */
const LOAD_MAX = 0.5

/** Rows of epochs, counted from 1 when the slab is made; those that are not durable stay until they are. */
export class SlabWriter {
  readonly place: PlaceWriter
  readonly #slab: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #bytes: Uint8Array
  readonly #shape: SlabShape
  readonly #chunks: Chunks
  readonly #key = new RowKey()
  #log: number
  #written = 0
  #rows = 0
  /** Left by `#find`: a slot of the window that could be taken; −1 when there is none. */
  #vacant = -1

  /** `slab` is new: nobody has written to it. */
  constructor(slab: SharedArrayBuffer) {
    this.#slab = slab
    this.#words = new Int32Array(slab)
    this.#bytes = new Uint8Array(slab)
    this.#shape = slabShape(slab.byteLength)
    this.#log = this.#shape.firstLog
    this.place = new PlaceWriter(this.#words)
    const words = this.#words
    this.#chunks = new Chunks(
      {
        isFree: at => words[at + OWNER] === 0,
        isEvictable: at => words[at + OWNER] !== 0 && words[at + EPOCH]! <= this.#written,
        evict: at => this.#forget(this.#slotOf(words[at + OWNER]! - 1)),
        clear: (from, count) => words.fill(0, from, from + count),
      },
      this.#shape,
    )
  }

  /** How many rows are here, deleted ones that are not written yet included. */
  get rows(): number {
    return this.#rows
  }

  /** A row as it stands from now on; undefined: it was deleted. Where there is no room for it, readers are told to ask elsewhere until the epoch is written. */
  put(key: Uint8Array, value: Uint8Array | undefined, epoch: number): void {
    const words = ENTRY_HEAD + wordsOf(key.length) + wordsOf(value?.length ?? 0)
    const hash = slabHash(this.#key.setBytes(key).words, key.length)
    const slot = this.#find(hash, key)
    const sizeIndex = chunkClass(words)
    if (slot >= 0) {
      const at = this.#words[slot + ENTRY]!
      if (this.#words[at + CAPACITY] === chunkWords[sizeIndex]) return this.#rewrite(slot, at, value, epoch)
    }
    if (sizeIndex < 0) return this.#leaveOut(slot, epoch)
    const at = this.#chunks.take(sizeIndex)
    if (at < 0) return this.#leaveOut(this.#find(hash, key), epoch)
    this.#fill(at, { key, value, epoch, capacity: chunkWords[sizeIndex]! })
    // Taking a chunk may have pushed out the row itself, or one of its window.
    const now = this.#find(hash, key)
    if (now >= 0) this.#move(now, at)
    else if (!this.#insert(hash, key, at)) {
      this.#chunks.give(sizeIndex, at)
      this.#leaveOut(-1, epoch)
    }
  }

  /** All rows of epochs up to this one are in the database. */
  written(epoch: number): void {
    this.#written = epoch
    Atomics.store(this.#words, WRITTEN, epoch)
  }

  /** Nobody reads it any more. */
  close(): void {
    closeSlab(this.#slab)
  }

  #slotOf(index: number): number {
    return tableStart(this.#log) + index * SLOT_WORDS
  }

  /** The first word of the slot of a key; −1 when it has none. */
  #find(hash: number, key: Uint8Array): number {
    const words = this.#words
    const mask = 2 ** this.#log - 1
    this.#vacant = -1
    for (let step = 0; step < WINDOW; step++) {
      const slot = this.#slotOf((hash + step) & mask)
      const tag = words[slot + TAG]
      if (tag === hash && this.#hasKey(words[slot + ENTRY]!, key)) return slot
      if (this.#vacant < 0 && (tag === NEVER || tag === FREED)) this.#vacant = slot
      if (tag === NEVER) break
    }
    return -1
  }

  #hasKey(at: number, key: Uint8Array): boolean {
    if (this.#words[at + KEY_BYTES] !== key.length) return false
    const start = (at + ENTRY_HEAD) * 4
    for (let i = 0; i < key.length; i++) if (this.#bytes[start + i] !== key[i]) return false
    return true
  }

  /** A chunk that nobody finds yet. */
  #fill(at: number, row: { key: Uint8Array; value: Uint8Array | undefined; epoch: number; capacity: number }): void {
    const { key, value, epoch, capacity } = row
    const words = this.#words
    words[at + OWNER] = 0
    words[at + CAPACITY] = capacity
    words[at + KEY_BYTES] = key.length
    // Readers compare whole words.
    if (key.length > 0) words[at + ENTRY_HEAD + wordsOf(key.length) - 1] = 0
    this.#bytes.set(key, (at + ENTRY_HEAD) * 4)
    this.#setValue(at, value, epoch)
  }

  #setValue(at: number, value: Uint8Array | undefined, epoch: number): void {
    const words = this.#words
    words[at + EPOCH] = epoch
    words[at + VALUE_BYTES] = value?.length ?? DELETED
    if (value) this.#bytes.set(value, (at + ENTRY_HEAD + wordsOf(words[at + KEY_BYTES]!)) * 4)
  }

  #rewrite(slot: number, at: number, value: Uint8Array | undefined, epoch: number): void {
    Atomics.add(this.#words, slot + SEQUENCE, 1)
    this.#setValue(at, value, epoch)
    Atomics.add(this.#words, slot + SEQUENCE, 1)
  }

  /** To another chunk, because its size has changed. */
  #move(slot: number, at: number): void {
    const words = this.#words
    const before = words[slot + ENTRY]!
    words[at + OWNER] = words[before + OWNER]!
    Atomics.add(words, slot + SEQUENCE, 1)
    words[slot + ENTRY] = at
    Atomics.add(words, slot + SEQUENCE, 1)
    words[before + OWNER] = 0
    this.#chunks.give(chunkClass(words[before + CAPACITY]!), before)
  }

  /** False when its window is full of rows that are still to be written. */
  #insert(hash: number, key: Uint8Array, at: number): boolean {
    const isCrowded = this.#vacant < 0 || this.#rows >= 2 ** this.#log * LOAD_MAX
    if (isCrowded && this.#log < this.#shape.lastLog) {
      this.#grow()
      this.#find(hash, key)
      if (this.#vacant < 0) return this.#insert(hash, key, at)
    }
    const slot = this.#vacant >= 0 ? this.#vacant : this.#pushOut(hash)
    if (slot < 0) return false
    const words = this.#words
    words[at + OWNER] = (slot - tableStart(this.#log)) / SLOT_WORDS + 1
    Atomics.add(words, slot + SEQUENCE, 1)
    words[slot + ENTRY] = at
    Atomics.store(words, slot + TAG, hash)
    Atomics.add(words, slot + SEQUENCE, 1)
    this.#count(1)
    return true
  }

  /** Makes room among the slots of a hash. */
  #pushOut(hash: number): number {
    const words = this.#words
    const mask = 2 ** this.#log - 1
    for (let step = 0; step < WINDOW; step++) {
      const slot = this.#slotOf((hash + step) & mask)
      const at = words[slot + ENTRY]!
      if (words[at + EPOCH]! > this.#written) continue
      this.#forget(slot)
      this.#chunks.give(chunkClass(words[at + CAPACITY]!), at)
      return slot
    }
    return -1
  }

  /** Gives up a slot; what becomes of its chunk is the caller's to say. */
  #forget(slot: number): void {
    const words = this.#words
    Atomics.add(words, slot + SEQUENCE, 1)
    Atomics.store(words, slot + TAG, FREED)
    Atomics.add(words, slot + SEQUENCE, 1)
    words[words[slot + ENTRY]! + OWNER] = 0
    this.#count(-1)
  }

  /** The row is only where the fold keeps it; said before an older one goes. */
  #leaveOut(slot: number, epoch: number): void {
    Atomics.store(this.#words, COLD, epoch)
    if (slot < 0) return
    const at = this.#words[slot + ENTRY]!
    this.#forget(slot)
    this.#chunks.give(chunkClass(this.#words[at + CAPACITY]!), at)
  }

  #count(more: number): void {
    this.#rows += more
    Atomics.store(this.#words, ROWS, this.#rows)
  }

  /** Twice the slots. Readers go on in the old table until the new one is whole; then every slot of the old stays odd for ever, which sends them on. */
  #grow(): void {
    const words = this.#words
    const old = tableStart(this.#log)
    const oldSlots = 2 ** this.#log
    const start = tableStart(this.#log + 1)
    const mask = oldSlots * 2 - 1
    const homeless: number[] = []
    for (let index = 0; index < oldSlots; index++) {
      const slot = old + index * SLOT_WORDS
      const tag = words[slot + TAG]!
      if (tag === NEVER || tag === FREED) continue
      const at = words[slot + ENTRY]!
      let step = 0
      while (step < WINDOW && words[start + ((tag + step) & mask) * SLOT_WORDS + TAG] !== NEVER) step++
      if (step === WINDOW) {
        homeless.push(at)
        continue
      }
      const to = (tag + step) & mask
      words[start + to * SLOT_WORDS + TAG] = tag
      words[start + to * SLOT_WORDS + ENTRY] = at
      words[at + OWNER] = to + 1
    }
    this.#log++
    // Rows beyond their window are left out until they come again.
    for (const at of homeless)
      if (words[at + EPOCH]! > this.#written) Atomics.store(words, COLD, Math.max(words[COLD]!, words[at + EPOCH]!))
    // It may have been closed by now.
    Atomics.compareExchange(words, TABLE, this.#log - 1, this.#log)
    for (let index = 0; index < oldSlots; index++) Atomics.add(words, old + index * SLOT_WORDS + SEQUENCE, 1)
    for (const at of homeless) {
      words[at + OWNER] = 0
      this.#chunks.give(chunkClass(words[at + CAPACITY]!), at)
    }
    this.#count(-homeless.length)
  }
}

function wordsOf(bytes: number): number {
  return (bytes + 3) >> 2
}
