/**
 * How a hot slab lies in its shared memory: a header, tables of slots (one a size, the larger ones behind the smaller), and pages of 64 KiB that are
 * cut into chunks of one size each. All places are counted in words of four bytes.
 *
 * What makes a read right on every machine, those that order loads and stores loosely included: everything that tells a reader where to look (table, tag,
 * sequence of a slot) is loaded and stored by Atomics, which the memory model of ECMAScript puts into one total order. The bytes of keys and values are
 * plain. A reader brackets them between a load of the slot's sequence and `Atomics.add(sequence, 0)`; the writer changes them, or frees their chunk, only
 * behind an `Atomics.add(sequence, 1)`. As every change of a sequence is a read-modify-write of that one word, they stand in a row in which each reads what
 * the one before has written, and so happens after it. If the reader's comes before the writer's, all its loads happened before the stores; if it comes
 * behind, it sees another number and the read is thrown away. A mere second load would not do: plain loads before it may be done after it.
 * (H. Boehm, Can seqlocks get along with programming language memory models?, 2012.)
 */

/** Words of the header. */
export const TABLE = 0 // log2 of the slots of the table in use; 0: closed
export const COLD = 1 // the last epoch in which a row had no place here
export const WRITTEN = 2 // the last epoch that is durable
export const ROWS = 3
export const PLACE = 8 // sequence, stamp (high, low), partition, sequence in it (high, low)
export const HEADER_WORDS = 16

/** Words of a slot. */
export const SLOT_WORDS = 4
export const TAG = 0 // the hash, or one of the two below
export const SEQUENCE = 1 // odd while the slot or its entry is being changed
export const ENTRY = 2 // where the entry lies

/** A slot that has never been used ends a search; one that was given up does not. */
export const NEVER = 0
export const FREED = 1
/** A row lies in one of so many slots from its hash on, or not here at all: nothing is ever moved out of a reader's way. */
export const WINDOW = 32

/** Words of an entry; the bytes of the key and of the value follow, each begins at a word. */
export const OWNER = 0 // its slot within the table + 1; 0: a free chunk. Read by the writer alone
export const CAPACITY = 1
export const KEY_BYTES = 2
export const VALUE_BYTES = 3
export const EPOCH = 4
export const ENTRY_HEAD = 5
/** In place of the bytes of a value: the row was deleted. */
export const DELETED = -1

export const PAGE_WORDS = 16_384
const LEAST_LOG = 4
const FIRST_LOG = 10
/** A row with all that belongs to it takes about so much: a guess that makes table and pages fit each other. */
const BYTES_A_SLOT = 128

export interface SlabShape {
  /** Of the first table and of the largest. */
  readonly firstLog: number
  readonly lastLog: number
  readonly pagesStart: number
  readonly pages: number
}

/** What fits into so many bytes. There may be no page at all: then every row is cold. */
export function slabShape(bytes: number): SlabShape {
  const lastLog = Math.max(LEAST_LOG, Math.floor(Math.log2(bytes / BYTES_A_SLOT)))
  const pagesStart = tableStart(lastLog + 1)
  return {
    firstLog: Math.min(FIRST_LOG, lastLog),
    lastLog,
    pagesStart,
    pages: Math.max(0, Math.floor((bytes / 4 - pagesStart) / PAGE_WORDS)),
  }
}

/** First word of the table of 2^log slots. */
export function tableStart(log: number): number {
  return HEADER_WORDS + SLOT_WORDS * (2 ** log - 2 ** LEAST_LOG)
}

/** Memory for a slab of at most so many bytes, but for a few that it needs to say that it holds nothing. The system gives it when it is first touched. */
export function makeSlab(bytes: number): SharedArrayBuffer {
  const { firstLog, pagesStart } = slabShape(bytes)
  // What is left over is kept, so that all who see the slab see the same shape.
  const slab = new SharedArrayBuffer(Math.max(pagesStart, Math.ceil(bytes / 4)) * 4)
  Atomics.store(new Int32Array(slab), TABLE, firstLog)
  return slab
}

/** Whatever it holds is not to be read any more. For the writer, and for whoever knows that the writer is gone. */
export function closeSlab(slab: SharedArrayBuffer): void {
  Atomics.store(new Int32Array(slab), TABLE, 0)
}

/** FNV-1a over words, with the last step of MurmurHash3; never one of the two marks. What is behind the key in the last word is 0. */
export function slabHash(words: Int32Array, bytes: number): number {
  let hash = 0x811c9dc5 ^ bytes
  for (let i = 0; i < bytes; i += 4) {
    hash = Math.imul(hash ^ words[i >> 2]!, 0x01000193)
    hash ^= hash >>> 15
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash ^= hash >>> 16
  return hash === NEVER || hash === FREED ? hash + 2 : hash
}

/** Chunks come in four sizes between each power of two and the next, so that less than a fifth of one is wasted. */
export const chunkWords: readonly number[] = [
  16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768, 896, 1024, 1280, 1536, 1792, 2048,
  2560, 3072, 3584, 4096, 5461, 8192, 16_384,
]

/** Index of the smallest chunk that holds so many words; −1 when none does. */
export function chunkClass(words: number): number {
  let low = 0
  let high = chunkWords.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (chunkWords[middle]! < words) low = middle + 1
    else high = middle
  }
  return low === chunkWords.length ? -1 : low
}
