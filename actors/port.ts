/** The boundary of a shard's worker: requests through a ring of shared memory, larger ones as transferred buffers behind a mark in the ring, answers through a second ring. One sender, one receiver. */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads'
import { type Outcome } from '../event/outcome.ts'
import { type RequestBuilder, type RequestHead, type RequestTarget, type RequestView, type SealedRequest, targetOf } from '../event/request.ts'

/** Requests up to this size are copied through the ring. */
export const RING_REQUEST_BYTES = 16 * 1024
const ANSWER_BYTES = 48
const CONTROL_BYTES = 256
/** Marks in the first word of a frame. */
const WRAP = 0xffffffff
const TRANSFERRED = 0xfffffffe

/** Words of the control block; those the two sides write lie on lines of their own. */
const at = { sent: 0, taken: 16, wake: 17, sleeping: 18, answered: 32, published: 33, heartbeat: 34, mainSleeping: 48, read: 49, stop: 50 } as const

export interface PortOptions {
  /** A power of two. */
  readonly ringBytes: number
  /** Requests that may be unanswered; a power of two. */
  readonly requests: number
}

/** Plain data that may be posted to the worker. */
export interface PortData extends PortOptions {
  readonly control: SharedArrayBuffer
  readonly ring: SharedArrayBuffer
  readonly answers: SharedArrayBuffer
}

export function createPort(options: PortOptions): PortData {
  return { ...options, control: new SharedArrayBuffer(CONTROL_BYTES), ring: new SharedArrayBuffer(options.ringBytes), answers: new SharedArrayBuffer(options.requests * ANSWER_BYTES) }
}

/** Where a router sends requests to: a worker's ring, or an actor in the same thread. */
export interface ShardPort {
  /** Bytes a request may have now; 0 when nothing fits. */
  room(): number
  send(builder: RequestBuilder, sealed: SealedRequest, head: RequestHead): void
  /** Calls `answered` for each answer that has come. */
  drain(answered: (request: number, outcome: Outcome) => void): void
  /** Requests whose effects readers can see; a 32-bit count that wraps. */
  readonly published: number
  /** Resolves when answers have come or requests were published; at the latest after `timeoutMs`. */
  changed(timeoutMs: number): Promise<void>
  /** No more requests will come. */
  stop(): void
}

/** Main's end. */
export class RingSender implements ShardPort {
  readonly #control: Int32Array
  readonly #ring: RequestTarget
  readonly #mask: number
  readonly #answers: RequestTarget
  readonly #answerMask: number
  readonly #post: (buffer: ArrayBuffer) => void
  readonly #transferBytesMax: number
  readonly #outcome: Outcome = { status: 0, firstVersion: 0, version: 0, firstSequence: 0, sequence: 0, stamp: 0 }
  #transferred: { request: number; bytes: number }[] = []
  #transferredBytes = 0
  #read = 0
  #sent = 0
  #unanswered = 0

  constructor(data: PortData, options: { post: (buffer: ArrayBuffer) => void; transferBytesMax: number }) {
    this.#control = new Int32Array(data.control)
    this.#ring = targetOf(data.ring)
    this.#mask = data.ringBytes - 1
    this.#answers = targetOf(data.answers)
    this.#answerMask = data.requests - 1
    this.#post = options.post
    this.#transferBytesMax = options.transferBytesMax
  }

