/** Who belongs to the cluster and who of them is alive, as one node hears it. Health comes of heartbeats alone; who belongs, of the registry. */
import type { Heartbeat } from './heartbeat.ts'
import { preference } from './placement.ts'
import type { NodeView, View } from './term-state.ts'
import { isNodeId } from './wire.ts'

/** What a node writes of itself into the registry when it starts. */
export interface MemberEntry {
  readonly node: string
  readonly incarnation: string
  readonly zone: string
  readonly format: number
  /** Made once with the directory of the store. */
  readonly disk: string
  /** Where its front ends are; empty when it has none. */
  readonly address: string
  /** Stays over restarts, until somebody says `resume`. */
  readonly isDraining: boolean
}

export interface MemberTableOptions {
  readonly node: string
  readonly partitions: number
  /** Silence after which a node is dead. */
  readonly deadlineMs: number
  /** Records that a node may be behind the furthest one and still be asked to lead. */
  readonly lagRecords: number
}

export interface MemberRow {
  readonly entry: MemberEntry
  readonly heartbeat: Heartbeat | null
  readonly heardMs: number
  readonly isHealthy: boolean
  readonly applied: readonly number[] | null
}

interface Row {
  entry: MemberEntry
  /** Of the entry. */
  revision: number
  heartbeat: Heartbeat | null
  heardMs: number
  isHealthy: boolean
  applied: readonly number[] | null
  /** Term a partition that it says it leads. */
  leads: ReadonlyMap<number, number>
  ineligible: ReadonlySet<number>
}

/** A delay of its own timer that a node takes into account is forgotten by so much each tick. */
const DELAY_KEPT = 0.98

export class MemberTable {
  readonly #options: MemberTableOptions
  readonly #rows = new Map<string, Row>()
  /** The order of nodes a partition, until members change. */
  #preferences: string[][] = []
  /** The highest index that a node alive has applied, a partition. */
  readonly #furthest: number[]
  #delayMs = 0

  constructor(options: MemberTableOptions) {
    this.#options = options
    this.#furthest = Array.from({ length: options.partitions }, () => 0)
  }

  /** Rows in the order of node ids. */
  get rows(): readonly MemberRow[] {
    return [...this.#rows.values()].sort((a, b) => (a.entry.node < b.entry.node ? -1 : 1))
  }

  row(node: string): MemberRow | undefined {
    return this.#rows.get(node)
  }

  /** Silence after which a node is dead now: no less than the delays of this node's own timer, which may have kept it from hearing. */
  get deadlineMs(): number {
    return this.#options.deadlineMs + this.#delayMs
  }

  /** The registry has this entry. An incarnation it had not before is silent until it is heard. */
  register(entry: MemberEntry, revision: number): void {
    const known = this.#rows.get(entry.node)
    // A list may be older than what the watch said.
    if (known !== undefined && revision < known.revision) return
    if (known?.entry.zone !== entry.zone) this.#preferences = []
    if (known?.entry.incarnation === entry.incarnation) Object.assign(known, { entry, revision })
    else {
      const silent = { heartbeat: null, heardMs: 0, isHealthy: false, applied: null, leads: new Map(), ineligible: new Set<number>() }
      this.#rows.set(entry.node, { entry, revision, ...silent })
    }
  }

  /** False when the sender is none of the cluster's, or not the incarnation that is registered. */
  heard(node: string, incarnation: string, heartbeat: Heartbeat, nowMs: number): boolean {
    const row = this.#rows.get(node)
    if (row?.entry.incarnation !== incarnation) return false
    row.heartbeat = heartbeat
    row.heardMs = nowMs
    row.isHealthy = true
    row.leads = new Map(heartbeat.leads)
    row.ineligible = new Set(heartbeat.ineligible)
    row.applied = heartbeat.applied ?? row.applied
    return true
  }

  /**
   * Looks who is silent, at a tick that came `lateMs` after it should. A node that stood still for half a deadline or more has heard nobody meanwhile:
   * nobody is dead before another deadline is over.
   */
  tick(nowMs: number, lateMs: number): void {
    const { deadlineMs } = this.#options
    this.#delayMs = Math.max(Math.min(lateMs, deadlineMs), Math.floor(this.#delayMs * DELAY_KEPT))
    for (const row of this.#rows.values()) {
      if (row.isHealthy && lateMs >= deadlineMs / 2) row.heardMs = nowMs
      row.isHealthy &&= nowMs - row.heardMs < this.deadlineMs
    }
    this.#findFurthest()
  }

  /** Of those that live: what a dead node had is in the log, and would hold back nobody but those that could lead. */
  #findFurthest(): void {
    const applied = [...this.#rows.values()].flatMap(row => (row.isHealthy && row.applied !== null ? [row.applied] : []))
    for (let partition = 0; partition < this.#options.partitions; partition++)
      this.#furthest[partition] = applied.reduce((highest, each) => Math.max(highest, each[partition]!), 0)
  }

  /** What a partition's term is decided by. `self` stands for what this node knows of itself better than its heartbeats do. */
  view(partition: number, self: { readonly isEligible: boolean }): View {
    const { node } = this.#options
    const nodes = this.preference(partition).map(id => {
      const row = this.#rows.get(id)!
      return id === node ? { ...this.#seen(row, partition), ...self } : this.#seen(row, partition)
    })
    return {
      nodes,
      hearsSelf: this.#rows.get(node)?.isHealthy === true,
      hearsOthers: nodes.some(each => each.node !== node && each.isHealthy),
      deadlineMs: this.deadlineMs,
    }
  }

  /** How many records a node is behind the furthest one; null when it never said. */
  lag(node: string, partition: number): number | null {
    const index = this.#rows.get(node)?.applied?.[partition]
    return index === undefined ? null : Math.max(0, this.#furthest[partition]! - index)
  }

  #seen(row: Row, partition: number): NodeView {
    const { entry, heartbeat, isHealthy } = row
    const lag = this.lag(entry.node, partition)
    const isCaughtUp = lag !== null && lag <= this.#options.lagRecords
    return {
      node: entry.node,
      incarnation: heartbeat === null ? null : entry.incarnation,
      isHealthy,
      isEligible: isCaughtUp && heartbeat?.isDraining === false && !row.ineligible.has(partition),
      leadsTerm: row.leads.get(partition) ?? 0,
    }
  }

  /** Node ids, the one that should lead first. */
  preference(partition: number): readonly string[] {
    return (this.#preferences[partition] ??= preference(
      partition,
      [...this.#rows.values()].map(({ entry }) => entry),
    ))
  }
}

/** The entry in a value of the registry; null when it is none. */
export function readMemberEntry(value: unknown): MemberEntry | null {
  const { node, incarnation, zone, format, disk, address, isDraining } = (value ?? {}) as Partial<Record<keyof MemberEntry, unknown>>
  const isWhole =
    isNodeId(node) &&
    [incarnation, zone, disk, address].every(text => typeof text === 'string') &&
    Number.isSafeInteger(format) &&
    typeof isDraining === 'boolean'
  return isWhole ? ({ node, incarnation, zone, format, disk, address, isDraining } as MemberEntry) : null
}
