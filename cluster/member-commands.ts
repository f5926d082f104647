/** What people ask of the cluster at any of its nodes: who shall lead, and who shall not. The node that it concerns does it; others pass it on. */
import { type ErrorCode, errorCodes, EventStoreError, fromPlainError, isEventStoreError } from '../event/error.ts'
import { sleep, type Timers } from '../event/timers.ts'
import type { MemberCommand } from './member-status.ts'
import type { MemberTable } from './member-table.ts'
import type { MemberWords } from './member-words.ts'
import type { PartitionTerms } from './partition-terms.ts'
import { canLead } from './term-rules.ts'

export interface MemberCommandsOptions {
  readonly node: string
  readonly table: MemberTable
  readonly terms: PartitionTerms
  readonly words: MemberWords
  readonly timers: Timers
  /** How long a command may take. */
  readonly commandMs: number
  readonly setDraining: (isDraining: boolean) => Promise<void>
}

const LOOK_AGAIN_MS = 50

export class MemberCommands {
  readonly #options: MemberCommandsOptions

  constructor(options: MemberCommandsOptions) {
    this.#options = options
  }

  /**
   * Has a node lead partitions, and stay their leader until it is silent or somebody says otherwise. Throws INVALID for a node that is no member,
   * UNREACHABLE for one that is silent, BUSY when it can not lead in time, NOT_LEADER while nobody leads.
   */
  async failover(partitions: readonly number[], to: string): Promise<void> {
    this.#checkTarget(to)
    const { timers, commandMs } = this.#options
    let left = partitions
    for (let waitedMs = 0; ; waitedMs += LOOK_AGAIN_MS) {
      const failed = await this.#failoverOnce(left, to)
      const refused = failed.find(({ error }) => !isEventStoreError(error, 'NOT_LEADER'))
      if (refused !== undefined) throw refused.error
      const [first] = failed
      if (first === undefined) return
      if (waitedMs >= commandMs) throw first.error
      // Whoever was asked does not lead them any more, and this node will hear who does.
      left = failed.flatMap(each => each.partitions)
      await sleep(timers, LOOK_AGAIN_MS)
    }
  }

  /** Has a node hand over all it leads and lead nothing, until `resume`. Throws INVALID, UNREACHABLE, BUSY when nobody else can lead what it leads. */
  async drain(node: string): Promise<void> {
    await this.#at(node, { kind: 'drain' })
  }

  /** Ends a drain. Throws INVALID, UNREACHABLE. */
  async resume(node: string): Promise<void> {
    await this.#at(node, { kind: 'resume' })
  }

