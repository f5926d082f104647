/** Appends that are not simply to one stream by its name: to several, with conditions, by a given key. Claims keys, and sends in the order of calls. */
import { systemClock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import type { AppendAnswer, RequestOptions, StreamsAnswer } from '../event/event-store.ts'
import { encodeTerms } from '../event/condition.ts'
import { DUPLICATE, emptyOutcome, errorOf, KEY_CLAIMED, type Outcome, STORED, unknownOutcome, WRONG_VERSION } from '../event/outcome.ts'
import { positionOf } from '../event/position.ts'
import { rebuild } from '../event/rebuild-request.ts'
import { CLAIM, durabilities, RequestBuilder } from '../event/request.ts'
import { localName, type Scope, scopeOf } from '../event/scope.ts'
import { claimStreamOf, ownKeyOf, partitionOf, partitionOfKey } from '../event/stream-id.ts'
import { type AskedAppend, askedAppend, type AskedStream, askedStreams, encodeAsked } from './asked-append.ts'
import { systemTimers } from '../event/timers.ts'
import type { Writer } from './encode-append.ts'
import { PartitionKeys } from './partition-keys.ts'
import type { PendingRequest } from './pending.ts'
import type { Router } from './router.ts'
import { claimSeen, justClaimed } from './unseen-claims.ts'

/** Appends that wait for claims at a time. */
const WAITING_MAX = 1024
/** Room for a request of its own, at first. */
const SMALL_BYTES = 2048
/** Whatever the store promises: events must not be on disk, in another shard, without the claim that leads to them. */
const CLAIM_DURABILITY = durabilities.indexOf('disk')

export const CLAIMED_TYPE = 'partition-key.claimed'

/** What is told of a request beside its builder. */
export interface MadeRequest {
  readonly partition: number
  readonly events: number
  readonly durability: number
  readonly expected: number
  readonly producer: string
  readonly producerSequence: number
}

interface Waiting {
  readonly asked: AskedAppend
  readonly builder: RequestBuilder
  readonly settle: (outcome: Outcome | null, key: string) => void
  readonly reject: (error: Error) => void
  failure: Error | null
}

export class KeyedAppends {
  readonly keys = new PartitionKeys()
  readonly #router: Router
  readonly #builder = new RequestBuilder()
  readonly #claiming = new Set<string>()
  /** In the order of calls. */
  #waiting: Waiting[] = []
  /** Stored names of the streams of those that wait: later appends to them wait, too. */
  #held = new Set<string>()
  #watchers: (() => void)[] = []

  constructor(router: Router) {
    this.#router = router
    this.keys.othersClaim = router.options.othersClaim ?? false
  }

  /** Appends that wait for claims. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** True when an append to this stream (here and below, its stored name) by its name may have to go elsewhere or to wait. */
  concerns(stream: string, partition: number): boolean {
    return (this.#held.size > 0 && this.#held.has(stream)) || (this.keys.reader?.hasClaims(partition) ?? false)
  }

  /** Resolves when no append to the stream waits any more; null when none does. */
  released(stream: string): Promise<void> | null {
    if (!this.#held.has(stream)) return null
    return new Promise<void>(resolve => this.#watchers.push(resolve)).then(() => this.released(stream) ?? undefined)
  }

  toStream(stream: AskedStream, options: RequestOptions, scope: Scope): Promise<AppendAnswer> {
    return this.#append([stream], options, scope, (asked, outcome, key) => ({
      stream: stream.stream,
      firstVersion: outcome.firstVersion,
      version: outcome.version,
      ...this.#placed(asked, outcome, key),
    }))
  }

  /** Whatever is wrong with what was given is a rejection. */
  async toStreams(given: unknown, options: RequestOptions, writer: Writer): Promise<StreamsAnswer> {
    const streams = askedStreams(given, this.#router.options.limits, writer)
    const answer = (asked: AskedAppend, outcome: Outcome, key: string): StreamsAnswer => ({
      ...this.#placed(asked, outcome, key),
      streams: writtenOf(asked, outcome),
    })
    return this.#append(streams, options, writer.scope, answer, true)
  }

  #placed(
    asked: AskedAppend,
    { firstSequence, sequence, stamp }: Outcome,
    key: string,
  ): Omit<StreamsAnswer & { duplicate?: false }, 'streams'> {
    const partition = this.#partition(asked, key)
    const durability = durabilities[asked.durability]!
    return { partition, firstSequence, sequence, stamp, position: positionOf(stamp, partition, sequence), durability }
  }

  /** An append by a stream's own name that met a key which another node claimed goes to where that leads. False: it is to be answered. */
  goesAgain(request: PendingRequest, { status, copy }: Outcome): boolean {
    if (status !== KEY_CLAIMED || !copy || request.settle) return false
    const { stream, expected: expectedVersion, events, durability, resolve, reject } = request
    const view = copy.view()
    const stored = view.streamName(0)
    const { producerSequence, expected } = view
    const one = { stream, stored, events: [], expectedVersion: expectedVersion as AskedStream['expectedVersion'], expected }
    const [scope, producer] = [scopeOf(stored), view.producer()]
    const asked = { scope, streams: [one], events, key: undefined, queries: [], durability, producer, producerSequence }
    const settle = (outcome: Outcome | null, key: string): void => {
      if (outcome && this.#meetsClaim(asked, outcome, settle, reject!)) return
      if (outcome?.status === STORED)
        resolve!({ stream, firstVersion: outcome.firstVersion, version: outcome.version, ...this.#placed(asked, outcome, key) })
      else if (outcome?.status === DUPLICATE) resolve!({ duplicate: true, highest: outcome.sequence })
      else reject!(this.#refusal(asked, outcome, key))
    }
    return this.#meetsClaim(asked, { ...emptyOutcome(), status, copy }, settle, reject!)
  }

  /** Waits for a claim that is not seen here yet, and sends what was sent before it anew. */
  #meetsClaim(asked: AskedAppend, { status, firstVersion, copy }: Outcome, settle: Waiting['settle'], reject: Waiting['reject']): boolean {
    if (status !== KEY_CLAIMED || !copy) return false
    const builder = new RequestBuilder(SMALL_BYTES)
    rebuild(copy, builder, this.#router.options.streamHash)
    this.#waiting.push({ asked, builder, settle, reject, failure: null })
    this.#awaitClaim(asked.streams[firstVersion]!.stored)
    this.#goOn()
    return true
  }

  #awaitClaim(stream: string): void {
    this.#claiming.add(stream)
    const { clock = systemClock, timers = systemTimers, limits } = this.#router.options
    void claimSeen(stream, this.keys, { clock, timers, limits }).then(failure => {
      this.#claiming.delete(stream)
      if (failure) for (const one of this.#waiting) if (one.asked.streams.some(({ stored }) => stored === stream)) one.failure ??= failure
      this.#goOn()
    })
  }

  #append<Answer>(
    streams: readonly AskedStream[],
    options: RequestOptions,
    scope: Scope,
    answer: (asked: AskedAppend, outcome: Outcome, key: string) => Answer,
    isMany = false,
  ): Promise<Answer | { duplicate: true; highest: number }> {
    const { limits, streamHash } = this.#router.options
    const asked = askedAppend(streams, options, { limits, scope, durability: this.#router.durabilityOf(options.durability) })
    encodeAsked(asked, this.#builder, limits, streamHash, isMany)
    const waits = streams.some(({ stored }) => this.#held.has(stored)) || this.keys.of(asked).toClaim.length > 0
    // What waits must not change when the caller uses its own objects again.
    const builder = waits ? new RequestBuilder(SMALL_BYTES) : this.#builder
    if (waits) encodeAsked(asked, builder, limits, streamHash, isMany)
    return new Promise((resolve, reject) => {
      const settle = (outcome: Outcome | null, key: string): void => {
        if (outcome && this.#meetsClaim(asked, outcome, settle, reject)) return
        if (outcome?.status === STORED) resolve(answer(asked, outcome, key))
        else if (outcome?.status === DUPLICATE) resolve({ duplicate: true, highest: outcome.sequence })
        else reject(this.#refusal(asked, outcome, key))
      }
      const one: Waiting = { asked, builder, settle, reject, failure: null }
      if (!waits) return this.#send(one)
      if (this.#waiting.length >= WAITING_MAX)
        throw new EventStoreError('BUSY', `${WAITING_MAX} appends wait for partition keys; try again shortly`, { limit: WAITING_MAX })
      this.#waiting.push(one)
      this.#goOn()
    })
  }

  #partition({ scope }: AskedAppend, key: string): number {
    return partitionOfKey(key, scope, this.#router.options.partitions)
  }

  #refusal(asked: AskedAppend, outcome: Outcome | null, key: string): EventStoreError {
    const { streams } = asked
    if (outcome === null) return unknownOutcome(streams[0]!.stream)
    const { status } = outcome
    const { stream, expectedVersion } =
      (status === WRONG_VERSION || status === KEY_CLAIMED ? streams[outcome.firstVersion] : undefined) ?? streams[0]!
    // Somebody else has claimed it: the next try finds that out.
    if (status === KEY_CLAIMED) this.keys.forget(asked.scope + stream)
    return errorOf(outcome, { stream, expected: expectedVersion, partition: this.#partition(asked, key) })
  }

  #send({ asked, builder, settle }: Waiting): void {
    const { streams, queries, events, durability, producer, producerSequence } = asked
    const { key } = this.keys.of(asked)
    const isKeyed = streams.map(({ stored }) => ownKeyOf(stored) !== key)
    if (isKeyed.includes(true)) builder.key(Buffer.from(key), stream => isKeyed[stream]!)
    if (streams.length > 1 || queries.length > 0) {
      const terms = queries.length > 0 ? encodeTerms({ scope: asked.scope, key, queries }) : undefined
      builder.widen(
        streams.map(({ expected }) => expected),
        terms,
      )
    }
    const partition = this.#partition(asked, key)
    const about = { partition, events, durability, expected: streams[0]!.expected, producer, producerSequence }
    this.#router.sendMade(builder, about, outcome => settle(outcome, key))
  }

  /** Sends what need not wait any more, and claims what nobody claims yet. `failed`: a claim that nobody knows the end of, or that was refused. */
  #goOn(failed?: { readonly stream: string; readonly error: Error }): void {
    const waiting = this.#waiting
    const held = new Set<string>()
    this.#waiting = waiting.filter(one => {
      const waits = one.asked.streams.some(({ stored }) => held.has(stored)) || !this.#tries(one, failed)
      if (waits) for (const { stored } of one.asked.streams) held.add(stored)
      return waits
    })
    this.#held = held
    for (const wake of this.#watchers.splice(0)) wake()
  }

  /** False when it has to wait: also with bad news, until all claims that were made for it are settled. */
  #tries(one: Waiting, failed: { readonly stream: string; readonly error: Error } | undefined): boolean {
    one.failure ??= this.#claimFor(one, failed)
    if (one.asked.streams.some(({ stored }) => this.#claiming.has(stored))) return false
    try {
      if (one.failure) throw one.failure
      this.#send(one)
    } catch (error) {
      one.reject(error as Error)
    }
    return true
  }

  /** Why it can not be, as far as is known by now. */
  #claimFor({ asked }: Waiting, failed: { readonly stream: string; readonly error: Error } | undefined): Error | null {
    try {
      const { key, toClaim } = this.keys.of(asked)
      if (failed && toClaim.includes(failed.stream)) return failed.error
      for (const stream of toClaim) if (!this.#claiming.has(stream)) this.#claim(stream, key)
      return null
    } catch (error) {
      return error as Error
    }
  }

  /** One event of a stream that none but us may write, together with the check that the stream has none at home. */
  #claim(stream: string, key: string): void {
    const { partitions, streamHash } = this.#router.options
    const builder = new RequestBuilder(SMALL_BYTES)
    builder.stream(claimStreamOf(stream), streamHash)
    builder.stream(stream, streamHash)
    builder.add(0, builder.type(CLAIMED_TYPE), 0, JSON.stringify({ stream: localName(stream), partitionKey: key }), null, 0)
    builder.widen([0, 0])
    builder.mark(CLAIM)
    const partition = partitionOf(stream, partitions)
    const about = { partition, events: 1, durability: CLAIM_DURABILITY, expected: -1, producer: '', producerSequence: 0 }
    this.#router.sendMade(builder, about, outcome => {
      // Another node was first, and what it claimed is not to be seen here yet.
      if (this.keys.othersClaim && outcome?.status === WRONG_VERSION && outcome.firstVersion === 0) return this.#awaitClaim(stream)
      this.#claiming.delete(stream)
      const error = this.#learned(stream, key, outcome)
      this.#goOn(error ? { stream, error } : undefined)
    })
    this.#claiming.add(stream)
  }

  /** Notes what a claim's answer says of the stream; an error when it says nothing. */
  #learned(stream: string, key: string, outcome: Outcome | null): Error | null {
    this.keys.forget(stream)
    if (outcome === null) return unknownOutcome(localName(stream))
    if (outcome.status === STORED) this.keys.has(stream, key)
    else if (outcome.status === WRONG_VERSION && outcome.firstVersion === 1) this.keys.has(stream, ownKeyOf(stream))
    else if (outcome.status === WRONG_VERSION) return this.#lookedUp(stream)
    else return errorOf(outcome, { stream: localName(stream), expected: 0, partition: 0 })
    return null
  }

  /** There is a claim: what it says is in the log. */
  #lookedUp(stream: string): Error | null {
    try {
      return this.keys.keyOf(stream) === undefined ? justClaimed(stream) : null
    } catch (error) {
      return error as Error
    }
  }
}

function writtenOf({ streams }: AskedAppend, outcome: Outcome): { stream: string; firstVersion: number; version: number }[] {
  return streams.flatMap(({ stream, events }, number) => {
    if (events.length === 0) return []
    const version = outcome.versions?.[number] ?? outcome.version
    return [{ stream, firstVersion: version - events.length + 1, version }]
  })
}
