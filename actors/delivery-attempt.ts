/** One attempt at a delivery: an HTTP request, and what its answer means. */
import { EventStoreError } from '../event/error.ts'
import { type Delivery, idempotencyKey, signatureOf } from './delivery.ts'

/** `again`: worth another attempt, not before `afterMs`. `refused`: no other attempt can mend it. */
export type Attempt =
  | { readonly kind: 'taken' }
  | { readonly kind: 'again'; readonly cause: string; readonly afterMs: number }
  | { readonly kind: 'refused'; readonly cause: string }

export interface AttemptOptions {
  /** Ends the attempt: nobody waits for its answer any more. */
  readonly signal: AbortSignal
  readonly environment: Readonly<Record<string, string | undefined>>
  /** ms since the epoch, for a `Retry-After` that is a date. */
  now(): number
}

const againStatuses: ReadonlySet<number> = new Set([408, 425, 429])
const answerBytesMax = 64 * 1024
/** Of an answer that is shown to people. */
const answerTextMax = 300

/** Rejects with INVALID when its secret is not there: that is no matter of the receiver's. */
export async function attemptDelivery(delivery: Delivery, { signal, environment, now }: AttemptOptions): Promise<Attempt> {
  const { method, url, body, timeoutMs } = delivery
  const headers = headersOf(delivery, environment)
  const ending = new AbortController()
  const end = (): void => ending.abort()
  const timer = setTimeout(end, timeoutMs)
  signal.addEventListener('abort', end)
  if (signal.aborted) end()
  try {
    const response = await fetch(url, { method, headers, body, redirect: 'manual', signal: ending.signal })
    const answer = await textOf(response).catch(() => '')
    return meaningOf(`${method} ${url}`, response, { answer, now })
  } catch (error) {
    const cause = ending.signal.aborted ? `no answer in ${timeoutMs} ms` : causeOf(error)
    return { kind: 'again', cause: `${method} ${url}: ${cause}`, afterMs: 0 }
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', end)
  }
}

function headersOf(delivery: Delivery, environment: AttemptOptions['environment']): Record<string, string> {
  const { body, headers, secretEnvironment, step } = delivery
  const made = { ...headers, 'idempotency-key': idempotencyKey(delivery) }
  if (secretEnvironment === undefined) return made
  const secret = environment[secretEnvironment]
  if (secret === undefined || secret === '') throw missingSecret(step, secretEnvironment)
  return { ...made, 'allsource-signature': signatureOf(body, secret) }
}

export function missingSecret(step: string, variable: string): EventStoreError {
  return new EventStoreError('INVALID', `step ${step}: the environment variable ${variable} with its secret is not set`, { step, variable })
}

function meaningOf(
  request: string,
  { status, statusText, headers, ok }: Response,
  { answer, now }: Pick<AttemptOptions, 'now'> & { readonly answer: string },
): Attempt {
  if (ok) return { kind: 'taken' }
  const said = answer === '' ? '' : `: ${answer}`
  const cause = `${request} was answered ${status}${statusText && ` ${statusText}`}${said}`
  if (againStatuses.has(status) || status >= 500) return { kind: 'again', cause, afterMs: retryAfterMs(headers.get('retry-after'), now) }
  return { kind: 'refused', cause: status < 400 ? `${cause} (redirects are not followed)` : cause }
}

/** Seconds or a date; 0 when it says neither. */
function retryAfterMs(value: string | null, now: () => number): number {
  if (value === null) return 0
  if (/^\d+$/.test(value)) return Number(value) * 1000
  const at = Date.parse(value)
  return Number.isNaN(at) ? 0 : Math.max(0, at - now())
}

/** The beginning of an answer. It is read to its end, so that the connection serves the next request, unless it is long. */
async function textOf(response: Response): Promise<string> {
  if (response.body === null) return ''
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body as AsyncIterable<Uint8Array>) {
    if (bytes < answerTextMax) parts.push(part)
    bytes += part.length
    if (bytes > answerBytesMax) break
  }
  return Buffer.concat(parts).toString().slice(0, answerTextMax).trim()
}

/** `fetch` says only that it failed; why stands in what caused it. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  if (!(cause instanceof Error)) return String(cause)
  const { code } = cause as NodeJS.ErrnoException
  return cause.message || code || cause.name
}