  /** Does what concerns this node. */
  async run(command: MemberCommand): Promise<void> {
    const { setDraining, terms } = this.#options
    switch (command.kind) {
      case 'failover': {
        // All are tried, whatever becomes of one.
        const outcomes = await Promise.allSettled(command.partitions.map(partition => this.#handOver(partition, command.to)))
        for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason as Error
        return
      }
      case 'resume':
        return setDraining(false)
      case 'drain': {
        await setDraining(true)
        if (await this.#until(() => terms.leads().length === 0)) return
        const { length } = terms.leads()
        throw new EventStoreError('BUSY', `${this.#options.node} drains and still leads ${length} partitions: no other node can`, {
          length,
        })
      }
    }
  }

  /** Waits until this node leads nothing and has passed on what it led, or `graceMs`. */
  async untilIdle(graceMs: number): Promise<void> {
    await this.#until(() => this.#options.terms.isIdle, graceMs)
  }

  async #at(node: string, command: MemberCommand): Promise<void> {
    this.#checkTarget(node)
    if (node === this.#options.node) return this.run(command)
    const { words, commandMs } = this.#options
    // Twice: the other one's own waiting comes first.
    const { value } = await words.ask(`node.${node}.command`, 'command', command, 2 * commandMs)
    const error = readError(value)
    if (error !== null) throw error
  }

  async #failoverOnce(partitions: readonly number[], to: string): Promise<{ readonly partitions: number[]; readonly error: unknown }[]> {
    const { terms } = this.#options
    const groups = Map.groupBy(partitions, partition => terms.state(partition).told.node)
    const outcomes = [...groups].map(async ([leader, led]) => {
      try {
        if (leader === null) throw this.#notLeader(led[0]!)
        await this.#at(leader, { kind: 'failover', partitions: led, to })
        return []
      } catch (error) {
        return [{ partitions: led, error }]
      }
    })
    return (await Promise.all(outcomes)).flat()
  }

  async #handOver(partition: number, to: string): Promise<void> {
    const { node, terms } = this.#options
    const isThere = (): boolean => {
      const { told, entry } = terms.state(partition)
      return told.node === to && told.isStarted && (to !== node || entry?.isPinned === true)
    }
    if (isThere()) return
    this.#checkTarget(to)
    const leftMs = await this.#untilEligible(partition, to)
    const { ledTerm } = terms.state(partition)
    terms.input(partition, { kind: 'hand-over', to })
    const isOver = (): boolean => terms.state(partition).phase === 'leading' && terms.state(partition).ledTerm > ledTerm
    if ((await this.#until(() => isThere() || isOver(), leftMs)) && isThere()) return
    throw new EventStoreError('BUSY', `${to} did not take partition ${partition} over`, { partition, to })
  }

  /** A copy that lags catches up, as a rule: that is waited for. Answers what is left of the time that a command may take. */
  async #untilEligible(partition: number, to: string): Promise<number> {
    const { node, terms, table, timers, commandMs } = this.#options
    for (let leftMs = commandMs; ; leftMs -= LOOK_AGAIN_MS) {
      const state = terms.state(partition)
      if (state.phase !== 'leading') throw this.#notLeader(partition)
      if (to === node || canLead(state, to)) return leftMs
      if (leftMs <= 0 || table.row(to)?.heartbeat?.isDraining === true)
        throw new EventStoreError('BUSY', `${to} can not lead partition ${partition} now: it drains, is behind, or its copy is stopped`, {
          partition,
          to,
        })
      await sleep(timers, LOOK_AGAIN_MS)
    }
  }

  #checkTarget(node: string): void {
    const row = this.#options.table.row(node)
    if (row === undefined) throw new EventStoreError('INVALID', `${node} is no member of the cluster`, { field: 'node', node })
    if (!row.isHealthy) throw new EventStoreError('UNREACHABLE', `${node} is silent`, { node })
  }

  #notLeader(partition: number): EventStoreError {
    const { node: leader, term } = this.#options.terms.state(partition).told
    return new EventStoreError('NOT_LEADER', `${this.#options.node} does not lead partition ${partition}`, { partition, leader, term })
  }

  /** False when it is not so in time. */
  #until(isSo: () => boolean, ms = this.#options.commandMs): Promise<boolean> {
    if (isSo()) return Promise.resolve(true)
    const { terms, timers } = this.#options
    return new Promise(resolve => {
      const forget = terms.whenever(() => {
        if (!isSo()) return false
        stop()
        resolve(true)
        return true
      })
      const stop = timers.after(ms, () => {
        forget()
        resolve(false)
      })
    })
  }
}

/** What a node answers to a command. */
export function plainOutcome(error: unknown): unknown {
  if (error === null) return { done: true }
  if (isEventStoreError(error)) return { error: { code: error.code, message: error.message, details: error.details } }
  return { error: { code: 'UNREACHABLE', message: error instanceof Error ? error.message : 'a failure without a name', details: {} } }
}

function readError(value: unknown): EventStoreError | null {
  const { done, error } = (value ?? {}) as { done?: unknown; error?: { code?: unknown; message?: unknown; details?: unknown } }
  if (done === true) return null
  const code = typeof error?.code === 'string' && Object.hasOwn(errorCodes, error.code) ? (error.code as ErrorCode) : 'UNREACHABLE'
  const message = typeof error?.message === 'string' ? error.message : 'an answer that is none'
  const details = typeof error?.details === 'object' && error.details !== null ? (error.details as Record<string, unknown>) : {}
  return fromPlainError({ code, message, details })
}
