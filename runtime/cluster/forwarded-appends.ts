/**
 * The leader's side of requests that other nodes send: takes the messages of each sender once and in order, checks what is in them, sends each
 * request into its shard, and answers what came of it.
 */
import { type Bus } from '../../cluster/bus.ts'
import type { Envelopes, OpenedMessage } from '../../cluster/envelopes.ts'
import { AnswersMessage, APPEND, APPENDED, processNumber, readRequests, type TicketAnswer } from '../../actors/forward-messages.ts'
import { BODY_BYTES, WINDOW_BYTES } from '../../actors/remote-port.ts'
import { notLeaderOutcome, type ShardEntrance } from '../../actors/shard-entrance.ts'
import { type RequestBounds, wrongWith } from '../../event/check-request.ts'
import { emptyOutcome, NOT_LEADER, type Outcome, UNKNOWN_OUTCOME } from '../../event/outcome.ts'
import { type RequestTarget, targetOf } from '../../event/request.ts'
import { RequestCopy } from '../../event/request-copy.ts'
import type { StampClock } from '../../event/stamp.ts'
import { ForwardedFrom } from './forwarded-from.ts'

export interface ForwardedAppendsOptions {
  /** This node, and this process of it. */
  readonly self: string
  readonly incarnation: string
  readonly bus: Bus
  readonly envelopes: Envelopes
  readonly stamps: StampClock
  /** By shard. */
  readonly entrances: readonly ShardEntrance[]
  readonly bounds: RequestBounds
  /** Of one request; of all that a sender has without an answer it is at least a window. */
  readonly requestBytesMax: number
  /** Told why a request was not taken that no node of this version sends. */
  readonly refused?: (node: string, why: string) => void
}

/** Nodes that are remembered: more, and the one that was heard of first begins anew. */
const SENDERS_MAX = 1024

export class ForwardedAppends {
  readonly #options: ForwardedAppendsOptions
  readonly #process: number
  readonly #senders = new Map<string, ForwardedFrom>()
  readonly #message = new AnswersMessage(BODY_BYTES)
  /** Senders with answers that are not sent yet. */
  readonly #answering = new Set<ForwardedFrom>()
  readonly #end: () => void
  #isStopped = false

  constructor(options: ForwardedAppendsOptions) {
    this.#options = options
    this.#process = processNumber(options.incarnation)
    this.#end = options.bus.subscribe(`node.${options.self}.append`, ({ bytes }) => {
      const opened = options.envelopes.open(bytes)
      if (opened?.kind === APPEND && !this.#isStopped) this.#received(opened)
    })
  }

  #received({ node, incarnation, body }: OpenedMessage): void {
    const message = readRequests(body)
    if (!message) return this.#options.refused?.(node, 'its message is not whole')
    const sender = this.#sender(node, incarnation)
    if (!sender) return
    this.#options.stamps.see(message.stamp)
    if (message.to !== this.#process) return
    if (!sender.takes(message)) {
      if (sender.missing > 0) this.#say(sender, sender.session, sender.missing)
      return
    }
    if (message.pieces.length === 0) {
      // It misses answers.
      for (const [ticket, outcome] of sender.kept) sender.answers.push({ ticket, outcome })
      this.#say(sender, sender.session, 0)
    }
    for (const piece of message.pieces) {
      const buffer = sender.joined(piece, this.#options.requestBytesMax)
      if (buffer) this.#take(sender, { ...piece, target: targetOf(buffer) })
    }
  }

  /** Undefined for a process that ended: another of its node was heard of since. */
  #sender(node: string, incarnation: string): ForwardedFrom | undefined {
    const known = this.#senders.get(node)
    if (known?.incarnation === incarnation) return known
    if (known?.former.has(incarnation)) return undefined
    const made = new ForwardedFrom(node, incarnation, known)
    this.#senders.delete(node)
    for (const oldest of this.#senders.keys()) if (this.#senders.size >= SENDERS_MAX) this.#senders.delete(oldest)
    this.#senders.set(node, made)
    return made
  }

  #take(sender: ForwardedFrom, request: { ticket: number; turn: number; requestBytes: number; target: RequestTarget }): void {
    const { bounds, entrances, requestBytesMax, stamps } = this.#options
    const { ticket, turn, requestBytes, target } = request
    const wrong = wrongWith(target, requestBytes, bounds)
    if (wrong !== null) {
      this.#options.refused?.(sender.node, wrong)
      return this.#answer(sender, { ticket, outcome: notLeaderOutcome() })
    }
    const copy = new RequestCopy(target, 0)
    const { partition } = copy
    const entrance = entrances[partition % entrances.length]!
    const isFull = sender.bytes > 0 && sender.bytes + requestBytes > Math.max(WINDOW_BYTES, requestBytesMax)
    if (sender.wasRefused(partition, turn) || isFull || !entrance.isOpen) {
      sender.refused(partition, turn)
      return this.#answer(sender, { ticket, outcome: notLeaderOutcome() })
    }
    stamps.see(copy.headAs(0).firstStamp + copy.view().events)
    sender.bytes += requestBytes
    const answered = (outcome: Outcome | null): void => {
      sender.bytes -= requestBytes
      if (outcome) stamps.see(outcome.stamp)
      if (outcome?.status === NOT_LEADER) sender.refused(partition, turn)
      this.#answer(sender, { ticket, outcome: outcome ?? { ...emptyOutcome(), status: UNKNOWN_OUTCOME } })
    }
    entrance.send({ copy, answered })
  }

  #answer(sender: ForwardedFrom, answer: TicketAnswer): void {
    sender.keep(answer)
    sender.answers.push(answer)
    this.#answerSoon(sender)
  }

  #answerSoon(sender: ForwardedFrom): void {
    if (this.#answering.size === 0) setImmediate(() => this.#answerAll())
    this.#answering.add(sender)
  }

  #answerAll(): void {
    const senders = [...this.#answering]
    this.#answering.clear()
    for (const sender of senders) {
      for (const answer of sender.answers.splice(0)) {
        if (!this.#message.hasRoomFor(answer)) this.#publish(sender, sender.session, 0)
        this.#message.add(answer)
      }
      if (!this.#message.isEmpty) this.#publish(sender, sender.session, 0)
    }
  }

  /** Beside answers: that messages are missing, or that there is nothing to say. */
  #say(sender: ForwardedFrom, session: number, missing: number): void {
    if (missing > 0 || sender.answers.length === 0) this.#publish(sender, session, missing)
    if (sender.answers.length > 0) this.#answerSoon(sender)
  }

  #publish({ node, process: to }: ForwardedFrom, session: number, missing: number): void {
    const { bus, envelopes, stamps } = this.#options
    const body = this.#message.take({ to, session, missing, stamp: stamps.last })
    bus.publish(`node.${node}.appended`, envelopes.seal(APPENDED, body))
  }

  /** Takes nothing more; what is in a shard is not answered. */
  stop(): void {
    this.#isStopped = true
    this.#end()
  }
}
