/** Who leads each partition, as the thread that decides about this node tells it. */
import { isSameTerm, type KnownLeader, type Leaders } from '../../cluster/leaders.ts'
import type { KnownMember } from './member-messages.ts'

export class LeaderTable implements Leaders {
  readonly self: string
  #leaders: (KnownLeader | null)[]
  readonly #watchers = new Set<() => void>()
  #there: ReadonlySet<string> = new Set()
  #addresses: ReadonlyMap<string, string> = new Map()

  constructor(self: string, partitions: number) {
    this.self = self
    this.#leaders = Array.from({ length: partitions }, () => null)
  }

  of(partition: number): KnownLeader | null {
    return this.#leaders[partition] ?? null
  }

  set(partition: number, leader: KnownLeader | null): void {
    if (isSameTerm(this.#leaders[partition], leader)) return
    this.#leaders[partition] = this.#withAddress(leader)
    for (const call of this.#watchers) call()
  }

  isThere(node: string): boolean {
    return node === this.self || this.#there.has(node)
  }

  set members(members: readonly KnownMember[]) {
    this.#there = new Set(members.filter(({ isHealthy }) => isHealthy).map(({ node }) => node))
    this.#addresses = new Map(members.map(({ node, address }) => [node, address]))
    this.#leaders = this.#leaders.map(leader => this.#withAddress(leader))
  }

  #withAddress(leader: KnownLeader | null): KnownLeader | null {
    if (!leader) return null
    const { node, incarnation, term } = leader
    const address = this.#addresses.get(node)
    return { node, incarnation, term, ...(address && { address }) }
  }

  changed(call: () => void): () => void {
    this.#watchers.add(call)
    return () => void this.#watchers.delete(call)
  }
}
