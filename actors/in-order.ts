/** `appendInOrder`: many events of many streams in call order, a batch at a time, waiting for room where a single append would answer BUSY. */
import { EventStoreError } from '../event/error.ts'
import type { Durability, NewEvent, Position } from '../event/event.ts'
import { errorOf, KEY_CLAIMED, type Outcome, unknownOutcome } from '../event/outcome.ts'
import { positionOf } from '../event/position.ts'
import { RequestBuilder } from '../event/request.ts'
import { DEFAULT_SCOPE } from '../event/scope.ts'
import { checkStreamId, ownKeyOf, partitionOf, partitionOfKey } from '../event/stream-id.ts'
import { refuseSystemStream } from './asked-append.ts'
import { addEvent, type Writer } from './encode-append.ts'
import type { Router } from './router.ts'

export interface OrderedItem {
  readonly stream: string
  readonly event: NewEvent
}

/** What is gathered for one partition; `firstStamp` counts from the batch's first. */
interface Gathered {
  readonly builder: RequestBuilder
  readonly firstStamp: number
  /** Ids given so far. */
  ids: Set<string> | null
}

function noteId(gathered: Gathered, id: string, index: number): void {
  gathered.ids ??= new Set()
  if (gathered.ids.has(id)) throw new EventStoreError('DUPLICATE_ID', `events[${index}].id was given before`, { event: index })
  gathered.ids.add(id)
}

/** A single append would look again; these events have others behind them. */
function claimedMeanwhile(): EventStoreError {
  return new EventStoreError(
    'PARTITION_KEY_MISMATCH',
    'a stream of appendInOrder was given another partition key while its events were on their way',
  )
}

/** Events numbered together: enough to fill blocks of every partition, few enough to wait little. */
const BATCH_EVENTS = 8192
/** Also much less than a shard's ring holds: a batch goes to the shards whole or not at all. */
const BATCH_BYTES = 2 * 1024 * 1024
/** Batches that may be unanswered at a time. */
const BATCHES_IN_FLIGHT = 8

export class OrderedAppend {
  readonly #router: Router
  readonly #durability: number
  readonly #writer: Writer
  readonly #builders = new Map<number, Gathered>()
  readonly #spare: RequestBuilder[] = []
  #events = 0
  #bytes = 0
  #stored = 0
  #inFlight = 0
  #failed: Error | null = null
  #position: Position | null = null
  #lastStamp = -1
  #wake: (() => void) | null = null

  constructor(router: Router, options: { durability?: Durability | undefined } & Partial<Writer> = {}) {
    this.#router = router
    this.#durability = router.durabilityOf(options.durability)
    this.#writer = { scope: options.scope ?? DEFAULT_SCOPE, isSystem: options.isSystem ?? false }
  }

  /** Takes one item; a promise when there is something to wait for first. */
  add(item: OrderedItem): Promise<void> | null {
    const { limits, partitions, streamHash } = this.#router.options
    const index = this.#stored + this.#events
    const { stream, event } = item
    checkStreamId(stream, limits)
    const { scope, isSystem } = this.#writer
    if (!isSystem) refuseSystemStream(stream)
    const stored = scope + stream
    const home = partitionOf(stored, partitions)
    const key = this.#router.keyed.concerns(stored, home) ? this.#keyOf(stored) : undefined
    if (key instanceof Promise) return key.then(() => this.add(item) ?? undefined)
    const partition = key === undefined ? home : partitionOfKey(key, scope, partitions)
    let gathered = this.#builders.get(partition)
    if (!gathered) {
      gathered = { builder: this.#spare.pop() ?? new RequestBuilder(), firstStamp: this.#events, ids: null }
      gathered.builder.clear()
      this.#builders.set(partition, gathered)
    }
    const before = gathered.builder.gatheredBytes
    const place = { index, scope, stream: gathered.builder.stream(stored, streamHash), stamp: this.#events }
    addEvent(gathered.builder, event, place, limits)
    if (key !== undefined) gathered.builder.keyLast(Buffer.from(key))
    if (event.id !== undefined) noteId(gathered, event.id, index)
    this.#events++
    this.#bytes += gathered.builder.gatheredBytes - before + stream.length + event.type.length
    return this.#events >= BATCH_EVENTS || this.#bytes >= BATCH_BYTES || gathered.builder.events >= limits.requestEvents
      ? this.flush()
      : null
  }

  /** The key claimed for a stream; a promise while one is being claimed. */
  #keyOf(stream: string): string | undefined | Promise<void> {
    const { keyed } = this.#router
    const waits = keyed.released(stream)
    if (waits) return waits
    const key = keyed.keys.keyOf(stream)
    return key === ownKeyOf(stream) ? undefined : key
  }

  /** Sends what was gathered, once there is room. */
  async flush(): Promise<void> {
    if (this.#events === 0) return
    const sizes = this.#sizesByShard()
    while (this.#inFlight >= BATCHES_IN_FLIGHT || !this.#router.hasRoom(sizes)) {
      this.#refuse()
      sizes.forEach((of, shard) => of.length > 0 && this.#router.refuseLost(shard))
      await (this.#inFlight > 0 ? this.#settled() : this.#router.roomMade())
    }
    this.#refuse()
    const lowestStamp = this.#router.options.stamps.take(this.#events)
    let open = this.#builders.size
    this.#inFlight++
    for (const [partition, { builder, firstStamp }] of this.#builders) {
      this.#router.sendGathered(
        builder,
        { partition, firstStamp: lowestStamp + firstStamp, lowestStamp, durability: this.#durability },
        outcome => {
          this.#note(partition, outcome)
          if (--open === 0) this.#batchSettled()
        },
      )
      this.#spare.push(builder)
    }
    this.#stored += this.#events
    this.#events = 0
    this.#bytes = 0
    this.#builders.clear()
  }

  #sizesByShard(): number[][] {
    const sizes: number[][] = Array.from({ length: this.#router.shards }, () => [])
    for (const [partition, { builder }] of this.#builders) sizes[partition % this.#router.shards]!.push(builder.seal().bytes)
    return sizes
  }

  #note(partition: number, outcome: Outcome | null): void {
    if (!outcome) this.#failed ??= unknownOutcome('of appendInOrder')
    else if (outcome.status === KEY_CLAIMED) this.#failed ??= claimedMeanwhile()
    else if (outcome.status > 1) this.#failed ??= errorOf(outcome, { stream: 'of appendInOrder', expected: 'any', partition })
    else if (outcome.stamp > this.#lastStamp) {
      this.#lastStamp = outcome.stamp
      this.#position = positionOf(outcome.stamp, partition, outcome.sequence)
    }
  }

  #batchSettled(): void {
    this.#inFlight--
    this.#wake?.()
    this.#wake = null
  }

  #settled(): Promise<void> {
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  #refuse(): void {
    if (this.#router.closed) throw this.#router.closed
    if (this.#failed) throw this.#failed
  }

  /** Sends the rest and waits until all is answered. */
  async end(): Promise<{ events: number; position: Position | null }> {
    await this.flush()
    while (this.#inFlight > 0) await this.#settled()
    this.#refuse()
    return { events: this.#stored, position: this.#position }
  }
}
