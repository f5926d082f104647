/** The answer of a partition to one request, as numbers: what crosses the worker boundary back. */
import { type ErrorCode, EventStoreError } from './error.ts'

/** In the order of their numbers. `stored` and `duplicate` are answers, the rest are error codes. */
export const statuses = [
  'stored',
  'duplicate',
  'WRONG_EXPECTED_VERSION',
  'DUPLICATE_ID',
  'READ_ONLY',
  'UNKNOWN_OUTCOME',
  'NOT_LEADER',
  'CLOSED',
  'DAMAGED',
] as const satisfies readonly (ErrorCode | 'stored' | 'duplicate')[]
export type Status = (typeof statuses)[number]

export const STORED = 0
export const DUPLICATE = 1
export const WRONG_VERSION = 2
export const DUPLICATE_EVENT_ID = 3
export const READ_ONLY = 4
export const UNKNOWN_OUTCOME = 5
export const NOT_LEADER = 6
export const CLOSED = 7

/** Mutable, reused. Versions and sequences are of the last event unless they say first. */
export interface Outcome {
  status: number
  firstVersion: number
  /** Last version; for WRONG_EXPECTED_VERSION the actual one; for DUPLICATE_ID the number of the event in the request. */
  version: number
  firstSequence: number
  /** Last sequence; for a producer's duplicate the highest number known. */
  sequence: number
  stamp: number
}

export function emptyOutcome(): Outcome {
  return { status: STORED, firstVersion: 0, version: 0, firstSequence: 0, sequence: 0, stamp: 0 }
}

/** The error a caller meets for a status that is not an answer. */
export function errorOf(outcome: Outcome, about: { stream: string; expected: unknown }): EventStoreError {
  const { stream } = about
  switch (statuses[outcome.status]) {
    case 'WRONG_EXPECTED_VERSION':
      return new EventStoreError(
        'WRONG_EXPECTED_VERSION',
        `stream "${stream}" is at version ${outcome.version}, expected ${String(about.expected)}`,
        { stream, expected: about.expected, actual: outcome.version },
      )
    case 'DUPLICATE_ID':
      return new EventStoreError(
        'DUPLICATE_ID',
        `events[${outcome.version}].id is stored already with other content, in another stream, or without the rest of this request`,
        { stream, event: outcome.version },
      )
    case 'READ_ONLY':
      return new EventStoreError('READ_ONLY', 'the disk refused a write; the store stays read-only until the node is started again', {
        stream,
      })
    case 'NOT_LEADER':
      return new EventStoreError('NOT_LEADER', 'another writer holds this partition; nothing was stored', { stream })
    case 'CLOSED':
      return new EventStoreError('CLOSED', 'the node is closing; nothing was stored', { stream })
    case 'DAMAGED':
      return new EventStoreError('DAMAGED', 'the partition can not be written because its log is damaged', { stream })
    default:
      return unknownOutcome(stream)
  }
}

export function unknownOutcome(stream: string): EventStoreError {
  return new EventStoreError(
    'UNKNOWN_OUTCOME',
    'no answer from the partition: the events may or may not have been stored; read, or append again with the same ids',
    { stream },
  )
}
