/** Rows at which a user's function never returned, twice: when one comes again its call throws instead, and the row is a dead letter. */

export interface SkippedRow {
  readonly step: string
  readonly order: number
  /** How often its call was tried. */
  readonly attempts: number
}

export interface GuardedCalls {
  /** Before each call of a user's function. */
  before(step: string, order: number): void
  /** The value with its function guarded. */
  guard(value: unknown): unknown
  /** How often the row was tried at the step. */
  attempts(step: string, order: number): number
}

/** Guards nothing, and so costs nothing, as long as there is nothing to skip. */
export function guardCalls(skipped: readonly SkippedRow[]): GuardedCalls {
  if (skipped.length === 0) return { before: () => undefined, guard: value => value, attempts: () => 1 }
  const attempts = new Map(skipped.map(row => [`${row.order} ${row.step}`, row.attempts]))
  let isSkipped = false
  const guarded =
    (run: (...values: unknown[]) => unknown) =>
    (...values: unknown[]): unknown => {
      if (isSkipped) throw new Error('the function did not return')
      return run(...values)
    }
  return {
    before: (step, order) => void (isSkipped = attempts.has(`${order} ${step}`)),
    attempts: (step, order) => attempts.get(`${order} ${step}`) ?? 1,
    guard: value => {
      if (typeof value === 'function') return guarded(value as (...values: unknown[]) => unknown)
      if (typeof value !== 'object' || value === null || !('run' in value) || typeof value.run !== 'function') return value
      return { ...value, run: guarded(value.run as (...values: unknown[]) => unknown) }
    },
  }
}
