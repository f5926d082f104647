/** Follows: lines as they come; a connection that breaks is made again behind the last event, so that there is no gap and no double. */
import { fromPlainError } from '../event/error.ts'
import type { Event, Position, Version } from '../event/event.ts'
import type { DataOptions } from '../event/event-store.ts'
import { eventIn } from './event-json.ts'
import { type Failure, mayBeSentAgain, networkFailure } from './failure.ts'
import { chunksOf, linesOf } from './fetch.ts'
import { delayBefore, pause } from './retry.ts'
import type { Ask, QueryValue, Wire } from './wire.ts'

/** A node says where it is at least each second; after this long without a word the connection is taken for dead. */
const silentMs = 15_000

export interface Follow {
  readonly query: Readonly<Record<string, QueryValue>>
  /** Where to begin; undefined for the first event there is. */
  readonly from: Promise<Version | Position | undefined>
  readonly of: 'stream' | 'all'
  readonly data: DataOptions
  readonly signal: AbortSignal | undefined
  /** Told where the follow is, when no event came. */
  readonly reached?: ((position: Position) => void) | undefined
  /** Nothing can pass, which no parameter says; so nothing is asked, and nothing ever comes. */
  readonly isOfNothing?: boolean
}

type PlainError = Parameters<typeof fromPlainError>[0]

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** What a line of a follow says. */
type Line = { readonly event: Event } | { readonly position: Position } | { readonly failure: Failure }

export async function* followed(wire: Wire, follow: Follow): AsyncGenerator<Event> {
  const { of, signal } = follow
  const stopped = signal === undefined ? wire.closed : AbortSignal.any([wire.closed, signal])
  const isOver = (): boolean => {
    if (signal?.aborted) return true
    wire.check()
    return false
  }
  if (isOver()) return
  if (follow.isOfNothing) await new Promise(resolve => stopped.addEventListener('abort', resolve, { once: true }))
  if (isOver()) return
  let from = await follow.from
  let failures = 0
  while (!isOver()) {
    let failure: Failure | undefined
    for await (const line of linesFrom(wire, askFor(follow, from), { data: follow.data, stopped })) {
      if (isOver()) return
      if ('failure' in line) failure = line.failure
      else {
        failures = 0
        if ('event' in line) {
          from = of === 'stream' ? line.event.version + 1 : line.event.position
          yield line.event
          if (isOver()) return
        } else if (of === 'all') {
          from = line.position
          follow.reached?.(line.position)
        }
      }
    }
    if (isOver()) return
    failure ??= networkFailure(new Error('the node ended the follow'), wire.url)
    failures++
    if (failures >= wire.retry.attempts || !mayBeSentAgain(failure, true)) throw failure.error
    await pause(delayBefore(failures + 1, wire.retry, failure.waitMs, wire.clock), stopped)
  }
}

function askFor({ query }: Follow, from: Version | Position | undefined): Ask {
  return { path: '/v1/follow', query: { ...query, from }, accept: 'application/x-ndjson' }
}

/** Lines of one connection, and last the failure that ended it, if one did. Whoever stops asking closes the connection. */
async function* linesFrom(wire: Wire, ask: Ask, { data, stopped }: { data: DataOptions; stopped: AbortSignal }): AsyncGenerator<Line> {
  const left = new AbortController()
  const silence = new Silence(left)
  const signal = AbortSignal.any([left.signal, stopped])
  try {
    silence.begin()
    const outcome = await wire.once(ask, signal, async answer => linesOf(chunksOf(answer)))
    if ('failure' in outcome) return yield outcome
    try {
      for await (const line of outcome.value) {
        silence.end()
        // A blank one only shows that the node is there.
        if (line.length > 0) yield lineOf(decoder.decode(line), data)
        silence.begin()
      }
    } catch (cause) {
      yield { failure: networkFailure(cause, wire.url) }
    }
  } finally {
    silence.end()
    left.abort()
  }
}

/** An event, the place where a filtered follow is, or why the node ends it. */
function lineOf(text: string, data: DataOptions): Line {
  const { stream, position, error } = JSON.parse(text) as { stream?: string; position?: Position; error?: PlainError }
  if (stream !== undefined) return { event: eventIn(text, data) }
  if (position !== undefined) return { position }
  if (error !== undefined) return { failure: { error: fromPlainError(error), reached: 'answered', waitMs: 0 } }
  throw new Error('a line that is no event')
}

/** Ends a connection that says nothing for too long while somebody waits for it. */
class Silence {
  readonly #left: AbortController
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(left: AbortController) {
    this.#left = left
  }

  begin(): void {
    this.#timer = setTimeout(() => this.#left.abort(new Error(`nothing came for ${silentMs} ms`)), silentMs)
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
