/** The port to a shard's actor in the same thread: for nodes in memory, tests and simulators. The same requests, no boundary. */
import type { Outcome } from '../event/outcome.ts'
import { type RequestHead, type RequestTarget, type RequestWriter, type SealedRequest, targetOf } from '../event/request.ts'
import { type RequestView } from '../event/request-view.ts'
import type { AnswerSink, RequestSource, ShardPort } from './port.ts'

export class LocalPort implements ShardPort, RequestSource, AnswerSink {
  published = 0
  stopped = false
  waiting = 0
  readonly #bytesMax: number
  readonly #queue: RequestTarget[] = []
  readonly #answers: { request: number; outcome: Outcome }[] = []
  readonly #run: () => void
  #head = 0
  #scheduled = false
  #wake: (() => void) | null = null

  /** `run` lets the actor work through what waits; called once a turn of the event loop. */
  constructor(options: { bytesMax: number; run: () => void }) {
    this.#bytesMax = options.bytesMax
    this.#run = options.run
  }

  room(): number {
    return Math.max(0, this.#bytesMax - this.waiting)
  }

  hasRoomFor(sizes: readonly number[]): boolean {
    return this.waiting === 0 || this.waiting + sizes.reduce((sum, size) => sum + size + 8, 0) <= this.#bytesMax
  }

  send(writer: RequestWriter, sealed: SealedRequest, head: RequestHead): void {
    const target = targetOf(new ArrayBuffer((sealed.bytes + 7) & ~7))
    writer.writeTo(target, 0, sealed, head)
    this.#queue.push(target)
    this.waiting += target.bytes.length
    this.#schedule()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.#run()
    })
  }

  peek(view: RequestView): boolean {
    const target = this.#queue[this.#head]
    if (!target) return false
    view.read(target, 0)
    return true
  }

  take(): void {
    this.waiting -= this.#queue[this.#head]!.bytes.length
    if (++this.#head < this.#queue.length) return
    this.#queue.length = 0
    this.#head = 0
  }

  answer(request: number, outcome: Outcome): void {
    this.#answers.push({ request, outcome: { ...outcome } })
  }

  flush(published: number): void {
    this.published = published >>> 0
    this.#wake?.()
    this.#wake = null
  }

  drain(answered: (request: number, outcome: Outcome) => void): void {
    for (const { request, outcome } of this.#answers.splice(0)) answered(request, outcome)
  }

  changed(): Promise<void> {
    if (this.#answers.length > 0) return Promise.resolve()
    return new Promise(resolve => {
      this.#wake = resolve
    })
  }

  stop(): void {
    this.stopped = true
    this.#schedule()
    this.#wake?.()
  }
}
