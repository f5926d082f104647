/** Rows of a join whose time is over, in the order in which they leave. */
import { compareKeys } from '../windows/window-keys.ts'

export interface Due {
  readonly side: 0 | 1
  readonly place: number
  /** Number of its key. */
  readonly key: number
  readonly close: number
  /** Rises from row to row of a key and side. */
  readonly serial: number
}

export interface Leaving extends Due {
  /** Those of its key. */
  readonly values: readonly unknown[]
}

/** By (close, key, left before right, arrival). */
export function dueInOrder(due: readonly Due[], keyOf: (key: number) => readonly unknown[]): readonly Leaving[] {
  const known = new Map<number, readonly unknown[]>()
  const valuesOf = (key: number): readonly unknown[] => {
    let values = known.get(key)
    if (values === undefined) known.set(key, (values = keyOf(key)))
    return values
  }
  const leaving = due.map(one => ({ ...one, values: valuesOf(one.key) }))
  return leaving.sort((a, b) => {
    if (a.close !== b.close) return a.close - b.close
    return compareKeys(a.values, b.values) || a.side - b.side || a.serial - b.serial
  })
}
