/** Places in the total order of all partitions: (stamp, partition, sequence) as one opaque string. */
import { EventStoreError } from './error.ts'
import type { Position, Sequence, Stamp } from './event.ts'

export interface Place {
  readonly stamp: Stamp
  readonly partition: number
  readonly sequence: Sequence
}

/** Before everything. */
export const START: Place = { stamp: 0, partition: 0, sequence: 0 }

const LOW = 2 ** 26

/** The stamp goes in two halves: small integers become text many times faster than large ones, and every append makes a position. */
export function positionOf(stamp: Stamp, partition: number, sequence: Sequence): Position {
  const high = Math.floor(stamp / LOW)
  return `${high}.${stamp - high * LOW}.${partition}.${sequence}`
}

/** Reads a position; INVALID when it is none. */
export function placeOf(position: Position): Place {
  const match = typeof position === 'string' ? /^(\d{1,9})\.(\d{1,8})\.(\d{1,5})\.(\d{1,16})$/.exec(position) : null
  const [high, low, partition, sequence] = (match?.slice(1).map(Number) ?? [-1, 0, 0, 0]) as [number, number, number, number]
  if (high < 0 || high * LOW > Number.MAX_SAFE_INTEGER || low >= LOW || partition > 0xffff || !Number.isSafeInteger(sequence)) {
    throw new EventStoreError('INVALID', `not a position: ${JSON.stringify(position)}`, { field: 'position' })
  }
  return { stamp: high * LOW + low, partition, sequence }
}

/** Negative when `a` comes first. */
export function comparePlaces(a: Place, b: Place): number {
  return a.stamp - b.stamp || a.partition - b.partition || a.sequence - b.sequence
}
