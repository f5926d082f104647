/**
 * The way to the shards of a process of another node: requests of a turn go in one message, larger ones in pieces. What a lost message held is sent
 * again when the process says that it will never take it; an answer that does not come stays unknown, and whoever waits gives it up by its own clock.
 */
import { BUS_BYTES, type Bus } from '../cluster/bus.ts'
import type { Envelopes } from '../cluster/envelopes.ts'
import type { Outcome } from '../event/outcome.ts'
import type { RequestCopy } from '../event/request-copy.ts'
import type { StampClock } from '../event/stamp.ts'
import type { Timers } from '../event/timers.ts'
import { APPEND, processNumber, readAnswers, RequestsMessage } from './forward-messages.ts'

/** Bytes of requests without an answer, at most; one that is larger goes alone. */
export const WINDOW_BYTES = 8 * 1024 * 1024
export const WINDOW_REQUESTS = 8192
/** Room for the envelope. */
export const BODY_BYTES = BUS_BYTES - 2048
/** Without an answer for so long, it asks whether its messages came. */
const PROBE_MS = 200
/** A node that is asked so often and says nothing is sent nothing more: what waits here can still be sent to another. */
const UNHEARD_PROBES = 2

export interface ForwardedRequest {
  readonly copy: RequestCopy
  /** See `Piece.turn`. */
  readonly turn: number
  answered(outcome: Outcome): void
  /** The other node has not taken it, and never will. Not called within `send`. */
  returned(): void
}

export interface RemotePortOptions {
  /** This process of this node. */
  readonly incarnation: string
  /** The other node, and the process of it that is meant: one that takes its place is sent nothing of this. */
  readonly node: string
  readonly peer: string
  readonly bus: Bus
  readonly envelopes: Envelopes
  readonly stamps: StampClock
  readonly timers: Timers
  /** Called behind answers and returns, when there may be room. */
  readonly freed: () => void
}

interface Try {
  readonly request: ForwardedRequest
  readonly bytes: number
  readonly session: number
  /** Number of the message with its last piece. */
  last: number
}

export class RemotePort {
  readonly #options: RemotePortOptions
  readonly #process: number
  readonly #peer: number
  readonly #tries = new Map<number, Try>()
  /** Null while it rests. */
  #gathered: RequestsMessage | null = null
  #bytes = 0
  #ticket = 0
  #session = 1
  /** Of the last message that was sent. */
  #number = 0
  #flushes = false
  /** Something was sent or heard since the last probe. */
  #isLively = false
  /** Probes since something was heard. */
  #unheard = 0
  #stopProbe: (() => void) | null = null

  constructor(options: RemotePortOptions) {
    this.#options = options
    this.#process = processNumber(options.incarnation)
    this.#peer = processNumber(options.peer)
  }

  get #message(): RequestsMessage {
    return (this.#gathered ??= new RequestsMessage(BODY_BYTES))
  }

  /** Requests without an answer. */
  get size(): number {
    return this.#tries.size
  }

  hasRoomFor(bytes: number): boolean {
    if (!this.#options.bus.isConnected) return false
    if (this.#tries.size === 0) return true
    return this.#unheard < UNHEARD_PROBES && this.#tries.size < WINDOW_REQUESTS && this.#bytes + bytes <= WINDOW_BYTES
  }

  /** Answers the number of this try, for `forget`. */
  send(request: ForwardedRequest): number {
    const { copy, turn } = request
    const ticket = (this.#ticket = (this.#ticket + 1) >>> 0)
    const requestBytes = copy.bytes
    const one: Try = { request, bytes: requestBytes, session: this.#session, last: Number.POSITIVE_INFINITY }
    this.#tries.set(ticket, one)
    this.#bytes += requestBytes
    for (let offset = 0; offset < requestBytes;) {
      // A small request is not cut for the room that is left.
      const whole = requestBytes - offset
      if (this.#message.pieces > 0 && this.#message.room < Math.min(whole, BODY_BYTES / 2)) this.#publish()
      const end = Math.min(requestBytes, offset + this.#message.room)
      this.#message.add({ ticket, turn, requestBytes, offset, bytes: copy.slice(offset, end) })
      offset = end
    }
    one.last = this.#number + 1
    this.#flushSoon()
    return ticket
  }

  /** Its answer will find nobody. */
  forget(ticket: number): void {
    const one = this.#tries.get(ticket)
    if (!one) return
    this.#tries.delete(ticket)
    this.#bytes -= one.bytes
  }

  #flushSoon(): void {
    if (this.#flushes) return
    this.#flushes = true
    setImmediate(() => {
      this.#flushes = false
      if (this.#gathered && this.#gathered.pieces > 0) this.#publish()
    })
  }

  #publish(): void {
    const { bus, envelopes, node, stamps } = this.#options
    const [lowest = this.#ticket + 1] = this.#tries.keys()
    const number = ++this.#number
    const body = this.#message.take({ to: this.#peer, session: this.#session, number, lowest, stamp: stamps.last })
    // What is not sent at all is missing at once: nobody else can have taken it.
    if (!bus.isConnected) return this.#returnSoon(number)
    bus.publish(`node.${node}.append`, envelopes.seal(APPEND, body))
    this.#isLively = true
    this.#probeLater()
  }

  #returnSoon(missing: number): void {
    const session = this.#session
    setImmediate(() => {
      this.#return(session, missing)
      this.#options.freed()
    })
  }

  #probeLater(): void {
    this.#stopProbe ??= this.#options.timers.after(PROBE_MS, () => {
      this.#stopProbe = null
      if (this.#tries.size === 0) return
      if (!this.#isLively) {
        this.#unheard++
        this.#publish()
      }
      this.#isLively = false
      this.#probeLater()
    })
  }

  /** Takes the body of a message of answers of that process; what is none, or is for another process than this, is left alone. */
  received(body: Uint8Array): void {
    const message = readAnswers(body)
    if (message?.to !== this.#process) return
    const { session, missing, stamp, answers } = message
    this.#isLively = true
    this.#unheard = 0
    this.#options.stamps.see(stamp)
    for (const { ticket, outcome } of answers) {
      const one = this.#tries.get(ticket)
      if (!one) continue
      this.forget(ticket)
      one.request.answered(outcome)
    }
    if (missing > 0) this.#return(session, missing)
    this.#options.freed()
  }

  /** Messages from this number on are not taken in that session. */
  #return(session: number, missing: number): void {
    if (session !== this.#session) return
    this.#session = (this.#session % 0xffffffff) + 1
    this.#number = 0
    this.#gathered?.clear()
    const back = Array.from(this.#tries).filter(([, one]) => one.session === session && one.last >= missing)
    for (const [ticket, { request }] of back) {
      this.forget(ticket)
      request.returned()
    }
  }

  /**
   * Nothing may be sent for long: gives its room back. Its numbers go on, because answers may come late, and the other process takes no session a
   * second time.
   */
  rest(): void {
    if (this.#tries.size === 0 && this.#gathered?.pieces === 0) this.#gathered = null
  }

  stop(): void {
    this.#stopProbe?.()
    this.#stopProbe = null
    this.#tries.clear()
  }
}
