/** Failures as problem+json (RFC 9457), for every code of the table. */
import { STATUS_CODES } from 'node:http'
import { type ErrorCode, errorCodes, EventStoreError } from '../../../event/error.ts'
import { jsonText } from '../../../event/json-text.ts'

export const problemType = 'application/problem+json'

interface ProblemRow {
  readonly title: string
  /** Seconds of `Retry-After`, unless the error says its own as `retryAfterSeconds`. */
  readonly retryAfterSeconds?: number
}

/** A new code does not compile until it has a row here. */
const problems: Readonly<Record<ErrorCode, ProblemRow>> = {
  WRONG_EXPECTED_VERSION: { title: 'The stream is at another version' },
  CONDITION_FAILED: { title: 'A newer event meets the condition' },
  DUPLICATE_ID: { title: 'The event id is taken' },
  PARTITION_KEY_MISMATCH: { title: 'The stream has another partition key' },
  STREAM_NOT_FOUND: { title: 'There is no such stream' },
  NOT_FOUND: { title: 'There is nothing here' },
  STREAM_DELETED: { title: 'The stream was deleted' },
  INVALID: { title: 'The request is not valid' },
  TOO_LARGE: { title: 'A limit was passed' },
  UNAUTHENTICATED: { title: 'Who asks is not known' },
  FORBIDDEN: { title: 'This is not allowed' },
  BUSY: { title: 'Too much to do', retryAfterSeconds: 1 },
  QUOTA: { title: 'Too many requests', retryAfterSeconds: 1 },
  NOT_LEADER: { title: 'Another node writes here' },
  UNKNOWN_OUTCOME: { title: 'It may or may not have happened' },
  READ_ONLY: { title: 'The store takes no events' },
  DAMAGED: { title: 'What is stored can not be read' },
  LOCKED: { title: 'Another process holds the store' },
  INCOMPATIBLE: { title: 'The store is of another kind' },
  UNREACHABLE: { title: 'No answer in time', retryAfterSeconds: 1 },
  CLOSED: { title: 'The node is opening or closing', retryAfterSeconds: 1 },
}

export interface Problem {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** A refusal by the protocol itself, which has a status of its own and the code that comes nearest. */
export class HttpRefusal extends EventStoreError {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>

  constructor(status: number, code: ErrorCode, message: string, more: { details?: object; headers?: Record<string, string> } = {}) {
    super(code, message, { ...more.details })
    this.status = status
    this.headers = more.headers ?? {}
  }
}

/** What a fault of ours looks like from outside: whatever was asked for may have happened or not. */
export function failureOf(error: unknown): EventStoreError {
  if (error instanceof EventStoreError) return error
  return new HttpRefusal(500, 'UNKNOWN_OUTCOME', 'the request failed in a way that nobody foresaw; the node says why where it logs')
}

export function problemOf(error: EventStoreError): Problem {
  const { code, message, details } = error
  const { title, retryAfterSeconds } = problems[code]
  const status = error instanceof HttpRefusal ? error.status : errorCodes[code].http
  const wait = typeof details['retryAfterSeconds'] === 'number' ? Math.ceil(details['retryAfterSeconds']) : retryAfterSeconds
  return {
    status,
    headers: {
      'content-type': problemType,
      ...(wait !== undefined && { 'retry-after': String(wait) }),
      ...(error instanceof HttpRefusal && error.headers),
    },
    body: jsonText({ type: `urn:allsource:${code}`, title, status, code, detail: message, details }),
  }
}

/** A whole answer as bytes, for a connection whose request could not be read. */
export function rawProblem(error: EventStoreError): string {
  const { status, headers, body } = problemOf(error)
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' })
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`
}
