/** Assertions for invariants of ours; a failure a caller can cause is an `EventStoreError` instead. */

export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/** Throws when an invariant of this code base does not hold. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(`broken invariant: ${message}`)
}

/** Marks a switch as complete: does not compile when a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value: ${String(value)}`)
}