  room(): number {
    const used = (this.#sent - Atomics.load(this.#control, at.taken)) >>> 0
    if (used + 2 * RING_REQUEST_BYTES > this.#mask || this.#unanswered >= this.#answerMask) return 0
    return Math.max(0, this.#transferBytesMax - this.#transferredBytes)
  }

  send(builder: RequestBuilder, sealed: SealedRequest, head: RequestHead): void {
    this.#unanswered++
    if (sealed.bytes > RING_REQUEST_BYTES) {
      const buffer = new ArrayBuffer((sealed.bytes + 7) & ~7)
      builder.writeTo(targetOf(buffer), 0, sealed, head)
      this.#post(buffer)
      this.#transferred.push({ request: head.request, bytes: sealed.bytes })
      this.#transferredBytes += sealed.bytes
      this.#frame(8, byte => {
        this.#ring.words[byte >>> 2] = TRANSFERRED
      })
    } else {
      this.#frame((sealed.bytes + 7) & ~7, byte => builder.writeTo(this.#ring, byte, sealed, head))
    }
    if (Atomics.load(this.#control, at.sleeping) === 1) this.#wake()
  }

  #frame(bytes: number, write: (byte: number) => void): void {
    let byte = this.#sent & this.#mask
    if (byte + bytes > this.#mask + 1) {
      this.#ring.words[byte >>> 2] = WRAP
      this.#sent = (this.#sent + this.#mask + 1 - byte) | 0
      byte = 0
    }
    write(byte)
    this.#sent = (this.#sent + bytes) | 0
    Atomics.store(this.#control, at.sent, this.#sent)
  }

  #wake(): void {
    Atomics.store(this.#control, at.sleeping, 0)
    Atomics.add(this.#control, at.wake, 1)
    Atomics.notify(this.#control, at.wake)
  }

  drain(answered: (request: number, outcome: Outcome) => void): void {
    const end = Atomics.load(this.#control, at.answered)
    const outcome = this.#outcome
    while (this.#read !== end) {
      const byte = (this.#read & this.#answerMask) * ANSWER_BYTES
      const { words, floats } = this.#answers
      const w = byte >>> 2
      const f = byte >>> 3
      const request = words[w]!
      outcome.status = words[w + 1]!
      outcome.firstVersion = words[w + 2]!
      outcome.version = words[w + 3]!
      outcome.firstSequence = floats[f + 2]!
      outcome.sequence = floats[f + 3]!
      outcome.stamp = floats[f + 4]!
      this.#read = (this.#read + 1) | 0
      this.#unanswered--
      if (this.#transferred.length > 0) this.#settleTransfer(request)
      answered(request, outcome)
    }
    Atomics.store(this.#control, at.read, this.#read)
  }

  #settleTransfer(request: number): void {
    const found = this.#transferred.findIndex(transfer => transfer.request === request)
    if (found < 0) return
    this.#transferredBytes -= this.#transferred[found]!.bytes
    this.#transferred.splice(found, 1)
  }

  get published(): number {
    return Atomics.load(this.#control, at.published) >>> 0
  }

  async changed(timeoutMs: number): Promise<void> {
    const seen = Atomics.load(this.#control, at.heartbeat)
    if (Atomics.load(this.#control, at.answered) !== this.#read) return
    Atomics.store(this.#control, at.mainSleeping, 1)
    const waited = Atomics.waitAsync(this.#control, at.heartbeat, seen, timeoutMs)
    if (Atomics.load(this.#control, at.answered) !== this.#read) return
    if (waited.async) await waited.value
  }

  stop(): void {
    Atomics.store(this.#control, at.stop, 1)
    this.#wake()
  }
}

/** Where a shard's actor takes requests from and puts answers to. */
export interface RequestSource {
  /** Reads the next request into `view` without taking it; false when none waits. */
  peek(view: RequestView): boolean
  /** Takes the request that was read: its bytes may be overwritten. */
  take(): void
  /** Bytes that wait, about. */
  readonly waiting: number
  readonly stopped: boolean
}

export interface AnswerSink {
  answer(request: number, outcome: Outcome): void
  /** Lets the sender see all answers, and how many requests readers can see. */
  flush(published: number): void
}

/** The worker's end. */
export class RingReceiver implements RequestSource, AnswerSink {
  readonly #control: Int32Array
  readonly #ring: RequestTarget
  readonly #mask: number
  readonly #answers: RequestTarget
  readonly #answerMask: number
  readonly #transfers: MessagePort
  #taken: number
  #frame = 0
  #answered: number

  constructor(data: PortData, transfers: MessagePort) {
    this.#control = new Int32Array(data.control)
    this.#ring = targetOf(data.ring)
    this.#mask = data.ringBytes - 1
    this.#answers = targetOf(data.answers)
    this.#answerMask = data.requests - 1
    this.#transfers = transfers
    this.#taken = Atomics.load(this.#control, at.taken)
    this.#answered = Atomics.load(this.#control, at.answered)
  }

  peek(view: RequestView): boolean {
    if (this.#frame > 0) return true
    for (;;) {
      if (Atomics.load(this.#control, at.sent) === this.#taken) return false
      const byte = this.#taken & this.#mask
      const mark = this.#ring.words[byte >>> 2]!
      if (mark === WRAP) {
        this.#taken = (this.#taken + this.#mask + 1 - byte) | 0
        continue
      }
      if (mark === TRANSFERRED) {
        const message = receiveMessageOnPort(this.#transfers) as { message: ArrayBuffer } | undefined
        if (!message) return false
        view.read(targetOf(message.message), 0)
        this.#frame = 8
        return true
      }
      view.read(this.#ring, byte)
      this.#frame = (mark + 7) & ~7
      return true
    }
  }

  take(): void {
    this.#taken = (this.#taken + this.#frame) | 0
    this.#frame = 0
    Atomics.store(this.#control, at.taken, this.#taken)
  }

  get waiting(): number {
    return (Atomics.load(this.#control, at.sent) - this.#taken) >>> 0
  }

  get stopped(): boolean {
    return Atomics.load(this.#control, at.stop) === 1
  }

  answer(request: number, outcome: Outcome): void {
    const byte = (this.#answered & this.#answerMask) * ANSWER_BYTES
    const { words, floats } = this.#answers
    const w = byte >>> 2
    const f = byte >>> 3
    words[w] = request
    words[w + 1] = outcome.status
    words[w + 2] = outcome.firstVersion
    words[w + 3] = outcome.version
    floats[f + 2] = outcome.firstSequence
    floats[f + 3] = outcome.sequence
    floats[f + 4] = outcome.stamp
    this.#answered = (this.#answered + 1) | 0
  }

  flush(published: number): void {
    Atomics.store(this.#control, at.answered, this.#answered)
    Atomics.store(this.#control, at.published, published | 0)
    this.beat()
    if (Atomics.exchange(this.#control, at.mainSleeping, 0) === 1) Atomics.notify(this.#control, at.heartbeat)
  }

  /** Says that the worker is alive. */
  beat(): void {
    Atomics.add(this.#control, at.heartbeat, 1)
  }

  /** Resolves when a request may have come, at the latest after `timeoutMs`. */
  async arrived(timeoutMs: number): Promise<void> {
    const seen = Atomics.load(this.#control, at.wake)
    Atomics.store(this.#control, at.sleeping, 1)
    if (this.waiting > 0 || this.stopped) return
    const waited = Atomics.waitAsync(this.#control, at.wake, seen, timeoutMs)
    if (waited.async) await waited.value
  }
}
