/** The answer of a partition to one request, as numbers: what crosses the worker boundary back. */
import { type ErrorCode, EventStoreError } from './error.ts'
import { positionOf } from './position.ts'
import type { RequestCopy } from './request-copy.ts'

/** In the order of their numbers. `stored` and `duplicate` are answers, the rest are error codes. */
export const statuses = [
  'stored',
  'duplicate',
  'WRONG_EXPECTED_VERSION',
  'DUPLICATE_ID',
  'CONDITION_FAILED',
  'TOO_LARGE',
  'PARTITION_KEY_MISMATCH',
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
export const CONDITION_FAILED = 4
/** A condition would have to look at too many blocks. */
export const CONDITION_TOO_WIDE = 5
/** A stream is not to be found here, because a key was claimed for it. */
export const KEY_CLAIMED = 6
/** Those from here on hang on nothing that is in flight. */
export const READ_ONLY = 7
export const UNKNOWN_OUTCOME = 8
export const NOT_LEADER = 9
export const CLOSED = 10
export const DAMAGED = 11

/** Versions that one slot of answers has room for beside the request's number. */
export const ANSWER_VERSIONS = 11

/** Slots for the answer to a request of several streams: the versions first, then all that every answer has. */
export const answersFor = (streams: number): number => 1 + Math.ceil(streams / ANSWER_VERSIONS)

/** Mutable, reused. Versions and sequences are of the last event unless they say first. */
export interface Outcome {
  status: number
  /** For a refused expectation the number of the stream, for a failed condition its number. */
  firstVersion: number
  /** Last version; for WRONG_EXPECTED_VERSION the actual one; for DUPLICATE_ID the number of the event in the request. */
  version: number
  firstSequence: number
  /** Last sequence; for a producer's duplicate the highest number known; for a failed condition of the event that it met, as the stamp. */
  sequence: number
  stamp: number
  /** Last version of each stream, by its number; of requests with several streams alone. */
  versions: Uint32Array | null
  /** Why a request did not come to its partition's leader, which says more than the status. In a cluster alone. */
  refusal?: EventStoreError
  /** Of a request that met a claimed key: what was sent, so that it can be sent to where the key leads. In a cluster alone. */
  copy?: RequestCopy
}

export function emptyOutcome(): Outcome {
  return { status: STORED, firstVersion: 0, version: 0, firstSequence: 0, sequence: 0, stamp: 0, versions: null }
}

/** What was asked, as far as an error tells of it. */
export interface AskedAppend {
  readonly stream: string
  readonly expected: unknown
  readonly partition: number
}

/** The error a caller meets for a status that is not an answer. */
export function errorOf(outcome: Outcome, about: AskedAppend): EventStoreError {
  const { stream } = about
  const { refusal } = outcome
  if (refusal) return new EventStoreError(refusal.code, refusal.message, { stream, ...refusal.details })
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
    case 'CONDITION_FAILED': {
      const position = positionOf(outcome.stamp, about.partition, outcome.sequence)
      const condition = outcome.firstVersion
      return new EventStoreError('CONDITION_FAILED', `conditions[${condition}] met the event at position ${position}`, {
        stream,
        condition,
        position,
      })
    }
    case 'TOO_LARGE':
      return new EventStoreError(
        'TOO_LARGE',
        `the conditions reach over more than ${outcome.version} blocks of events; say up to which position you have read: after`,
        { field: 'conditions', limit: outcome.version, actual: outcome.version + 1 },
      )
    case 'PARTITION_KEY_MISMATCH':
      return new EventStoreError('BUSY', `stream "${stream}" was just given a partition key; try again`, { stream })
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
