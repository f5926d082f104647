/** The writer's side of one partition: checks a request whole, then numbers its events into blocks. Nothing here waits or touches a disk. */
import { DUPLICATE, type Outcome, STORED, WRONG_VERSION } from '../../event/outcome.ts'
import { EXTRAS, STAMPS, WIDE } from '../../event/request.ts'
import { type RequestView } from '../../event/request-view.ts'
import type { VersionMap } from '../index/version-map.ts'
import { Block } from './block.ts'
import { BlockBuilder, extrasBytesOf } from './block-builder.ts'

/** What a partition asks of the shard that holds it. */
export interface PartitionHost {
  readonly versions: VersionMap
  /** Takes a full block: gives it a number, puts it into the batch. */
  blockReady(partition: PartitionLog): void
  /** Highest number of a producer on disk, 0 when unknown. */
  producerHighest(partition: number, producer: string): number
  /** Notes that a producer's highest number is part of the next commit. */
  producerMoved(partition: number, producer: string, highest: number): void
  /** Counts what was stored for its tenant. */
  requestStored(partition: number, request: RequestView): void
  /** Remembers the ids of a request's event that goes into the open block. */
  idAdded(partition: PartitionLog, request: RequestView, extrasStart: number, extrasBytes: number): void
}

const U32 = 0x1_0000_0000

export class PartitionLog {
  readonly partition: number
  readonly rank: number
  readonly builder: BlockBuilder
  /** Last sequence, stamp and CRC given; provisional until the commit settles. */
  sequence = 0
  stamp = 0
  crc = 0
  /** True when something was given since the last commit. */
  dirty = false
  /** Hash words (lo, hi, check) of the ids in the open block. */
  readonly openIds: number[] = []
  readonly #host: PartitionHost
  readonly #producers = new Map<string, number>()
  #slots = new Uint32Array(16)
  #names = new Uint32Array(32)
  readonly #kind = { stream: 0, type: 0, version: 0, stamp: 0, encoding: 0 }
  /** The open block as readers of blocks see it, and how many events it had then. */
  #seen: { readonly block: Block; readonly sequence: number } | null = null
  readonly #run = { stream: 0, type: 0, firstVersion: 0, firstStamp: 0 }

  constructor(partition: number, rank: number, host: PartitionHost) {
    this.partition = partition
    this.rank = rank
    this.builder = new BlockBuilder(partition)
    this.#host = host
  }

  /** Answers a producer's repeated request from what is known; true when it did. */
  answersProducer(request: RequestView, outcome: Outcome): boolean {
    const producer = request.producer()
    const highest = this.producerHighest(producer)
    if (request.producerSequence > highest) return false
    outcome.status = DUPLICATE
    outcome.sequence = highest
    return true
  }

  producerHighest(producer: string): number {
    let highest = this.#producers.get(producer)
    if (highest === undefined) {
      highest = this.#host.producerHighest(this.partition, producer)
      this.#producers.set(producer, highest)
    }
    return highest
  }

  /** A block that was built elsewhere is the partition's last now. */
  took(block: Block): void {
    this.sequence = block.lastSequence
    this.stamp = Math.max(this.stamp, block.lastStamp)
    this.crc = block.crc
    this.dirty = true
  }

  /** Later events have a higher stamp than this, though none is stored with it. */
  close(stamp: number): void {
    if (stamp <= this.stamp) return
    this.stamp = stamp
    this.dirty = true
  }

  forgetProducers(): void {
    this.#producers.clear()
  }

  /** Checks what is expected of each stream; true when the request may go on. */
  expects(request: RequestView, outcome: Outcome): boolean {
    if (!(request.flags & WIDE)) return request.expected === -1 || this.#isAt(request, 0, outcome)
    for (let stream = 0; stream < request.streams; stream++) if (!this.#isAt(request, stream, outcome)) return false
    return true
  }

  #isAt(request: RequestView, stream: number, outcome: Outcome): boolean {
    const expected = request.expectedOf(stream)
    if (expected === -1) return true
    const { words } = request
    const s = request.streamTable + stream * 4
    const actual = this.#host.versions.of(words[s]!, words[s + 1]!, words[s + 2]!)
    if (expected === -2 ? actual > 0 : actual === expected) return true
    outcome.status = WRONG_VERSION
    outcome.firstVersion = stream
    outcome.version = actual
    return false
  }

