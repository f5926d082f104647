/** The `given` of a test: events and pauses in order, on a virtual clock, with their places in a log that holds nothing else. */
import { checkEvent } from '../../event/check.ts'
import { isEventStoreError } from '../../event/error.ts'
import type { NewEvent } from '../../event/event.ts'
import { defaultLimits } from '../../event/limits.ts'
import { encodeData, timeOf } from '../../event/payload.ts'
import { STAMP_EPOCH_MS, stampOf } from '../../event/stamp.ts'
import { checkStreamId, isSystemStream, partitionOf } from '../../event/stream-id.ts'
import { durationMs } from '../../operators/duration.ts'
import { PARTITIONS_DEFAULT } from '../options.ts'
import type { GivenEvent } from './given-log.ts'
import { inside, itemsOf, membersOf, type Placed, say, shownAs } from './shape.ts'

/** When the virtual clock begins, unless the first event says another time. */
export const clockStartMs = Date.UTC(2026, 0, 1)

const eventNames = ['stream', 'type', 'at', 'data', 'id', 'time', 'tags', 'metadata'] as const
const limits = defaultLimits

/** The events with their places, and what the clock reads behind them; mistakes are noted. */
export function readGiven(placed: Placed): { readonly events: GivenEvent[]; readonly clockMs: number } {
  const log = new VirtualLog()
  const items = itemsOf(placed, 'given must be a list of events, and of pauses { advance: 1h }')
  const events = items.flatMap(item => oneGiven(item, log) ?? [])
  return { events, clockMs: log.nowMs }
}

function oneGiven(item: Placed, log: VirtualLog): GivenEvent | undefined {
  const isPause = typeof item.value === 'object' && item.value !== null && 'advance' in item.value
  const members = membersOf(item, 'this must be an event { stream, type, data }', isPause ? ['advance'] : eventNames)
  if (members === undefined) return undefined
  if (members['advance'] !== undefined) return advance(members['advance'], log)
  if (members['at'] !== undefined) setClock(members['at'], log)
  for (const name of ['stream', 'type', 'data'] as const) if (members[name] === undefined) return say(item, `the event has no ${name}`)
  const { stream, at: _, ...event } = item.value as Readonly<Record<string, unknown>>
  if (typeof stream === 'string' && isSystemStream(stream))
    return say(inside(item, 'stream'), 'streams that begin with $ are the system’s; a topology is not given them')
  try {
    checkStreamId(stream, limits)
    checkEvent(event as unknown as NewEvent, 0, limits)
    return log.place(stream, event as unknown as NewEvent)
  } catch (error) {
    if (!isEventStoreError(error)) throw error
    const field = String(error.details['field']).replace(/^events\[0\]\./, '')
    return say(field in members ? inside(item, field) : item, error.message.replace(/^events\[0\]\./, ''))
  }
}

function advance(placed: Placed, log: VirtualLog): undefined {
  try {
    log.nowMs += durationMs(placed.value, 'advance')
  } catch (error) {
    say(placed, (error as Error).message)
  }
}

function setClock(placed: Placed, log: VirtualLog): void {
  const ms = momentOf(placed.value, log.nowMs)
  if (ms === undefined)
    say(placed, `at must be a time such as 2026-01-01T10:00:00Z, or +5m after the event before, not ${shownAs(placed.value)}`)
  else if (ms < STAMP_EPOCH_MS)
    say(placed, 'at is when the event was recorded, which was not before 2020; when it happened is said by time')
  else if (log.isBegun && ms < log.nowMs)
    say(placed, `at lies before the event above it, at ${new Date(log.nowMs).toISOString()}; when it happened is said by time`)
  else log.nowMs = ms
}

const zoned = /(?:Z|[+-]\d\d:?\d\d)$/i

function momentOf(value: unknown, nowMs: number): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : undefined
  if (typeof value !== 'string') return undefined
  if (value.startsWith('+')) {
    try {
      return nowMs + durationMs(value.slice(1), 'at')
    } catch {
      return undefined
    }
  }
  const ms = timeOf(value.includes(':') && !zoned.test(value) ? `${value}Z` : value)
  return Number.isFinite(ms) ? ms : undefined
}

/** Gives stamps, versions and sequences as a node would. */
class VirtualLog {
  nowMs = clockStartMs
  isBegun = false
  #stamp = 0
  readonly #versions = new Map<string, number>()
  readonly #sequences = new Map<number, number>()

  place(stream: string, event: NewEvent): GivenEvent {
    const { encoding, data } = encodeData(event, 0, limits)
    const partition = partitionOf(stream, PARTITIONS_DEFAULT)
    const version = next(this.#versions, stream)
    const sequence = next(this.#sequences, partition)
    this.#stamp = Math.max(this.#stamp + 1, stampOf(this.nowMs))
    this.isBegun = true
    return {
      stream,
      type: event.type,
      encoding,
      data: typeof data === 'string' ? new TextEncoder().encode(data) : data,
      id: event.id ?? `${stream}-${version}`,
      time: event.time === undefined ? this.nowMs : timeOf(event.time),
      version,
      partition,
      sequence,
      stamp: this.#stamp,
    }
  }
}

function next<Name>(last: Map<Name, number>, name: Name): number {
  const number = (last.get(name) ?? 0) + 1
  last.set(name, number)
  return number
}
