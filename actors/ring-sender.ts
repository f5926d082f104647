/** Main's end of a shard's port. */
import { ANSWER_VERSIONS, emptyOutcome, type Outcome } from '../event/outcome.ts'
import { type RequestHead, type RequestTarget, type RequestWriter, type SealedRequest, targetOf } from '../event/request.ts'
import { ANSWER_BYTES, at, type PortData, RING_REQUEST_BYTES, type ShardPort, TRANSFERRED, VERSIONS, WRAP } from './port.ts'

export class RingSender implements ShardPort {
  readonly #control: Int32Array
  readonly #ring: RequestTarget
  readonly #mask: number
  readonly #answers: RequestTarget
  readonly #answerMask: number
  readonly #post: (buffer: ArrayBuffer) => void
  readonly #transferBytesMax: number
  readonly #outcome: Outcome = emptyOutcome()
  #transferred: { request: number; bytes: number }[] = []
  #transferredBytes = 0
  /** Slots kept free beside the first for the answers to requests of several streams. */
  readonly #kept = new Map<number, number>()
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

  room(answers = 1): number {
    const used = (this.#sent - Atomics.load(this.#control, at.taken)) >>> 0
    if (used + 2 * RING_REQUEST_BYTES > this.#mask || this.#unanswered + answers > this.#answerMask) return 0
    return Math.max(0, this.#transferBytesMax - this.#transferredBytes)
  }

  hasRoomFor(sizes: readonly number[]): boolean {
    // Where the ring ends, up to a request's size may be skipped.
    let ring = RING_REQUEST_BYTES
    let transferred = 0
    for (const size of sizes) {
      if (size > RING_REQUEST_BYTES) transferred += size
      ring += size > RING_REQUEST_BYTES ? 8 : (size + 7) & ~7
    }
    const used = (this.#sent - Atomics.load(this.#control, at.taken)) >>> 0
    const transferable = transferred === 0 || this.#transferredBytes === 0 || this.#transferredBytes + transferred <= this.#transferBytesMax
    return transferable && used + ring <= this.#mask && this.#unanswered + sizes.length <= this.#answerMask
  }

  send(writer: RequestWriter, sealed: SealedRequest, head: RequestHead): void {
    this.#unanswered += sealed.answers
    if (sealed.answers > 1) this.#kept.set(head.request, sealed.answers - 1)
    if (sealed.bytes > RING_REQUEST_BYTES) {
      const buffer = new ArrayBuffer((sealed.bytes + 7) & ~7)
      writer.writeTo(targetOf(buffer), 0, sealed, head)
      this.#post(buffer)
      this.#transferred.push({ request: head.request, bytes: sealed.bytes })
      this.#transferredBytes += sealed.bytes
      this.#frame(8, byte => {
        this.#ring.words[byte >>> 2] = TRANSFERRED
      })
    } else {
      this.#frame((sealed.bytes + 7) & ~7, byte => writer.writeTo(this.#ring, byte, sealed, head))
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

  /** At the first request and not at the turn's end: the worker and its disk are to work while the rest is encoded (measured, a fifth). */
  #wake(): void {
    Atomics.store(this.#control, at.sleeping, 0)
    Atomics.add(this.#control, at.wake, 1)
    Atomics.notify(this.#control, at.wake)
  }

  drain(answered: (request: number, outcome: Outcome) => void): void {
    const end = Atomics.load(this.#control, at.answered)
    const outcome = this.#outcome
    const versions: number[] = []
    while (this.#read !== end) {
      const byte = (this.#read & this.#answerMask) * ANSWER_BYTES
      const { words, floats } = this.#answers
      const w = byte >>> 2
      const f = byte >>> 3
      const request = words[w]!
      this.#read = (this.#read + 1) | 0
      if (request === VERSIONS) {
        for (let i = 1; i <= ANSWER_VERSIONS; i++) versions.push(words[w + i]!)
        continue
      }
      outcome.status = words[w + 1]!
      outcome.firstVersion = words[w + 2]!
      outcome.version = words[w + 3]!
      outcome.firstSequence = floats[f + 2]!
      outcome.sequence = floats[f + 3]!
      outcome.stamp = floats[f + 4]!
      outcome.versions = versions.length === 0 ? null : Uint32Array.from(versions.splice(0))
      this.#unanswered--
      if (this.#kept.size > 0) this.#free(request)
      if (this.#transferred.length > 0) this.#settleTransfer(request)
      answered(request, outcome)
    }
    Atomics.store(this.#control, at.read, this.#read)
  }

  #free(request: number): void {
    this.#unanswered -= this.#kept.get(request) ?? 0
    this.#kept.delete(request)
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
