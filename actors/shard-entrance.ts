/**
 * The one sender into a shard's port where several have requests for it: this node's router, and other nodes. Requests come in under numbers of the
 * entrance's own, wait in order while the port is full, and are told what came of them.
 */
import { NOT_LEADER, emptyOutcome, type Outcome } from '../event/outcome.ts'
import type { RequestCopy } from '../event/request-copy.ts'
import type { ShardPort } from './port.ts'

export interface EnteringRequest {
  readonly copy: RequestCopy
  /** Null: nobody knows what came of it. Never called within `send`. */
  answered(outcome: Outcome | null): void
}

const POLL_MS = 1000

export function notLeaderOutcome(): Outcome {
  return { ...emptyOutcome(), status: NOT_LEADER }
}

export class ShardEntrance {
  #port: ShardPort | null = null
  readonly #sent = new Map<number, EnteringRequest>()
  /** In order; not in the port yet. */
  #waiting: EnteringRequest[] = []
  #next = 0
  readonly #mailboxBytes: number

  /** `mailboxBytes`: a request larger than that is let into an empty port. */
  constructor(mailboxBytes: number) {
    this.#mailboxBytes = mailboxBytes
  }

  /** False while the shard has no worker: what is sent then must be sent elsewhere or later. */
  get isOpen(): boolean {
    return this.#port !== null
  }

  /** Requests in it. */
  get size(): number {
    return this.#sent.size + this.#waiting.length
  }

  attach(port: ShardPort): void {
    this.#port = port
    void this.#listen(port)
  }

  /** The shard's worker is gone: nobody knows what came of what it had. */
  detach(): void {
    this.#port = null
    const [sent, waiting] = [[...this.#sent.values()], this.#waiting]
    this.#sent.clear()
    this.#waiting = []
    for (const request of sent) request.answered(null)
    for (const request of waiting) request.answered(notLeaderOutcome())
  }

  async #listen(port: ShardPort): Promise<void> {
    while (this.#port === port) {
      await port.changed(POLL_MS)
      if (this.#port === port) this.drain()
    }
  }

  /** The shard must be open. */
  send(request: EnteringRequest): void {
    this.#waiting.push(request)
    if (this.#waiting.length === 1) this.#enter()
  }

  #enter(): void {
    const port = this.#port
    if (!port) return
    let entered = 0
    for (const request of this.#waiting) {
      const { copy } = request
      if (port.room(copy.answers) < Math.min(copy.bytes, this.#mailboxBytes)) break
      this.#next = (this.#next + 1) & 0x7fffffff
      this.#sent.set(this.#next, request)
      port.send(copy, copy, copy.headAs(this.#next))
      entered++
    }
    this.#waiting.splice(0, entered)
  }

  /** Tells what the shard has answered, and lets in what there is room for now. */
  drain(): void {
    const port = this.#port
    if (!port) return
    const answers: [EnteringRequest, Outcome][] = []
    port.drain((number, outcome) => {
      const request = this.#sent.get(number)
      if (!request) return
      this.#sent.delete(number)
      answers.push([request, { ...outcome }])
    })
    for (const [request, outcome] of answers) {
      // What lies behind it must not be stored before it is sent again.
      if (outcome.status === NOT_LEADER) this.#turnBack(request.copy.partition)
      request.answered(outcome)
    }
    this.#enter()
  }

  #turnBack(partition: number): void {
    const back = this.#waiting.filter(({ copy }) => copy.partition === partition)
    if (back.length === 0) return
    this.#waiting = this.#waiting.filter(({ copy }) => copy.partition !== partition)
    for (const request of back) request.answered(notLeaderOutcome())
  }

  /** No more requests will come; what is in it may still be answered by the shard. */
  stop(): void {
    this.#port?.stop()
    this.#port = null
  }
}
