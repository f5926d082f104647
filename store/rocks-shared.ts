/** The words that all threads of one RocksDB database share: who is inside a call, and whether the owner has closed. */
import { EventStoreError } from '../event/error.ts'

const CLOSED = 0
const ATTACHMENTS = 1
/** A bit for each small column, in the order the binding names columns. */
const SMALL_COLUMNS = 2
/** 1 once a write was refused, in whatever thread: nothing is written again until restart, because a failed sync must not be tried twice. */
const REFUSED = 3

/** Each thread counts its running call on a line of its own, so that counting costs nanoseconds. */
const SLOTS = 32
const SLOT_WORDS = 16

/** Attached threads have exited when the owner closes; for one that has not, its running call is awaited this long. */
const CLOSE_WAIT_MS = 1_000

export function makeSharedWords(columns: readonly string[], isSmall: (column: string) => boolean): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(4 * SLOT_WORDS * (1 + SLOTS)))
  for (const [i, column] of columns.entries()) if (isSmall(column)) words[SMALL_COLUMNS]! |= 1 << i
  return words
}

export function smallColumnsOf(words: Int32Array, columns: readonly string[]): string[] {
  return columns.filter((_, i) => (Atomics.load(words, SMALL_COLUMNS) & (1 << i)) !== 0)
}

export function refuseClosed(words: Int32Array): void {
  if (Atomics.load(words, CLOSED) !== 0) throw new EventStoreError('CLOSED', 'the database was closed')
}

export const isRefused = (words: Int32Array): boolean => Atomics.load(words, REFUSED) !== 0

export function setRefused(words: Int32Array): void {
  Atomics.store(words, REFUSED, 1)
}

/** The line of one attachment; more attachments than lines share them. */
export function takeSlot(words: Int32Array): number {
  return (1 + (Atomics.add(words, ATTACHMENTS, 1) % SLOTS)) * SLOT_WORDS
}

/** Says "inside" before it looks at the flag, so that an owner that has set the flag and sees nobody inside may close. */
export function enterCall(words: Int32Array, slot: number): void {
  Atomics.add(words, slot, 1)
}

export function leaveCall(words: Int32Array, slot: number): void {
  Atomics.sub(words, slot, 1)
}

/** Sets the flag and waits until nobody is inside. A thread terminated inside a call never says that it left, hence the end of patience. */
export async function closeShared(words: Int32Array): Promise<void> {
  Atomics.store(words, CLOSED, 1)
  for (let waitedMs = 0; waitedMs < CLOSE_WAIT_MS; waitedMs++) {
    let inside = 0
    for (let slot = 1; slot <= SLOTS; slot++) inside += Atomics.load(words, slot * SLOT_WORDS)
    if (inside === 0) return
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}

/** All attached threads have exited: what they left counted is nothing. */
export function forgetCalls(words: Int32Array): void {
  for (let slot = 1; slot <= SLOTS; slot++) Atomics.store(words, slot * SLOT_WORDS, 0)
}
