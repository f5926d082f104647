/** What a cluster's port holds of requests without an answer: each with its bytes, those of a partition in the order of calls. */
import { isSameTerm, type KnownLeader } from '../cluster/leaders.ts'
import type { RequestCopy } from '../event/request-copy.ts'
import type { RemotePort } from './remote-port.ts'

export interface LedRequest {
  /** The router's. */
  readonly number: number
  readonly copy: RequestCopy
  /** Milliseconds of the monotonic clock: then nobody waits for it any more. */
  readonly deadlineMs: number
  /** `waiting`: nobody has it. `left`: a former leader may have it, and it is not sent again. */
  state: 'waiting' | 'sent' | 'left' | 'settled'
  /** The try at a node elsewhere. */
  ticket: { readonly port: RemotePort; readonly number: number } | null
}

/** Places at the front of a list that are left empty before all behind them are moved. */
const HEAD_MAX = 1024

/** Requests of one partition. */
export class Lane {
  readonly partition: number
  waiting = 0
  /** In the order of calls, from `#head` on; none that is left. */
  #requests: LedRequest[] = []
  #head = 0
  /** Where the last ones were sent to. */
  leader: KnownLeader | null = null
  /** One came back since the last turn began: those sent with it are waited for before any is sent again. */
  isTurnedBack = false
  pausedUntilMs = 0
  /** Since when answers of a former leader are waited for; 0: they are not. */
  movedMs = 0
  turn = 1

  constructor(partition: number) {
    this.partition = partition
  }

  get size(): number {
    return this.#requests.length - this.#head
  }

  get sent(): number {
    return this.size - this.waiting
  }

  get oldest(): LedRequest | undefined {
    return this.#requests[this.#head]
  }

  get all(): LedRequest[] {
    return this.#requests.slice(this.#head)
  }

  /** Those that may be sent now. Where any is sent, all that wait come behind it. */
  get next(): LedRequest[] {
    return this.#requests.slice(this.#head + this.sent)
  }

  add(request: LedRequest): void {
    this.#requests.push(request)
    this.waiting++
  }

  /** From now on it is in nobody's hands. */
  turnBack(request: LedRequest, pausedUntilMs: number): void {
    request.state = 'waiting'
    request.ticket = null
    this.waiting++
    this.isTurnedBack = true
    this.pausedUntilMs = pausedUntilMs
  }

  /** Its outcome is told; mostly it is the oldest. */
  settle(request: LedRequest): void {
    const index = this.#requests.indexOf(request, this.#head)
    if (request.state === 'waiting') this.waiting--
    request.state = 'settled'
    if (index === this.#head) this.#dropOldest()
    else if (index > 0) this.#requests.splice(index, 1)
  }

  #dropOldest(): void {
    if (++this.#head < HEAD_MAX && this.#head < this.#requests.length) return
    this.#requests.splice(0, this.#head)
    this.#head = 0
  }

  /** Those that a former leader did not answer in time: others go on without them. */
  leave(): LedRequest[] {
    const left = this.all.filter(({ state }) => state === 'sent')
    this.#requests = this.all.filter(({ state }) => state !== 'sent')
    this.#head = 0
    for (const request of left) request.state = 'left'
    return left
  }

  isLedBy(leader: KnownLeader): boolean {
    return isSameTerm(this.leader, leader)
  }

  /** Requests that wait go to this leader, as a new turn unless they follow those before. */
  beginTurn(leader: KnownLeader): void {
    if (this.isTurnedBack || !this.isLedBy(leader)) this.turn = (this.turn + 1) >>> 0
    this.leader = leader
    this.isTurnedBack = false
    this.movedMs = 0
  }
}
