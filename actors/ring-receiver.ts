/** The worker's end of a shard's port. */
import { receiveMessageOnPort, type MessagePort } from 'node:worker_threads'
import { ANSWER_VERSIONS, type Outcome } from '../event/outcome.ts'
import { type RequestTarget, targetOf } from '../event/request.ts'
import type { RequestView } from '../event/request-view.ts'
import { ANSWER_BYTES, type AnswerSink, at, type PortData, type RequestSource, TRANSFERRED, VERSIONS, WRAP } from './port.ts'

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
    if (outcome.versions) this.#answerVersions(outcome.versions)
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

  #answerVersions(versions: Uint32Array): void {
    for (let from = 0; from < versions.length; from += ANSWER_VERSIONS) {
      const w = ((this.#answered & this.#answerMask) * ANSWER_BYTES) >>> 2
      this.#answers.words[w] = VERSIONS
      this.#answers.words.set(versions.subarray(from, from + ANSWER_VERSIONS), w + 1)
      this.#answered = (this.#answered + 1) | 0
    }
  }

  flush(published: number): void {
    // In this order: who sees an answer must find the horizon moved past it.
    Atomics.store(this.#control, at.published, published | 0)
    Atomics.store(this.#control, at.answered, this.#answered)
    this.beat()
    if (Atomics.exchange(this.#control, at.mainSleeping, 0) === 1) Atomics.notify(this.#control, at.heartbeat)
  }

  /** Says that the worker is alive. */
  beat(): void {
    Atomics.add(this.#control, at.heartbeat, 1)
  }

  /** Ends the wait below: there is something else to do. */
  wake(): void {
    Atomics.add(this.#control, at.wake, 1)
    Atomics.notify(this.#control, at.wake)
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
