/** Who leads each partition, as the thread that decides about this node tells it. */
import type { KnownLeader, Leaders } from '../../cluster/leaders.ts'

export class LeaderTable implements Leaders {
  readonly self: string
  readonly #leaders: (KnownLeader | null)[]
  readonly #watchers = new Set<() => void>()
  #there: ReadonlySet<string> = new Set()

  constructor(self: string, partitions: number) {
    this.self = self
    this.#leaders = Array.from({ length: partitions }, () => null)
  }

  of(partition: number): KnownLeader | null {
    return this.#leaders[partition] ?? null
  }

  set(partition: number, leader: KnownLeader | null): void {
    const before = this.#leaders[partition]
    if (before?.node === leader?.node && before?.term === leader?.term) return
    this.#leaders[partition] = leader
    for (const call of this.#watchers) call()
  }

  isThere(node: string): boolean {
    return node === this.self || this.#there.has(node)
  }

  /** All that were heard of within the deadline. */
  set there(nodes: ReadonlySet<string>) {
    this.#there = nodes
  }

  changed(call: () => void): () => void {
    this.#watchers.add(call)
    return () => void this.#watchers.delete(call)
  }
}
