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

export function positionOf(stamp: Stamp, partition: number, sequence: Sequence): Position {
  return `${stamp.toString(36)}.${partition.toString(36)}.${sequence.toString(36)}`
}

/** Reads a position; INVALID when it is none. */
export function placeOf(position: Position): Place {
  const match = typeof position === 'string' ? /^([0-9a-z]{1,11})\.([0-9a-z]{1,3})\.([0-9a-z]{1,11})$/.exec(position) : null
  if (!match) throw new EventStoreError('INVALID', `not a position: ${JSON.stringify(position)}`, { field: 'position' })
  const [stamp, partition, sequence] = match.slice(1).map(part => Number.parseInt(part, 36)) as [number, number, number]
  if (!Number.isSafeInteger(stamp) || !Number.isSafeInteger(sequence)) throw new EventStoreError('INVALID', `not a position: ${JSON.stringify(position)}`, { field: 'position' })
  return { stamp, partition, sequence }
}

/** Negative when `a` comes first. */
export function comparePlaces(a: Place, b: Place): number {
  return a.stamp - b.stamp || a.partition - b.partition || a.sequence - b.sequence
}
