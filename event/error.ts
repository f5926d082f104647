/** The one table of error codes, and the error that carries them. Every front end maps all of it. */

interface CodeRow {
  /** May the caller send the same request again? `ids`: only when it gave event ids. */
  readonly retry: 'no' | 'yes' | 'ids'
  readonly http: number
  readonly resp: string
  readonly exit: 1 | 2 | 3 | 4 | 5
  readonly when: string
}

/** Stable codes: programs match on them, the wording of a message may change. */
export const errorCodes = {
  WRONG_EXPECTED_VERSION: {
    retry: 'no',
    http: 409,
    resp: 'WRONGVER',
    exit: 3,
    when: 'The stream is not at the expected version; carries `expected` and `actual`.',
  },
  CONDITION_FAILED: {
    retry: 'no',
    http: 412,
    resp: 'WRONGCOND',
    exit: 3,
    when: 'A consistency condition met a newer event; carries its position.',
  },
  DUPLICATE_ID: {
    retry: 'no',
    http: 409,
    resp: 'DUPID',
    exit: 3,
    when: 'A given event id is stored already with other content, in another stream, or only part of the request is.',
  },
  PARTITION_KEY_MISMATCH: { retry: 'no', http: 409, resp: 'WRONGKEY', exit: 3, when: 'A stream keeps its first partition key.' },
  STREAM_NOT_FOUND: { retry: 'no', http: 404, resp: 'NOTFOUND', exit: 1, when: 'The stream has no events.' },
  NOT_FOUND: { retry: 'no', http: 404, resp: 'NOTFOUND', exit: 1, when: 'No such event, topology, projection or key.' },
  STREAM_DELETED: { retry: 'no', http: 410, resp: 'DELETED', exit: 1, when: 'The stream was deleted.' },
  INVALID: { retry: 'no', http: 400, resp: 'INVALIDARG', exit: 2, when: 'The request is malformed; names the field.' },
  TOO_LARGE: { retry: 'no', http: 413, resp: 'TOOLARGE', exit: 2, when: 'A named limit was passed; carries `limit` and `actual`.' },
  UNAUTHENTICATED: { retry: 'no', http: 401, resp: 'NOAUTH', exit: 1, when: 'No or unknown credentials.' },
  FORBIDDEN: {
    retry: 'no',
    http: 403,
    resp: 'NOPERM',
    exit: 1,
    when: 'Not allowed, for instance an append to a stream that begins with `$`.',
  },
  BUSY: { retry: 'yes', http: 503, resp: 'TRYAGAIN', exit: 1, when: 'A mailbox is full; try again shortly.' },
  QUOTA: { retry: 'yes', http: 429, resp: 'QUOTA', exit: 1, when: 'A rate limit was passed.' },
  NOT_LEADER: { retry: 'yes', http: 421, resp: 'REDIRECT', exit: 1, when: 'Another node may write this partition; nothing was stored.' },
  UNKNOWN_OUTCOME: { retry: 'ids', http: 504, resp: 'TIMEOUT', exit: 1, when: 'The request may or may not have been stored.' },
  READ_ONLY: {
    retry: 'no',
    http: 507,
    resp: 'READONLY',
    exit: 1,
    when: 'The disk is full, a sync failed, or the directory can not be written.',
  },
  DAMAGED: {
    retry: 'no',
    http: 500,
    resp: 'READERR',
    exit: 4,
    when: 'Stored bytes are not what was written; names partition, sequences and file.',
  },
  LOCKED: { retry: 'no', http: 500, resp: 'LOCKED', exit: 5, when: 'Another process holds the directory.' },
  INCOMPATIBLE: { retry: 'no', http: 500, resp: 'INCOMPATIBLE', exit: 4, when: 'Another format, partition count or cluster.' },
  UNREACHABLE: { retry: 'yes', http: 503, resp: 'UNREACHABLE', exit: 5, when: 'No answer from the node.' },
  CLOSED: { retry: 'yes', http: 503, resp: 'LOADING', exit: 5, when: 'The node is opening, draining or closed.' },
} as const satisfies Record<string, CodeRow>

export type ErrorCode = keyof typeof errorCodes

/** Facts a program may want, beside the sentence for people. */
export type ErrorDetails = Readonly<Record<string, unknown>>

/** A failure that a caller can meet. `code` is stable; `details` holds what the code's row promises. */
export class EventStoreError extends Error {
  override readonly name = 'EventStoreError'
  readonly code: ErrorCode
  readonly details: ErrorDetails

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.details = details
  }

  toJSON(): { code: ErrorCode; message: string; details: ErrorDetails } {
    return { code: this.code, message: this.message, details: this.details }
  }
}

/** True for an `EventStoreError`, optionally of one code; also for one that crossed a thread as plain data. */
export function isEventStoreError(error: unknown, code?: ErrorCode): error is EventStoreError {
  return error instanceof EventStoreError && (code === undefined || error.code === code)
}

/** Makes the error whole again on this side of a thread or wire. */
export function fromPlainError(plain: { code: ErrorCode; message: string; details?: ErrorDetails }): EventStoreError {
  return new EventStoreError(plain.code, plain.message, plain.details ?? {})
}
