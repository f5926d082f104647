/** What went wrong on the way to a node, as the errors an embedded node gives. */
import { type ErrorCode, errorCodes, type ErrorDetails, EventStoreError } from '../event/error.ts'
import type { FetchAnswer } from './fetch.ts'

/** `no`: the request did not reach the node. `maybe`: it may have, and what it asked may be done. */
export type Reached = 'no' | 'maybe'

export interface Failure {
  readonly error: EventStoreError
  readonly reached: Reached | 'answered'
  /** What the node asks to wait, in ms; 0 when it says nothing. */
  readonly waitMs: number
}

/** Of a connection that was never made; any other failure may have come after the request was read. */
const neverSent = new Set(['ECONNREFUSED', 'ENOENT', 'ENOTFOUND', 'EAI_AGAIN', 'EACCES', 'ENOTSOCK', 'UND_ERR_CONNECT_TIMEOUT'])

/** `fetch` rejected, or the body broke off. */
export function networkFailure(cause: unknown, url: string): Failure {
  const code = codeOf(cause)
  const reached = neverSent.has(code) ? 'no' : 'maybe'
  const why = code === '' ? messageOf(cause) : code
  return { error: new EventStoreError('UNREACHABLE', `no answer from ${url}: ${why}`, { url, cause: why }, { cause }), reached, waitMs: 0 }
}

/** Node's `fetch` wraps what happened, several times when it tried several addresses. */
function codeOf(error: unknown): string {
  for (let one = error, depth = 0; depth < 4 && typeof one === 'object' && one !== null; depth++) {
    const { code, cause, errors } = one as { code?: unknown; cause?: unknown; errors?: unknown }
    if (typeof code === 'string') return code
    one = cause ?? (Array.isArray(errors) ? (errors as unknown[])[0] : undefined)
  }
  return ''
}

function messageOf(error: unknown): string {
  const inner = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return inner instanceof Error ? inner.message : String(inner)
}

/** The answer says that it was refused: problem+json of a node, or a page of something before it. */
export async function refusal(answer: FetchAnswer, url: string): Promise<Failure> {
  const text = new TextDecoder().decode(new Uint8Array(await answer.arrayBuffer()))
  const error = problemIn(text)
  const waitMs = secondsIn(answer.headers.get('retry-after')) * 1000
  if (error !== undefined) return { error, reached: 'answered', waitMs }
  const details = { url, status: answer.status }
  // A gateway between us says what it met; whether the node got the request is not known.
  if (answer.status === 429 || answer.status >= 502)
    return {
      error: new EventStoreError('UNREACHABLE', `${url} answered ${answer.status}, not as a node does`, details),
      reached: 'maybe',
      waitMs,
    }
  const message = `${url} answered ${answer.status}, not as a node does: is it the address of one?`
  return { error: new EventStoreError('INVALID', message, { ...details, field: 'url' }), reached: 'answered', waitMs: 0 }
}

interface Problem {
  readonly code: ErrorCode
  readonly title?: string
  readonly detail?: string
  readonly details?: ErrorDetails
}

/** The error that a problem+json tells of; undefined for anything else. */
function problemIn(text: string): EventStoreError | undefined {
  try {
    const problem = JSON.parse(text) as Problem | null
    if (problem === null || typeof problem.code !== 'string' || !Object.hasOwn(errorCodes, problem.code)) return undefined
    const { code, detail, title, details } = problem
    return new EventStoreError(code, detail ?? title ?? code, details ?? {})
  } catch {
    return undefined
  }
}

function secondsIn(text: string | null): number {
  const seconds = Number(text ?? 0)
  return Number.isFinite(seconds) && seconds > 0 ? seconds : 0
}

/** Nothing is stored by a request that is refused so, and later it may not be. */
const passing: readonly ErrorCode[] = ['BUSY', 'QUOTA', 'NOT_LEADER', 'CLOSED']

/** May the same request be sent again? `isRepeatable`: done twice it is as if done once. */
export function mayBeSentAgain({ error, reached }: Failure, isRepeatable: boolean): boolean {
  if (reached === 'no') return true
  if (reached === 'maybe') return isRepeatable
  return passing.includes(error.code) || (error.code === 'UNKNOWN_OUTCOME' && isRepeatable)
}

/** What the caller of an append hears when it may have been stored. */
export function unknownOutcome(failure: EventStoreError): EventStoreError {
  const message = `${failure.message}; the events may or may not have been stored: read, or append again with the same ids`
  return new EventStoreError('UNKNOWN_OUTCOME', message, failure.details, { cause: failure })
}
