/**
 * Reads at the level of the leader: each asks who leads its partitions how far they are, proven there by an append that began after the question, and
 * waits until this node is as far. All that come while a leader is asked go into the next question.
 */
import type { Bus, BusMessage } from '../../cluster/bus.ts'
import type { Envelopes } from '../../cluster/envelopes.ts'
import { leaderDetails, type Leaders } from '../../cluster/leaders.ts'
import { readJson, writeJson } from '../../cluster/wire.ts'
import type { Clock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Limits } from '../../event/limits.ts'
import type { StampClock } from '../../event/stamp.ts'
import { sleep, type Timers } from '../../event/timers.ts'
import type { LogView } from '../../store/log/log-view.ts'
import type { Freshness } from '../fresh-reads.ts'
import { type Confirmed, ConfirmQueue } from './confirm-queue.ts'

export interface LeaderReadsOptions {
  readonly leaders: Leaders
  /** Asks this node's shards; without those that they do not lead. May throw: none is. */
  readonly confirm: (partitions: readonly number[]) => Promise<readonly Confirmed[]>
  readonly bus: Bus
  readonly envelopes: Envelopes
  readonly stamps: StampClock
  readonly view: Pick<LogView, 'partitions' | 'sequenceOf' | 'horizon'>
  readonly limits: Limits
  readonly clock: Clock
  readonly timers: Timers
}

const CONFIRM = 'confirm'
const CONFIRMED = 'confirmed'
/** A leader that does not answer for so long is asked again, or another is. */
const ANSWER_MS = 1000
const RETRY_MS = 25
/** What this node has is looked at again at the latest after so long. */
const LOOK_MS = 20

export class LeaderReads implements Pick<Freshness, 'leader'> {
  readonly #options: LeaderReadsOptions
  readonly #queues = new Map<string, ConfirmQueue>()
  readonly #end: () => void
  readonly #endLeaders: () => void
  /** Those that wait for another leader. */
  #watchers: (() => void)[] = []
  #moved: Promise<void> | null = null

