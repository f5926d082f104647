/** A `fetch` that answers what a test says, one answer a request, and notes what was asked. */
import type { Fetch, FetchAnswer } from '../../client/fetch.ts'
import { connect, type ConnectOptions, type RemoteTenant } from '../../client/index.ts'
import { type ErrorCode, errorCodes } from '../../event/error.ts'

export interface Asked {
  readonly method: string
  readonly url: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | undefined
}

/** One answer: made when it is asked for; may reject as `fetch` does. */
export type Scripted = (asked: Asked, signal: AbortSignal) => FetchAnswer | Promise<FetchAnswer>

export interface Script {
  readonly fetch: Fetch
  readonly asked: Asked[]
}

/** The last answer is given again to whoever asks more. */
export function scripted(...answers: Scripted[]): Script {
  const asked: Asked[] = []
  const fetch: Fetch = async (url, { method, headers, body, signal }) => {
    const one: Asked = { method, url, path: url.replace(/^https?:\/\/[^/]*/, ''), headers, body }
    asked.push(one)
    signal.throwIfAborted()
    return answers[Math.min(asked.length, answers.length) - 1]!(one, signal)
  }
  return { fetch, asked }
}

/** A client of a scripted node that does not wait between attempts. */
export function client({ fetch }: Script, options: Partial<ConnectOptions> = {}): RemoteTenant {
  return connect({ url: 'http://node.test', fetch, retry: { delayMs: 0 }, ...options })
}

const encoder = new TextEncoder()

export function answer(status: number, body: string, headers: Readonly<Record<string, string>> = {}): FetchAnswer {
  const bytes = encoder.encode(body)
  return {
    status,
    headers: { get: name => headers[name] ?? null },
    body: pieces([bytes]),
    arrayBuffer: async () => bytes.slice().buffer,
  }
}

export const json =
  (value: unknown, status = 200): Scripted =>
  () =>
    answer(status, JSON.stringify(value))

export const problem =
  (code: ErrorCode, { details = {}, headers = {} }: { details?: object; headers?: Record<string, string> } = {}): Scripted =>
  () =>
    answer(errorCodes[code].http, JSON.stringify({ code, title: 'title', detail: `as told: ${code}`, details }), headers)

/** Rejects as Node's fetch does, with the code of the system. */
export const broken =
  (code: string): Scripted =>
  () =>
    Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error(code), { code }) }))

/** An answer whose body comes in pieces and then ends or breaks off. */
export function streamed(chunks: readonly Uint8Array[], breaksOff: boolean): FetchAnswer {
  return { ...answer(200, ''), body: pieces(chunks, breaksOff) }
}

async function* pieces(chunks: readonly Uint8Array[], breaksOff = false): AsyncGenerator<Uint8Array> {
  yield* chunks
  if (breaksOff) throw new TypeError('terminated')
}
