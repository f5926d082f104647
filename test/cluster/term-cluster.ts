/**
 * A cluster of term machines in one thread, for one partition: the shipped step and the shipped table of members, and around them a registry, a bus, a
 * log and shards that do what a schedule says. Time is a queue.
 */
import { MemberTable } from '../../cluster/member-table.ts'
import type { UntimedInput } from '../../cluster/partition-terms.ts'
import { isMine } from '../../cluster/term-rules.ts'
import {
  firstTermState,
  type TermEntry,
  type TermInput,
  type TermOptions,
  type TermOutput,
  type TermState,
} from '../../cluster/term-state.ts'
import { step } from '../../cluster/term.ts'
import { ShardTwin } from './term-shard.ts'

export const TICK_MS = 100
export const DEADLINE_MS = 1000
/** The one that prefers n1, n2, n3, n4 in this order. */
const PARTITION = 9
const LAG_RECORDS = 10

/** What becomes of a write: `late` is unknown and lands after a while, `spurious` is a conflict though the condition held. */
export type WriteFate = 'written' | 'lost' | 'landed' | 'late' | 'spurious'

export interface ClusterNode {
  readonly id: string
  readonly zone: string
  incarnation: string
  state: TermState
  table: MemberTable
  shard: ShardTwin
  isUp: boolean
  /** Stands still like a process that was sent SIGSTOP. */
  isPaused: boolean
  isDraining: boolean
  /** Ids of nodes whose words do not arrive here. */
  readonly deafTo: Set<string>
  isCutFromTable: boolean
  isWatching: boolean
  /** Taken by the next writes, one each. */
  readonly fates: WriteFate[]
  lastTickMs: number
  /** The term of the last record on its disk. */
  storedTerm: number
  clockOffsetMs: number
  /** What came while it stood still. */
  waiting: (() => void)[]
}

interface Due {
  readonly ms: number
  readonly order: number
  readonly call: () => void
}

export interface ClusterOptions {
  readonly zones?: Readonly<Record<string, string>>
  readonly terms?: Partial<TermOptions>
  /** How long a message or an operation takes. */
  readonly latencyMs?: () => number
  readonly trace?: (line: string) => void
}

export class TermCluster {
  nowMs = 0
  registry: { entry: TermEntry | null; revision: number } = { entry: null, revision: 0 }
  /** The started records, as the shared log has them. */
  readonly log: { term: number; writer: string }[] = []
  /** Who was ever told to lead a term, by incarnation. */
  readonly told = new Map<number, Set<string>>()
  readonly nodes = new Map<string, ClusterNode>()
  readonly #options: ClusterOptions
  #queue: Due[] = []
  #order = 0
  #incarnations = 0

  constructor(ids: readonly string[], options: ClusterOptions = {}) {
    this.#options = options
    for (const id of ids) this.#make(id, options.zones?.[id] ?? 'a')
    for (const id of ids) this.start(id)
  }

  node(id: string): ClusterNode {
    const node = this.nodes.get(id)
    if (node === undefined) throw new Error(`no node ${id}`)
    return node
  }

  get leader(): ClusterNode | undefined {
    return [...this.nodes.values()].find(({ isUp, state }) => isUp && state.phase === 'leading')
  }

  run(ms: number): void {
    const end = this.nowMs + ms
    for (;;) {
      const due = this.#queue[0]
      if (due === undefined || due.ms > end) break
      this.#queue.shift()
      this.nowMs = due.ms
      due.call()
    }
    this.nowMs = end
  }