  constructor(options: LeaderReadsOptions) {
    this.#options = options
    this.#end = options.bus.subscribe(`node.${options.leaders.self}.confirm`, message => void this.#asked(message))
    this.#endLeaders = options.leaders.changed(() => {
      for (const wake of this.#watchers.splice(0)) wake()
    })
  }

  async leader(partitions: readonly number[] | 'all'): Promise<void> {
    const { clock, limits, view } = this.#options
    const deadlineMs = clock.monotonic() + limits.commitTimeoutMs
    const wanted = partitions === 'all' ? Array.from({ length: view.partitions }, (_, partition) => partition) : partitions
    const confirmed = await this.#confirmed(new Set(wanted), deadlineMs)
    if (partitions !== 'all') return this.#reached(confirmed, null, deadlineMs)
    const stamp = Math.max(...confirmed.map(one => one.stamp))
    // Leaders whose clocks are behind are told of it, and close their partitions above it.
    this.#options.stamps.see(stamp)
    const low = confirmed.filter(one => one.stamp < stamp).map(one => one.partition)
    if (low.length > 0) confirmed.push(...(await this.#confirmed(new Set(low), deadlineMs)))
    await this.#reached(confirmed, stamp, deadlineMs)
  }

  /** What the leaders of all of them say. */
  async #confirmed(left: Set<number>, deadlineMs: number): Promise<Confirmed[]> {
    const all: Confirmed[] = []
    while (left.size > 0) {
      const { failure, found } = await this.#askLeaders(left)
      for (const one of found) if (left.delete(one.partition)) all.push(one)
      if (left.size === 0) break
      if (this.#options.clock.monotonic() >= deadlineMs) throw failure ?? this.#notLed(left)
      await this.#leadersChanged()
    }
    return all
  }

  async #askLeaders(partitions: ReadonlySet<number>): Promise<{ found: Confirmed[]; failure: Error | null }> {
    const byNode = new Map<string, number[]>()
    for (const partition of partitions) {
      const node = this.#options.leaders.of(partition)?.node
      if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), partition])
    }
    const answers = await Promise.allSettled(Array.from(byNode, ([node, asked]) => this.#queue(node).ask(asked)))
    const failed = answers.find(answer => answer.status === 'rejected')
    const found = answers.flatMap(answer => (answer.status === 'fulfilled' ? [...answer.value] : []))
    return { found, failure: failed ? (failed.reason as Error) : null }
  }

  #queue(node: string): ConfirmQueue {
    let queue = this.#queues.get(node)
    if (!queue) {
      const { confirm, leaders } = this.#options
      queue = new ConfirmQueue(partitions => (node === leaders.self ? this.#here(confirm(partitions)) : this.#ask(node, partitions)))
      this.#queues.set(node, queue)
    }
    return queue
  }

  /** As long as another node would be waited for. */
  #here(answer: Promise<readonly Confirmed[]>): Promise<readonly Confirmed[]> {
    const late = sleep(this.#options.timers, ANSWER_MS).then(() => {
      throw new EventStoreError('UNREACHABLE', 'this node could not prove in time that it leads', { node: this.#options.leaders.self })
    })
    return Promise.race([answer, late])
  }

  async #ask(node: string, partitions: readonly number[]): Promise<readonly Confirmed[]> {
    const { bus, envelopes, stamps } = this.#options
    const bytes = await bus.request(
      `node.${node}.confirm`,
      envelopes.seal(CONFIRM, writeJson({ partitions, stamp: stamps.last })),
      ANSWER_MS,
    )
    const opened = envelopes.open(bytes)
    const answer = opened?.kind === CONFIRMED && opened.node === node ? readJson(opened.body) : null
    if (!isConfirmed(answer)) throw new EventStoreError('UNREACHABLE', `node ${node} answered with what is no answer`, { node })
    stamps.see(answer.stamp)
    return answer.confirmed
  }

  /** Another node asks what this one leads. */
  async #asked(message: BusMessage): Promise<void> {
    const { envelopes, leaders, stamps, view } = this.#options
    const opened = envelopes.open(message.bytes)
    const asked = opened?.kind === CONFIRM ? readJson(opened.body) : null
    if (!isQuestion(asked, view.partitions)) return
    stamps.see(asked.stamp)
    const confirmed = await this.#queue(leaders.self)
      .ask(asked.partitions)
      .catch(() => [])
    message.reply(envelopes.seal(CONFIRMED, writeJson({ confirmed, stamp: stamps.last })))
  }

  #notLed(partitions: ReadonlySet<number>): EventStoreError {
    const [partition = 0] = partitions
    const leader = this.#options.leaders.of(partition)
    const who = leader ? `node ${leader.node} does not lead` : 'no node is known that leads'
    return new EventStoreError('NOT_LEADER', `${who} partition ${partition}`, leaderDetails(partition, leader))
  }

  /** When a leader changed, or it is time to ask again. */
  #leadersChanged(): Promise<void> {
    return Promise.race([new Promise<void>(resolve => this.#watchers.push(resolve)), sleep(this.#options.timers, RETRY_MS)])
  }

  async #reached(confirmed: readonly Confirmed[], stamp: number | null, deadlineMs: number): Promise<void> {
    const { clock, limits, view } = this.#options
    for (;;) {
      // Before the look, so that what moves behind it is not missed.
      const moved = this.#nextMove()
      const behind = confirmed.find(({ partition, sequence }) => view.sequenceOf(partition) < sequence)
      if (!behind && (stamp === null || view.horizon.stamp > stamp)) return
      if (clock.monotonic() >= deadlineMs)
        throw new EventStoreError('UNREACHABLE', `what the leaders had was not here in ${limits.commitTimeoutMs} ms`, {
          ...(behind && { partition: behind.partition }),
        })
      await moved
    }
  }

  /** One wait for all reads. */
  #nextMove(): Promise<void> {
    const { horizon } = this.#options.view
    this.#moved ??= Promise.race([horizon.changed(horizon.epoch, LOOK_MS), sleep(this.#options.timers, LOOK_MS)]).finally(() => {
      this.#moved = null
    })
    return this.#moved
  }

  stop(): void {
    this.#end()
    this.#endLeaders()
  }
}

const isStamp = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

function isQuestion(value: unknown, partitions: number): value is { partitions: number[]; stamp: number } {
  if (typeof value !== 'object' || value === null) return false
  const { partitions: asked, stamp } = value as Record<string, unknown>
  return isStamp(stamp) && Array.isArray(asked) && asked.length <= partitions && asked.every(one => isStamp(one) && one < partitions)
}

function isConfirmed(value: unknown): value is { confirmed: Confirmed[]; stamp: number } {
  if (typeof value !== 'object' || value === null) return false
  const { confirmed, stamp } = value as Record<string, unknown>
  return isStamp(stamp) && Array.isArray(confirmed) && confirmed.every(isOne)
}

function isOne(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const { partition, sequence, stamp } = value as Record<string, unknown>
  return [partition, sequence, stamp].every(isStamp)
}
