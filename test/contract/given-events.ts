/** Events as a specification gives them, made whole as a store would make them. */
import type { Event, NewEvent } from '../../event/event.ts'
import { timeOf } from '../../event/payload.ts'
import { positionOf } from '../../event/position.ts'
import { recordedOf, stampOf } from '../../event/stamp.ts'

/** An event of a specification; the stream is `given-1` when none is named. */
export type GivenEvent = NewEvent & { readonly stream?: string }

/** When the first of them is recorded, and how much later each of the others: 2026-01-01T00:00:00Z, a second. */
const firstMs = Date.UTC(2026, 0, 1)
const stepMs = 1000

/** Versions count by stream, sequences over all; times are those that are given, else when it is recorded. */
export function givenEvents(events: GivenEvent | readonly GivenEvent[]): readonly Event[] {
  const versions = new Map<string, number>()
  return (Array.isArray(events) ? (events as readonly GivenEvent[]) : [events as GivenEvent]).map((given, index): Event => {
    const { type, data, stream = 'given-1', id, time, tags, metadata, encoding } = given
    const version = (versions.get(stream) ?? 0) + 1
    versions.set(stream, version)
    const [stamp, sequence] = [stampOf(firstMs + index * stepMs), index + 1]
    const recorded = recordedOf(stamp)
    return {
      id: id ?? `given-${sequence}`,
      type,
      data,
      encoding: encoding ?? (data instanceof Uint8Array ? 'bytes' : 'json'),
      stream,
      version,
      partition: 0,
      sequence,
      stamp,
      position: positionOf(stamp, 0, sequence),
      recorded,
      time: time === undefined ? recorded : timeOf(time),
      ...(tags && { tags }),
      ...(metadata && { metadata }),
    }
  })
}
