/** A shared log in memory: what the servers hold, and what one node sees of it. */
import { assert } from '../event/assert.ts'
import { EventStoreError } from '../event/error.ts'
import { OrderedDelivery, type Wire, type WireEnd } from './loopback-wire.ts'
import { type Following, type FollowOptions, type LogAppend, type LogMessage, MESSAGE_BYTES, type SharedLog } from './shared-log.ts'

export interface LogFaults {
  /** Appends whose condition holds, answered with a conflict and not made. */
  readonly spuriousConflict: number
  /** How long a node waits for an answer. */
  readonly answerMs: number
}

/** Messages delivered to a follower at a time. */
const DELIVERED_AT_A_TIME = 64
/** How far back a follower may be delivered again what it has. */
const DELIVERED_AGAIN_MAX = 3

/** The side of the servers. */
export class LogServers {
  faults: LogFaults
  /** Told each message when it is in the log. */
  appended: ((message: LogMessage) => void) | undefined
  readonly #partitions = new Map<number, LogMessage[]>()
  readonly #deliveries = new Set<OrderedDelivery<LogMessage>>()
  readonly #wire: Wire
  #sequence = 0
  #isStalled = false
  #waiting: (() => void)[] = []

  constructor(wire: Wire, faults: LogFaults) {
    this.#wire = wire
    this.faults = faults
  }

  /** What the log holds now. */
  messagesOf(partition: number): readonly LogMessage[] {
    return this.#partitions.get(partition) ?? []
  }

  /** No quorum: what is asked is answered after `resume`, or never. */
  stall(): void {
    this.#isStalled = true
  }

  resume(): void {
    this.#isStalled = false
    for (const serve of this.#waiting.splice(0)) serve()
    this.wake()
  }

  get isStalled(): boolean {
    return this.#isStalled
  }

  /** Serves now, or when there is a quorum again, or never. */
  serve(work: () => void): void {
    if (!this.#isStalled) work()
    else if (this.#wire.happens(this.#wire.faults.held)) this.#waiting.push(work)
  }

  append(partition: number, after: number, messages: readonly Uint8Array[]): LogAppend {
    const held = this.#held(partition)
    if ((held.at(-1)?.sequence ?? 0) !== after) return { kind: 'conflict' }
    if (this.#wire.happens(this.faults.spuriousConflict)) return { kind: 'conflict' }
    for (const bytes of messages) {
      const message = { partition, sequence: ++this.#sequence, bytes }
      held.push(message)
      this.appended?.(message)
    }
    this.wake()
    return { kind: 'committed', sequence: this.#sequence }
  }

  trim(partition: number, before: number): void {
    const held = this.#held(partition)
    const kept = held.filter((message, i) => message.sequence >= before || i === held.length - 1)
    this.#partitions.set(partition, kept)
  }

  /** Forgets the last messages of a partition, though they were committed. */
  loseTail(partition: number, count: number): void {
    const held = this.#held(partition)
    held.splice(Math.max(0, held.length - count))
  }

  /** Changes one byte of a message, counted from its front. */
  changeByte(partition: number, sequence: number, offset: number): void {
    const held = this.#held(partition)
    const at = held.findIndex(message => message.sequence === sequence)
    assert(at >= 0, 'the log holds the message whose byte is changed')
    const bytes = Uint8Array.from(held[at]!.bytes)
    bytes[offset]! ^= 0x40
    held[at] = { ...held[at]!, bytes }
  }

  /** Behind these places, in order of the log. */
  behind(cursors: ReadonlyMap<number, number>): LogMessage[] {
    if (this.#isStalled) return []
    const found: LogMessage[] = []
    for (const [partition, sequence] of cursors) {
      const held = this.messagesOf(partition)
      let from = held.length
      while (from > 0 && held[from - 1]!.sequence > sequence) from--
      found.push(...held.slice(from, from + DELIVERED_AT_A_TIME))
    }
    return found.sort((a, b) => a.sequence - b.sequence).slice(0, DELIVERED_AT_A_TIME)
  }

  /** A place up to which a follower that has all up to `sequence` may be told again. */
  again(partition: number, sequence: number): number {
    if (!this.#wire.happens(this.#wire.faults.twice)) return sequence
    const known = this.messagesOf(partition).filter(message => message.sequence <= sequence)
    return (known.at(-1 - DELIVERED_AGAIN_MAX)?.sequence ?? known.at(0)?.sequence ?? sequence + 1) - 1
  }

  add(delivery: OrderedDelivery<LogMessage>): void {
    this.#deliveries.add(delivery)
  }

  remove(delivery: OrderedDelivery<LogMessage>): void {
    this.#deliveries.delete(delivery)
  }

  wake(): void {
    for (const delivery of this.#deliveries) delivery.wake()
  }

  #held(partition: number): LogMessage[] {
    const found = this.#partitions.get(partition) ?? []
    this.#partitions.set(partition, found)
    return found
  }
}

/** The side of one node. */
export class LoopbackLog implements SharedLog {
  readonly #servers: LogServers
  readonly #wire: Wire
  readonly #end: WireEnd
  readonly #followings = new Set<Following>()
  #isClosed = false

  constructor(servers: LogServers, wire: Wire, end: WireEnd) {
    this.#servers = servers
    this.#wire = wire
    this.#end = end
  }

  async append(partition: number, after: number, messages: readonly Uint8Array[]): Promise<LogAppend> {
    if (messages.length === 0) return { kind: 'unknown', reason: 'nothing to append' }
    if (messages.some(({ length }) => length > MESSAGE_BYTES)) return { kind: 'unknown', reason: 'a message is too large' }
    if (this.#isClosed) return { kind: 'unknown', reason: 'closed' }
    const answer = await this.#call<LogAppend>(() => this.#servers.append(partition, after, messages))
    return answer ?? { kind: 'unknown', reason: 'no answer' }
  }

  async last(partition: number): Promise<LogMessage | null> {
    return this.#answered(await this.#call(() => this.#servers.messagesOf(partition).at(-1) ?? null))
  }

  async trim(partition: number, before: number): Promise<void> {
    this.#answered(await this.#call(() => this.#servers.trim(partition, before) ?? null))
  }

  #call<Answer>(work: () => Answer): Promise<Answer | undefined> {
    return this.#wire.call<Answer>(this.#end, this.#servers.faults.answerMs, answer =>
      this.#servers.serve(() => {
        answer(work())
      }),
    )
  }

  #answered<Answer>(answer: Answer | undefined): Answer {
    if (this.#isClosed || answer === undefined) throw new EventStoreError('UNREACHABLE', 'the shared log does not answer')
    return answer
  }

  follow(options: FollowOptions): Following {
    const servers = this.#servers
    const cursors = new Map<number, number>()
    for (const partition of options.partitions) cursors.set(partition, servers.again(partition, options.after(partition)))
    const delivery = new OrderedDelivery<LogMessage>({
      wire: this.#wire,
      to: this.#end,
      next: () => servers.behind(cursors),
      deliver: message => {
        cursors.set(message.partition, message.sequence)
        return options.message(message)
      },
      trouble: options.trouble,
    })
    servers.add(delivery)
    const following: Following = {
      close: () => {
        servers.remove(delivery)
        this.#followings.delete(following)
        delivery.close()
        return Promise.resolve()
      },
    }
    this.#followings.add(following)
    return following
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#followings].map(following => following.close()))
  }
}
