/** Checks of events at the public method; inside, code trusts. */
import { EventStoreError } from './error.ts'
import type { NewEvent } from './event.ts'
import type { Limits } from './limits.ts'
import { stringify, timeOf } from './payload.ts'

export { expectedNumber } from './expected-version.ts'

/** Everything of an event but its data. */
export function checkEvent(event: NewEvent, index: number, limits: Limits): void {
  if (typeof event !== 'object' || event === null) throw invalid(`events[${index}]`, 'must be an object')
  const { type } = event
  if (typeof type !== 'string' || type.length === 0) throw invalid(`events[${index}].type`, 'must be a text of at least one character')
  if (!type.isWellFormed()) throw invalid(`events[${index}].type`, 'must be well-formed Unicode')
  if (type.length * 3 > limits.eventTypeBytes && Buffer.byteLength(type) > limits.eventTypeBytes)
    throw tooLarge(`events[${index}].type`, limits.eventTypeBytes, Buffer.byteLength(type))
  if (event.id !== undefined) checkId(event.id, `events[${index}].id`, limits)
  if (event.time !== undefined && !(isTime(event.time) && Number.isFinite(timeOf(event.time))))
    throw invalid(`events[${index}].time`, 'must be milliseconds since the epoch, a Date or ISO 8601')
  if (event.tags !== undefined) checkTags(event.tags, `events[${index}].tags`, limits)
  if (event.metadata !== undefined) checkMetadata(event.metadata, index, limits)
}

function isTime(time: unknown): boolean {
  return typeof time === 'number' || typeof time === 'string' || time instanceof Date
}

function checkId(id: unknown, field: string, limits: Limits): void {
  if (typeof id !== 'string' || id.length === 0 || !id.isWellFormed())
    throw invalid(field, `must be a text of 1 to ${limits.eventIdBytes} bytes`)
  if (Buffer.byteLength(id) > limits.eventIdBytes) throw tooLarge(field, limits.eventIdBytes, Buffer.byteLength(id))
}

function checkTags(tags: unknown, field: string, limits: Limits): void {
  if (!Array.isArray(tags) || tags.some(tag => typeof tag !== 'string' || tag.length === 0))
    throw invalid(field, 'must be texts of at least one character')
  if (tags.length > limits.tags) throw tooLarge(field, limits.tags, tags.length)
  for (const tag of tags as string[])
    if (Buffer.byteLength(tag) > limits.tagBytes) throw tooLarge(field, limits.tagBytes, Buffer.byteLength(tag))
}

function checkMetadata(metadata: unknown, index: number, limits: Limits): void {
  const field = `events[${index}].metadata`
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) throw invalid(field, 'must be an object')
  const text = stringify(metadata, index, 'metadata', limits)
  // A Date is an object, too, but not one in JSON.
  if (text[0] !== '{') throw invalid(field, 'must be an object')
  const bytes = Buffer.byteLength(text)
  if (bytes > limits.metadataBytes) throw tooLarge(field, limits.metadataBytes, bytes)
}

function invalid(field: string, rule: string): EventStoreError {
  return new EventStoreError('INVALID', `${field} ${rule}`, { field })
}

export function tooLarge(field: string, limit: number, actual: number): EventStoreError {
  return new EventStoreError('TOO_LARGE', `${field} is ${actual}, more than the limit of ${limit}`, { field, limit, actual })
}
