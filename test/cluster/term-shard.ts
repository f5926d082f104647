/** The shard of a node in a `TermCluster`: begins a term behind the last record it finds, appends while it leads, and is fenced by who came after. */
import type { ClusterNode, TermCluster } from './term-cluster.ts'

/** `silent`: does not answer. `failing`: can not start. */
export type ShardTemper = 'well' | 'slow' | 'silent' | 'failing'

export class ShardTwin {
  temper: ShardTemper = 'well'
  isStopped = false
  /** Index of the last record here; behind the others' when a schedule says so. */
  applied = 1000
  #leads = 0
  readonly #cluster: TermCluster
  readonly #node: ClusterNode

  constructor(cluster: TermCluster, node: ClusterNode) {
    this.#cluster = cluster
    this.#node = node
  }

  stop(): void {
    this.#leads = 0
  }

  lead(term: number): void {
    if (this.temper === 'silent') return
    const { latencyMs } = this.#cluster
    this.#cluster.reach(this.#node, () => this.#start(term), this.temper === 'slow' ? 1500 : latencyMs.call(this.#cluster))
  }

  #start(term: number): void {
    const { log } = this.#cluster
    const isFenced = (log.at(-1)?.term ?? 0) >= term
    if (this.temper === 'failing' || this.isStopped || isFenced) return this.lose(term)
    log.push({ term, writer: this.#node.incarnation })
    this.#leads = term
    this.#cluster.say(`log has ${term} started by ${this.#node.id}`)
    this.#tell({ kind: 'started', term })
    for (const each of this.#cluster.nodes.values()) this.#cluster.reach(each, () => this.#cluster.input(each, { kind: 'record', term }))
  }

  resign(term: number, isPlanned: boolean): void {
    if (this.temper === 'silent') return
    this.#leads = 0
    if (isPlanned) this.#tell({ kind: 'resigned', term })
  }

  /** One append of a leader: it fails behind another's record. */
  append(): void {
    if (this.#leads !== 0 && this.#cluster.log.at(-1)!.term > this.#leads) this.lose(this.#leads)
  }

  lose(term: number): void {
    this.#leads = 0
    this.#cluster.say(`${this.#node.id} lost ${term}`)
    this.#tell({ kind: 'lost', term })
  }

  #tell(input: { readonly kind: 'started' | 'resigned' | 'lost'; readonly term: number }): void {
    this.#cluster.reach(this.#node, () => this.#cluster.input(this.#node, input))
  }
}