  after(ms: number, call: () => void): void {
    const due = { ms: this.nowMs + ms, order: this.#order++, call }
    const at = this.#queue.findLastIndex(each => each.ms <= due.ms)
    this.#queue.splice(at + 1, 0, due)
  }

  say(line: string): void {
    this.#options.trace?.(`${String(this.nowMs).padStart(6)} ${line}`)
  }

  start(id: string): void {
    const node = this.node(id)
    node.incarnation = `${id}.${++this.#incarnations}`
    node.state = firstTermState(id, node.incarnation, this.#options.terms)
    node.table = new MemberTable({ node: id, partitions: PARTITION + 1, deadlineMs: DEADLINE_MS, lagRecords: LAG_RECORDS })
    node.shard = new ShardTwin(this, node)
    node.isUp = true
    node.isPaused = false
    node.waiting = []
    node.lastTickMs = this.nowMs
    for (const each of this.nodes.values())
      if (each.isUp) {
        each.table.register(this.#entryOf(node), this.#incarnations)
        node.table.register(this.#entryOf(each), this.#incarnations)
      }
    if (node.storedTerm > 0) this.input(node, { kind: 'record', term: node.storedTerm })
    const { incarnation } = node
    this.after(TICK_MS, () => this.#tick(node, incarnation))
  }

  kill(id: string): void {
    const node = this.node(id)
    node.isUp = false
    node.shard.stop()
  }

  resume(id: string): void {
    const node = this.node(id)
    node.isPaused = false
    for (const call of node.waiting.splice(0)) call()
  }

  input(node: ClusterNode, input: UntimedInput): void {
    const { state, outputs } = step(node.state, { ...input, nowMs: this.nowMs + node.clockOffsetMs } as TermInput)
    node.state = state
    if (input.kind === 'record' || input.kind === 'started') node.storedTerm = Math.max(node.storedTerm, input.term)
    for (const output of outputs) this.#output(node, output)
  }

  /** Calls after a while, unless the node is another process by then; later if it stands still. */
  reach(node: ClusterNode, call: () => void, ms = this.latencyMs()): void {
    const { incarnation } = node
    const arrive = (): void => {
      if (!node.isUp || node.incarnation !== incarnation) return
      if (node.isPaused) node.waiting.push(arrive)
      else call()
    }
    this.after(ms, arrive)
  }

  latencyMs(): number {
    return this.#options.latencyMs?.() ?? 2
  }

  /** A registry that was lost and made anew. */
  forgetTable(): void {
    this.registry = { entry: null, revision: 0 }
  }

  #make(id: string, zone: string): void {
    const nothing = { incarnation: '', state: firstTermState(id, ''), waiting: [], lastTickMs: 0, storedTerm: 0, clockOffsetMs: 0 }
    const flags = { isUp: false, isPaused: false, isDraining: false, isCutFromTable: false, isWatching: true }
    const table = new MemberTable({ node: id, partitions: PARTITION + 1, deadlineMs: DEADLINE_MS, lagRecords: LAG_RECORDS })
    const node = { id, zone, ...nothing, ...flags, table, deafTo: new Set<string>(), fates: [] } as unknown as ClusterNode
    node.shard = new ShardTwin(this, node)
    this.nodes.set(id, node)
  }

  #entryOf({ id, incarnation, zone, isDraining }: ClusterNode): Parameters<MemberTable['register']>[0] {
    return { node: id, incarnation, zone, format: 1, disk: id, address: '', isDraining }
  }

  #tick(node: ClusterNode, incarnation: string): void {
    if (!node.isUp || node.incarnation !== incarnation) return
    if (node.isPaused) {
      node.waiting.push(() => this.#tick(node, incarnation))
      return
    }
    this.after(TICK_MS, () => this.#tick(node, incarnation))
    node.table.tick(this.nowMs, Math.max(0, this.nowMs - node.lastTickMs - TICK_MS))
    node.lastTickMs = this.nowMs
    this.#beat(node)
    node.shard.append()
    const isEligible = !node.isDraining && !node.shard.isStopped && (node.table.lag(node.id, PARTITION) ?? 0) <= LAG_RECORDS
    this.input(node, { kind: 'tick', view: node.table.view(PARTITION, { isEligible }) })
  }

  #beat(node: ClusterNode): void {
    const { id, incarnation, state } = node
    const yields = state.clockMs < state.yieldUntilMs || node.shard.isStopped
    const heartbeat = {
      format: 1,
      leads: state.phase === 'leading' || state.phase === 'resigning' ? [[PARTITION, state.ledTerm] as const] : [],
      ineligible: yields ? [PARTITION] : [],
      isDraining: node.isDraining,
      followsAll: false,
      stamp: 0,
      applied: Array.from({ length: PARTITION + 1 }, () => node.shard.applied),
    }
    for (const each of this.nodes.values())
      if (!each.deafTo.has(id)) this.reach(each, () => each.table.heard(id, incarnation, heartbeat, this.nowMs))
  }

  #output(node: ClusterNode, output: TermOutput): void {
    const { id } = node
    switch (output.kind) {
      case 'read':
        return this.#read(node)
      case 'write':
        return this.#write(node, output.entry, output.revision)
      case 'lead':
        this.say(`${id} lead ${output.term}`)
        this.told.set(output.term, (this.told.get(output.term) ?? new Set()).add(node.incarnation))
        return node.shard.lead(output.term)
      case 'resign':
        this.say(`${id} resign ${output.term}${output.isPlanned ? ' when done' : ''}`)
        return node.shard.resign(output.term, output.isPlanned)
      case 'take': {
        const { to, term, revision, isPinned } = output
        this.say(`${id} asks ${to} to take over from term ${term} at revision ${revision}${isPinned ? ', pinned' : ''}`)
        const other = this.node(to)
        if (!other.deafTo.has(id)) this.reach(other, () => this.input(other, { kind: 'take', from: id, term, revision, isPinned }))
        return
      }
      case 'decline': {
        const { to, term } = output
        this.say(`${id} declines to take over from term ${term}`)
        const other = this.node(to)
        if (!other.deafTo.has(id)) this.reach(other, () => this.input(other, { kind: 'declined', by: id, term }))
        return
      }
      case 'tell': {
        const { node: leader, term, isStarted } = output.leader
        return this.say(`${id} tells ${leader ?? 'nobody'} ${term}${isStarted ? ' started' : ''}`)
      }
    }
  }

  #read(node: ClusterNode): void {
    this.after(this.latencyMs(), () => {
      const { entry, revision } = this.registry
      if (node.isCutFromTable) this.reach(node, () => this.input(node, { kind: 'read-failed' }))
      else this.reach(node, () => this.input(node, { kind: 'read', entry, revision }))
    })
  }

  #write(node: ClusterNode, entry: TermEntry, revision: number): void {
    const fate = node.isCutFromTable ? 'lost' : (node.fates.shift() ?? 'written')
    const pin = entry.isPinned ? ' pinned' : ''
    this.say(`${node.id} writes ${entry.term}${pin} at revision ${revision}${fate === 'written' ? '' : `: ${fate}`}`)
    const unknown = { kind: 'write', result: { kind: 'unknown', reason: 'no answer' } } as const
    if (fate === 'lost') return this.reach(node, () => this.input(node, unknown))
    if (fate === 'spurious') return this.reach(node, () => this.input(node, { kind: 'write', result: { kind: 'conflict' } }))
    this.after(this.latencyMs() + (fate === 'late' ? 3 * DEADLINE_MS : 0), () => {
      const isLanded = this.registry.revision === revision
      if (isLanded) this.#land(entry)
      else this.say(`${node.id} meets a conflict`)
      const result = isLanded ? ({ kind: 'written', revision: this.registry.revision } as const) : ({ kind: 'conflict' } as const)
      if (fate === 'written') this.reach(node, () => this.input(node, { kind: 'write', result }))
    })
    if (fate !== 'written') this.reach(node, () => this.input(node, unknown))
  }

  #land(entry: TermEntry): void {
    this.registry = { entry, revision: this.registry.revision + 1 }
    this.say(`table has ${entry.term} of ${entry.node}`)
    const { revision } = this.registry
    for (const each of this.nodes.values())
      this.reach(each, () => {
        if (each.isWatching && !each.isCutFromTable) this.input(each, { kind: 'entry', entry, revision })
      })
  }

  /** The term that a node leads effectively: nobody wrote a record behind its own. */
  isEffective(node: ClusterNode): boolean {
    const { state } = node
    return state.phase === 'leading' && this.log.at(-1)?.term === state.ledTerm && state.entry !== null && isMine(state, state.entry)
  }
}
