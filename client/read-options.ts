/** Checks of the options of reads and appends at the call, as an embedded node does them; what needs the log is checked by the node. */
import { EventStoreError } from '../event/error.ts'
import type { AppendOptions, AsOf, ReadAllOptions, ReadStreamOptions } from '../event/event-store.ts'
import { expectedNumber } from '../event/expected-version.ts'
import { defaultLimits } from '../event/limits.ts'
import { placeOf } from '../event/position.ts'
import { checkReadLevel, type FreshnessOptions } from '../event/read-level.ts'
import { checkPartitionKey, checkStreamId } from '../event/stream-id.ts'

export function invalid(field: string, rule: string): EventStoreError {
  return new EventStoreError('INVALID', `${field} ${rule}`, { field })
}

/** How long an id may be is the node's to say. */
const anyLength = { ...defaultLimits, streamIdBytes: Number.MAX_SAFE_INTEGER }

export function checkStream(stream: unknown): asserts stream is string {
  checkStreamId(stream, anyLength)
}

function wholeFrom(value: number | undefined, least: number, field: string): void {
  if (value !== undefined && (!Number.isSafeInteger(value) || value < least))
    throw invalid(field, `must be a whole number from ${least}, got ${String(value)}`)
}

function checkEither({ limit, direction, asOf, jsonAs, ...fresh }: Omit<ReadAllOptions, 'from'>): void {
  wholeFrom(limit, 0, 'limit')
  if (direction !== undefined && direction !== 'forwards' && direction !== 'backwards')
    throw invalid('direction', `must be forwards or backwards, got ${JSON.stringify(direction)}`)
  asOfText(asOf)
  checkFreshness(fresh)
  if (jsonAs !== undefined && jsonAs !== 'value' && jsonAs !== 'bytes') throw invalid('jsonAs', 'must be value or bytes')
}

export function checkFreshness({ level, atLeast }: FreshnessOptions): void {
  checkReadLevel(level)
  if (atLeast !== undefined) placeOf(atLeast)
}

/** `asOf` as a parameter: a position, or whole milliseconds. */
export function asOfText(asOf: AsOf | undefined): string | undefined {
  if (asOf === undefined) return undefined
  if (typeof asOf === 'string') {
    placeOf(asOf)
    return asOf
  }
  const ms = asOf instanceof Date ? asOf.getTime() : asOf
  if (typeof ms !== 'number' || !Number.isFinite(ms)) throw invalid('asOf', 'must be a position, a Date or milliseconds since the epoch')
  // Nothing was recorded before 1970.
  return String(Math.min(8.64e15, Math.max(0, Math.floor(ms))))
}

export function checkReadStream(options: ReadStreamOptions): void {
  wholeFrom(options.from, 0, 'from')
  wholeFrom(options.to, 0, 'to')
  const { from: _, to: __, ...either } = options
  checkEither(either)
}

export function checkReadAll(options: ReadAllOptions): void {
  checkEither(options)
  if (options.from !== undefined) placeOf(options.from)
}

/** Of a subscription to a stream. */
export function checkVersion(from: unknown): void {
  if (from !== undefined && from !== 'end' && !(Number.isSafeInteger(from) && (from as number) >= 0))
    throw invalid('from', `must be a version or "end", got ${JSON.stringify(from)}`)
}

const durabilities: readonly unknown[] = [undefined, 'memory', 'os', 'disk', 'quorum']

/** Also what a parameter, which is text, would not show: `'1'` is no version. */
export function checkAppend({ expectedVersion, durability, producer, producerSequence, partitionKey }: AppendOptions): void {
  expectedNumber(expectedVersion)
  if (partitionKey !== undefined) checkPartitionKey(partitionKey, anyLength)
  if (!durabilities.includes(durability))
    throw invalid('durability', `must be memory, os, disk or quorum, got ${JSON.stringify(durability)}`)
  if ((producer === undefined) !== (producerSequence === undefined)) throw invalid('producer', 'and producerSequence go together')
  if (producer === undefined) return
  if (typeof producer !== 'string' || producer === '' || !producer.isWellFormed())
    throw invalid('producer', 'must be a text of at least one character')
  wholeFrom(producerSequence, 1, 'producerSequence')
}
