/** Requests to one node: addressed, retried where that is safe, and answered with what an embedded node would say. */
import { type Clock, systemClock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import { type Failure, mayBeSentAgain, networkFailure, refusal, unknownOutcome } from './failure.ts'
import type { Fetch, FetchAnswer } from './fetch.ts'
import { delayBefore, pause, type Retrying } from './retry.ts'

export type QueryValue = string | number | boolean | readonly string[] | undefined

export interface Ask {
  /** Default GET. */
  readonly method?: 'POST' | 'DELETE'
  /** Begins with a slash; its parts are encoded. */
  readonly path: string
  /** What is undefined is left out; of a list each text is a parameter of its own. */
  readonly query?: Readonly<Record<string, QueryValue>>
  readonly body?: string
  /** Default `application/json`. */
  readonly contentType?: string
  readonly accept?: string
  /** Done twice it is as if done once. Default: true without a method. */
  readonly isRepeatable?: boolean
  /** It may have stored events when there is no answer. */
  readonly appends?: boolean
  /** How long an answer may take. Default: the client's; 0 for ever. */
  readonly timeoutMs?: number
  /** Part of work that was accepted before: sent though the client is closing. */
  readonly isAccepted?: boolean
  /** Waits for something to happen, so that closing the client ends it. */
  readonly waits?: boolean
}

export interface WireOptions {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly fetch: Fetch
  readonly retry: Retrying
  readonly timeoutMs: number
  readonly clock?: Clock
}

export type Outcome<Value> = { readonly value: Value } | { readonly failure: Failure }

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

export const segment = (text: string): string => encodeURIComponent(text)

export class Wire {
  readonly url: string
  readonly retry: Retrying
  readonly clock: Clock
  readonly #options: WireOptions
  /** Aborted when the client is closed. */
  readonly #closing = new AbortController()
  readonly #inFlight = new Set<Promise<unknown>>()

  constructor(options: WireOptions) {
    this.#options = options
    this.url = options.url
    this.retry = options.retry
    this.clock = options.clock ?? systemClock
  }

  get closed(): AbortSignal {
    return this.#closing.signal
  }

  /** Throws CLOSED once the client is closing. */
  check(): void {
    if (this.closed.aborted) throw new EventStoreError('CLOSED', 'the client is closed')
  }

  /** What was asked is answered, follows end; resolves then. */
  async close(): Promise<void> {
    this.#closing.abort()
    await Promise.allSettled(this.#inFlight)
  }

  json<Value>(ask: Ask): Promise<Value> {
    return this.read(ask, text => JSON.parse(text) as Value)
  }

  /** What `parse` makes of the answer; INVALID when that is not JSON, as of a page that something before a node shows. */
  async read<Value>(ask: Ask, parse: (text: string) => Value): Promise<Value> {
    const text = await this.text(ask)
    try {
      return parse(text)
    } catch (cause) {
      const message = `${this.url} does not answer as a node does: is it the address of one?`
      throw new EventStoreError('INVALID', message, { url: this.url, field: 'url' }, { cause })
    }
  }

  /** The answer as text; throws when the node refuses, or when there is none after all attempts. */
  text(ask: Ask): Promise<string> {
    return ask.isAccepted === true ? this.#attempts(ask) : this.accept(() => this.#attempts(ask))
  }

  /** Work that is done to its end when the client is closed meanwhile. */
  async accept<Value>(work: () => Promise<Value>): Promise<Value> {
    this.check()
    const done = work()
    this.#inFlight.add(done)
    return done.finally(() => this.#inFlight.delete(done))
  }

  async #attempts(ask: Ask): Promise<string> {
    const isRepeatable = ask.isRepeatable ?? ask.method === undefined
    // Once it may have arrived, no later refusal to connect makes that undone.
    let mayBeDone = false
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#timed(ask)
      if ('value' in outcome) return outcome.value
      const { failure } = outcome
      if (ask.waits === true) this.check()
      mayBeDone ||= failure.reached === 'maybe'
      const isLast = attempt >= this.retry.attempts || !mayBeSentAgain(failure, isRepeatable)
      if (!isLast) await pause(delayBefore(attempt + 1, this.retry, failure.waitMs, this.clock), this.closed)
      if (!isLast && !this.closed.aborted) continue
      const isUnknown = ask.appends === true && mayBeDone && failure.reached !== 'answered'
      throw isUnknown ? unknownOutcome(failure.error) : failure.error
    }
  }

  /** One attempt that ends in time. */
  async #timed(ask: Ask): Promise<Outcome<string>> {
    const timeoutMs = ask.timeoutMs ?? this.#options.timeoutMs
    const ended = new AbortController()
    const late = new EventStoreError('UNREACHABLE', `no answer within ${timeoutMs} ms`)
    const timer = timeoutMs > 0 ? setTimeout(() => ended.abort(late), timeoutMs) : undefined
    try {
      return await this.once(ask, ended.signal, async answer => decoder.decode(new Uint8Array(await answer.arrayBuffer())))
    } finally {
      clearTimeout(timer)
    }
  }

  /** One attempt; `take` reads the answer, and what fails on the way is a failure too. */
  async once<Value>(ask: Ask, signal: AbortSignal, take: (answer: FetchAnswer) => Promise<Value>): Promise<Outcome<Value>> {
    const { method = 'GET', body, contentType = 'application/json', accept = 'application/json' } = ask
    const headers = { ...this.#options.headers, accept, ...(body !== undefined && { 'content-type': contentType }) }
    const both = ask.waits === true ? AbortSignal.any([signal, this.closed]) : signal
    try {
      const answer = await this.#options.fetch(this.#address(ask), { method, headers, signal: both, ...(body !== undefined && { body }) })
      if (answer.status < 200 || answer.status > 299) return { failure: await refusal(answer, this.url) }
      return { value: await take(answer) }
    } catch (cause) {
      return { failure: networkFailure(cause, this.url) }
    }
  }

  #address({ path, query = {} }: Ask): string {
    const parameters = new URLSearchParams()
    for (const [name, value] of Object.entries(query)) {
      if (typeof value === 'object') for (const one of value) parameters.append(name, one)
      else if (value !== undefined) parameters.append(name, String(value))
    }
    return this.url + path + (parameters.size === 0 ? '' : `?${parameters.toString()}`)
  }
}