  /** The events that no block holds yet, as one; null when there are none. */
  openBlock(): Block | null {
    const { builder, sequence } = this
    if (builder.count === 0) return null
    if (this.#seen?.sequence !== sequence) this.#seen = { block: new Block(-1, builder.seal(0, false)), sequence }
    return this.#seen.block
  }

  /** Numbers all events of a request that was checked. */
  store(request: RequestView, outcome: Outcome): void {
    const firstStamp = request.firstStamp > this.stamp ? request.firstStamp : this.stamp + 1
    outcome.status = STORED
    outcome.firstSequence = this.sequence + 1
    if (request.streams === 1 && request.types === 1 && !(request.flags & EXTRAS)) this.#storeRun(request, firstStamp, outcome)
    else this.#storeEach(request, firstStamp, outcome)
    outcome.sequence = this.sequence
    outcome.stamp = this.stamp
    this.dirty = true
    this.#host.requestStored(this.partition, request)
    if (request.producerBytes > 0) {
      const producer = request.producer()
      this.#producers.set(producer, request.producerSequence)
      this.#host.producerMoved(this.partition, producer, request.producerSequence)
    }
  }

  #storeRun(request: RequestView, firstStamp: number, outcome: Outcome): void {
    const { words, streamTable: s } = request
    const { versions } = this.#host
    const slot = versions.slot(words[s]!, words[s + 1]!, words[s + 2]!)
    const before = versions.versions[slot]!
    versions.versions[slot] = before + request.events
    outcome.firstVersion = before + 1
    outcome.version = before + request.events
    const { builder } = this
    const run = this.#run
    run.firstVersion = before + 1
    run.firstStamp = firstStamp
    let from = 0
    let payload = request.payload
    while (from < request.events) {
      this.#openBlock(firstStamp)
      run.stream = builder.stream(words[s]!, words[s + 1]!, words[s + 2]!, request.bytes, request.names, words[s + 3]!)
      run.type = builder.type(request.bytes, request.names + words[s + 3]!, words[request.typeTable]!)
      const bytesBefore = builder.payloadBytes
      const n = builder.addRun(request, from, payload, run)
      payload += builder.payloadBytes - bytesBefore
      from += n
      this.sequence += n
      this.stamp = builder.lastStamp
      if (builder.full) this.sealBlock()
    }
  }

  #storeEach(request: RequestView, firstStamp: number, outcome: Outcome): void {
    const { words } = request
    const slots = this.#slotsOf(request)
    const names = this.#nameStarts(request)
    const { versions } = this.#host.versions
    const stamps = request.flags & STAMPS ? request.stampTable : 0
    const kind = this.#kind
    let payload = request.payload
    let extras = request.extras
    outcome.firstVersion = 0
    for (let i = 0; i < request.events; i++) {
      const pair = words[request.eventTable + i * 2]!
      const size = words[request.eventTable + i * 2 + 1]!
      const stream = pair & 0xffff
      const slot = slots[stream]!
      const version = versions[slot]! + 1
      versions[slot] = version
      if (i === 0) outcome.firstVersion = version
      outcome.version = version
      kind.version = version
      kind.encoding = size >>> 30
      kind.stamp = firstStamp + (stamps ? words[stamps + i]! : i)
      const bytes = size & 0x3fffffff
      const extrasBytes = extrasBytesOf(request, i)
      this.#openBlock(kind.stamp)
      const s = request.streamTable + stream * 4
      kind.stream = this.builder.stream(words[s]!, words[s + 1]!, words[s + 2]!, request.bytes, names[stream]!, words[s + 3]!)
      const type = pair >>> 16
      kind.type = this.builder.type(request.bytes, names[request.streams + type]!, words[request.typeTable + type]!)
      this.builder.add(kind, request.bytes, payload, bytes, extras, extrasBytes)
      if (extrasBytes > 0) this.#host.idAdded(this, request, extras, extrasBytes)
      payload += bytes
      extras += extrasBytes
      this.sequence++
      this.stamp = kind.stamp
      if (this.builder.full) this.sealBlock()
    }
    if (request.flags & WIDE && request.streams > 1)
      outcome.versions = Uint32Array.from({ length: request.streams }, (_, stream) => versions[slots[stream]!]!)
  }

  /** Slots of all streams first: making one may move the others. */
  #slotsOf(request: RequestView): Uint32Array {
    const { words, streams, streamTable } = request
    const { versions } = this.#host
    if (this.#slots.length < streams) this.#slots = new Uint32Array(streams * 2)
    let generation = -1
    while (generation !== versions.generation) {
      generation = versions.generation
      for (let i = 0; i < streams; i++) {
        const s = streamTable + i * 4
        this.#slots[i] = versions.slot(words[s]!, words[s + 1]!, words[s + 2]!)
      }
    }
    return this.#slots
  }

  /** Where each stream's and type's name begins in the request. */
  #nameStarts(request: RequestView): Uint32Array {
    const { words, streams, streamTable, types, typeTable } = request
    if (this.#names.length < streams + types) this.#names = new Uint32Array((streams + types) * 2)
    let at = request.names
    for (let i = 0; i < streams; i++) {
      this.#names[i] = at
      at += words[streamTable + i * 4 + 3]!
    }
    for (let i = 0; i < types; i++) {
      this.#names[streams + i] = at
      at += words[typeTable + i]!
    }
    return this.#names
  }

  /** Begins a block when none is open; a block can not span more than 2³² stamps (17 minutes). */
  #openBlock(stamp: number): void {
    const { builder } = this
    if (builder.count > 0 && stamp - builder.firstStamp >= U32) this.sealBlock()
    if (builder.count === 0) builder.begin(this.sequence + 1)
  }

  /** Hands the open block over, if there is one. */
  sealBlock(): void {
    if (this.builder.count === 0) return
    this.#host.blockReady(this)
    this.builder.count = 0
    this.openIds.length = 0
  }
}
