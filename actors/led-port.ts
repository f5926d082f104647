/**
 * The port of a shard in a cluster: each request goes to whoever leads its partition, here or elsewhere, and one that was certainly not stored goes
 * again, in the order of calls, until its time is over. To the router it is a port like any other.
 */
import { type KnownLeader, leaderDetails, type Leaders } from '../cluster/leaders.ts'
import { tooLarge } from '../event/check.ts'
import type { Clock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import type { Limits } from '../event/limits.ts'
import { CLOSED, emptyOutcome, KEY_CLAIMED, NOT_LEADER, type Outcome, UNKNOWN_OUTCOME } from '../event/outcome.ts'
import type { RequestHead, RequestWriter, SealedRequest } from '../event/request.ts'
import { RequestCopies } from '../event/request-copy.ts'
import type { StampClock } from '../event/stamp.ts'
import type { Timers } from '../event/timers.ts'
import { Lane, type LedRequest } from './led-requests.ts'
import type { ShardPort } from './port.ts'
import type { RemotePorts } from './remote-ports.ts'
import { notLeaderOutcome, type ShardEntrance } from './shard-entrance.ts'

/** Between two tries at the same leader, unless another is known before. */
export const RETRY_MS = 25
/**
 * A former leader that is there has handed over, and answers what it had: for so long others of the partition wait for that, and so long after that it
 * is unknown. One that is silent has been so for a while already.
 */
const FORMER_ANSWERS_MS = 2000
const FORMER_SILENT_MS = 100
/** Whoever waits is told that nothing was stored before the router would call it unknown. */
const BEFORE_ROUTER_MS = 250
const SWEEP_MS = 1000

export interface LedPortOptions {
  readonly leaders: Leaders
  readonly entrance: ShardEntrance
  readonly remotes: RemotePorts
  readonly stamps: StampClock
  readonly limits: Limits
  readonly clock: Clock
  readonly timers: Timers
}

export class LedPort implements ShardPort {
  /** Requests that are settled: none holds the order of all back here. */
  published = 0
  readonly #options: LedPortOptions
  readonly #copies = new RequestCopies()
  readonly #lanes = new Map<number, Lane>()
  /** Those with requests that wait, or that a former leader has. */
  readonly #waiting = new Set<Lane>()
  /** Requests at former leaders, with the time at which they are given up. */
  readonly #left = new Map<LedRequest, number>()
  readonly #answers: { request: number; outcome: Outcome }[] = []
  readonly #ends: (() => void)[]
  #bytes = 0
  #size = 0
  #wake: (() => void) | null = null
  #timer: { readonly atMs: number; readonly stop: () => void } | null = null
  #isStopped = false

  constructor(options: LedPortOptions) {
    this.#options = options
    this.#ends = [options.leaders.changed(() => this.#led()), options.remotes.freed(() => this.#goOn())]
  }

  room(): number {
    return Math.max(0, this.#options.limits.mailboxBytes - this.#bytes)
  }

  hasRoomFor(sizes: readonly number[]): boolean {
    return this.#size === 0 || this.#bytes + sizes.reduce((sum, size) => sum + size, 0) <= this.#options.limits.mailboxBytes
  }

  /** Requests without an answer. */
  get size(): number {
    return this.#size
  }

  send(writer: RequestWriter, sealed: SealedRequest, head: RequestHead): void {
    const { clock, entrance, limits } = this.#options
    const copy = this.#copies.copy(writer, sealed, head)
    // What is refused there by now must go before this one.
    entrance.drain()
    const timeoutMs = Math.max(limits.commitTimeoutMs / 2, limits.commitTimeoutMs - BEFORE_ROUTER_MS)
    const nowMs = clock.monotonic()
    const request: LedRequest = { number: head.request, copy, deadlineMs: nowMs + timeoutMs, state: 'waiting', ticket: null }
    const lane = this.#lane(head.partition)
    lane.add(request)
    this.#bytes += copy.bytes
    this.#size++
    this.#pump(lane, nowMs)
    this.#tickBy(nowMs + SWEEP_MS)
  }

  #lane(partition: number): Lane {
    let lane = this.#lanes.get(partition)
    if (!lane) this.#lanes.set(partition, (lane = new Lane(partition)))
    return lane
  }

  /** Sends what waits, if that keeps the order of calls. */
  #pump(lane: Lane, nowMs: number): void {
    if (this.#sendsAll(lane, nowMs)) return void this.#waiting.delete(lane)
    this.#waiting.add(lane)
    this.#tickBy(nowMs + RETRY_MS)
  }

  #sendsAll(lane: Lane, nowMs: number): boolean {
    if (lane.size === 0) return true
    const leader = this.#options.leaders.of(lane.partition)
    if (!leader || this.#isStopped) return lane.waiting === 0
    const isSame = lane.isLedBy(leader)
    if (isSame) lane.movedMs = 0
    // Also with nothing behind it, what a former leader has is not waited for until its time is over.
    if (lane.waiting === 0) return isSame || this.#isLeft(lane, leader, nowMs)
    if (lane.sent > 0 && (lane.isTurnedBack || !isSame) && !this.#isLeft(lane, leader, nowMs)) return false
    if (isSame && lane.isTurnedBack && nowMs < lane.pausedUntilMs) return false
    lane.beginTurn(leader)
    return lane.next.every(request => this.#forward(lane, request, leader))
  }

  /** True once what was sent before is answered, or its leader is a former one that takes too long. */
  #isLeft(lane: Lane, next: KnownLeader, nowMs: number): boolean {
    if (lane.isLedBy(next)) return false
    lane.movedMs ||= nowMs
    const patienceMs = this.#isThere(lane.leader, next) ? FORMER_ANSWERS_MS : FORMER_SILENT_MS
    if (nowMs - lane.movedMs < patienceMs) return false
    for (const request of lane.leave()) this.#left.set(request, nowMs + patienceMs)
    return true
  }

  /** Whether who led before the next leader may still answer. */
  #isThere(former: KnownLeader | null, next: KnownLeader): boolean {
    if (former?.node === next.node && former.incarnation !== next.incarnation) return false
    return former !== null && this.#options.leaders.isThere(former.node)
  }

  #forward(lane: Lane, request: LedRequest, { node, incarnation }: KnownLeader): boolean {
    const { leaders, entrance, limits, remotes } = this.#options
    const { copy } = request
    const answered = (outcome: Outcome | null): void => this.#answered(lane, request, outcome)
    if (node === leaders.self) {
      if (!entrance.isOpen) return false
      entrance.send({ copy, answered })
    } else {
      const port = remotes.to(node, incarnation)
      if (copy.bytes > limits.mailboxBytes) return this.#refuseLarge(lane, request)
      if (!port.hasRoomFor(copy.bytes)) return false
      const { turn } = lane
      const number = port.send({ copy, turn, answered, returned: () => this.#returned(lane, request) })
      request.ticket = { port, number }
    }
    request.state = 'sent'
    lane.waiting--
    return true
  }

  /** Another node takes requests in pieces, into a bounded place. */
  #refuseLarge(lane: Lane, request: LedRequest): true {
    const refusal = tooLarge('a request to another node', this.#options.limits.mailboxBytes, request.copy.bytes)
    this.#settle(lane, request, { ...notLeaderOutcome(), refusal })
    return true
  }

  #answered(lane: Lane, request: LedRequest, outcome: Outcome | null): void {
    const isElsewhere = request.ticket !== null
    // Given up meanwhile.
    if (request.state === 'settled') return
    if (outcome === null) return this.#settleUnknown(lane, request)
    this.#options.stamps.see(outcome.stamp)
    const isRefused = outcome.status === NOT_LEADER || (outcome.status === CLOSED && isElsewhere)
    if (!isRefused) return this.#settle(lane, request, outcome.status === KEY_CLAIMED ? { ...outcome, copy: request.copy } : outcome)
    this.#returned(lane, request, RETRY_MS)
  }

  /** It was not stored: it goes again. */
  #returned(lane: Lane, request: LedRequest, pauseMs = 0): void {
    if (request.state === 'settled') return
    if (request.state === 'left' || this.#isStopped) return this.#settle(lane, request, this.#refusal(lane))
    const nowMs = this.#options.clock.monotonic()
    lane.turnBack(request, nowMs + pauseMs)
    this.#waiting.add(lane)
    this.#tickBy(nowMs + RETRY_MS)
  }

  #refusal({ partition }: Lane): Outcome {
    const leader = this.#options.leaders.of(partition)
    const who = leader ? `is led by ${leader.node} in term ${leader.term}, which` : 'has no leader that is known, and'
    const message = `partition ${partition} ${who} did not take the request in time; nothing was stored`
    return { ...notLeaderOutcome(), refusal: new EventStoreError('NOT_LEADER', message, leaderDetails(partition, leader)) }
  }

  #settle(lane: Lane, request: LedRequest, outcome: Outcome): void {
    request.ticket?.port.forget(request.ticket.number)
    lane.settle(request)
    this.#left.delete(request)
    this.#bytes -= request.copy.bytes
    this.#size--
    this.published = (this.published + 1) >>> 0
    this.#answers.push({ request: request.number, outcome })
    if (lane.waiting > 0 && lane.sent === 0) this.#tickBy(this.#options.clock.monotonic())
    this.#wake?.()
    this.#wake = null
  }

  /** A leader changed, maybe of a partition whose requests are all with the former one. */
  #led(): void {
    const nowMs = this.#options.clock.monotonic()
    for (const lane of this.#lanes.values()) if (lane.size > 0) this.#pump(lane, nowMs)
  }

  /** There is room elsewhere, or it is time to try again. */
  #goOn(): void {
    if (this.#waiting.size === 0) return
    const nowMs = this.#options.clock.monotonic()
    for (const lane of [...this.#waiting]) this.#pump(lane, nowMs)
  }

  /** Sees to it that time is looked at then or before. */
  #tickBy(atMs: number): void {
    if (this.#isStopped || (this.#timer && this.#timer.atMs <= atMs)) return
    this.#timer?.stop()
    const { clock, timers } = this.#options
    const stop = timers.after(Math.max(0, atMs - clock.monotonic()), () => {
      this.#timer = null
      this.#tick()
    })
    this.#timer = { atMs, stop }
  }

  #tick(): void {
    const nowMs = this.#options.clock.monotonic()
    for (const lane of this.#lanes.values()) this.#expire(lane, nowMs)
    for (const [request, atMs] of this.#left)
      if (nowMs >= Math.min(atMs, request.deadlineMs)) this.#settleUnknown(this.#lane(request.copy.partition), request)
    this.#goOn()
    if (this.#size > 0) this.#tickBy(nowMs + (this.#left.size > 0 ? RETRY_MS : SWEEP_MS))
  }

  #expire(lane: Lane, nowMs: number): void {
    if (!lane.oldest || nowMs < lane.oldest.deadlineMs) return
    for (const request of lane.all.filter(({ deadlineMs }) => nowMs >= deadlineMs)) {
      if (request.state === 'sent') this.#settleUnknown(lane, request)
      else this.#settle(lane, request, this.#refusal(lane))
    }
  }

  #settleUnknown(lane: Lane, request: LedRequest): void {
    this.#settle(lane, request, { ...emptyOutcome(), status: UNKNOWN_OUTCOME })
  }

  /** The node is closing: what nobody has yet is not waited for. */
  refuseWaiting(): void {
    for (const lane of [...this.#waiting])
      for (const request of lane.all.filter(({ state }) => state === 'waiting'))
        this.#settle(lane, request, { ...emptyOutcome(), status: CLOSED })
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
    this.#isStopped = true
    this.#timer?.stop()
    for (const end of this.#ends) end()
    this.#options.entrance.stop()
    this.#wake?.()
  }
}
