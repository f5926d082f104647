/** What a leader knows of one process that sends it requests: which of its messages came, the request that comes in pieces, and what it was answered. */
import { type Piece, processNumber, type RequestsHead, type TicketAnswer } from '../../actors/forward-messages.ts'
import type { Outcome } from '../../event/outcome.ts'

/** Processes of a node that are known to have ended. */
const FORMER_MAX = 64
/** Answers that are kept until the sender has them. */
const KEPT_MAX = 16_384
/** An answer with more versions is not kept. */
const KEPT_VERSIONS = 64

export class ForwardedFrom {
  readonly node: string
  readonly incarnation: string
  /** As messages to it bear it. */
  readonly process: number
  readonly former: Set<string>
  readonly answers: TicketAnswer[] = []
  /** By ticket; the sender has not said that it has them. */
  readonly kept = new Map<number, Outcome>()
  /** Of requests that are in a shard. */
  bytes = 0
  session = 0
  /** The first message of the session that will not be taken any more; 0: none is lost. */
  missing = 0
  #next = 1
  #joining: { readonly ticket: number; readonly bytes: Uint8Array; at: number } | null = null
  /** By partition: the last turn of which a request was refused. */
  readonly #refused = new Map<number, number>()

  /** `before`: the process of the same node that this one takes the place of. */
  constructor(node: string, incarnation: string, before?: ForwardedFrom) {
    this.node = node
    this.incarnation = incarnation
    this.process = processNumber(incarnation)
    this.former = new Set(before ? [...before.former, before.incarnation].slice(-FORMER_MAX) : [])
  }

  /** True for the next message of its session; every other one has come already, or one before it has not. */
  takes({ session, number, lowest }: RequestsHead): boolean {
    if (session < this.session) return false
    if (session > this.session) {
      this.session = session
      this.missing = 0
      this.#next = 1
      this.#joining = null
    }
    for (const ticket of this.kept.keys()) {
      if (ticket >= lowest) break
      this.kept.delete(ticket)
    }
    if (number > this.#next && this.missing === 0) this.missing = this.#next
    if (number !== this.#next || this.missing > 0) return false
    this.#next++
    return true
  }

  /** The bytes of a request that is whole now. Pieces come one behind the other; one that does not is of nothing. */
  joined({ ticket, requestBytes, offset, bytes }: Piece, requestBytesMax: number): ArrayBuffer | null {
    if (requestBytes > requestBytesMax) return null
    if (offset === 0) this.#joining = { ticket, bytes: new Uint8Array((requestBytes + 7) & ~7), at: 0 }
    const joining = this.#joining
    if (joining?.ticket !== ticket || joining.at !== offset || offset + bytes.length > joining.bytes.length) return null
    joining.bytes.set(bytes, offset)
    joining.at += bytes.length
    if (joining.at < requestBytes) return null
    this.#joining = null
    return joining.bytes.buffer as ArrayBuffer
  }

  /** What was sent with a request that came back comes back, too: it must not be stored before that one. */
  wasRefused(partition: number, turn: number): boolean {
    return turn <= (this.#refused.get(partition) ?? 0)
  }

  refused(partition: number, turn: number): void {
    this.#refused.set(partition, Math.max(turn, this.#refused.get(partition) ?? 0))
  }

  keep({ ticket, outcome }: TicketAnswer): void {
    if ((outcome.versions?.length ?? 0) > KEPT_VERSIONS) return
    for (const oldest of this.kept.keys()) if (this.kept.size >= KEPT_MAX) this.kept.delete(oldest)
    this.kept.set(ticket, outcome)
  }
}
