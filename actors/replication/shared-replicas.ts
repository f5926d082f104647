/** What the threads of a node know together of its replicas, by partition. Written by the shards' workers, each its own partitions. */
import type { ReplicaRow } from './replica-row.ts'

/** In the order of their numbers. `behind`: needs a snapshot. `stopped`: what came back from the shared log does not fit. */
export const replicaRoles = ['following', 'starting', 'leading', 'behind', 'stopped'] as const
export type ReplicaRole = (typeof replicaRoles)[number]

const FIELDS = 6

export class SharedReplicas {
  readonly buffer: SharedArrayBuffer
  readonly #numbers: Float64Array

  constructor(buffer: SharedArrayBuffer) {
    this.buffer = buffer
    this.#numbers = new Float64Array(buffer)
  }

  static create(partitions: number): SharedReplicas {
    return new SharedReplicas(new SharedArrayBuffer(partitions * FIELDS * 8))
  }

  get partitions(): number {
    return this.#numbers.length / FIELDS
  }

  set(partition: number, role: ReplicaRole, row: ReplicaRow): void {
    const at = partition * FIELDS
    this.#numbers[at] = replicaRoles.indexOf(role)
    this.#numbers[at + 1] = row.index
    this.#numbers[at + 2] = row.term
    this.#numbers[at + 3] = row.logSequence
    this.#numbers[at + 4] = row.stamp
    this.#numbers[at + 5] = row.sequence
  }

  roleOf(partition: number): ReplicaRole {
    return replicaRoles[this.#numbers[partition * FIELDS]!]!
  }

  indexOf(partition: number): number {
    return this.#numbers[partition * FIELDS + 1]!
  }

  termOf(partition: number): number {
    return this.#numbers[partition * FIELDS + 2]!
  }

  /** Number in the shared log of the last record that is on this node's disk. */
  logSequenceOf(partition: number): number {
    return this.#numbers[partition * FIELDS + 3]!
  }

  stampOf(partition: number): number {
    return this.#numbers[partition * FIELDS + 4]!
  }

  sequenceOf(partition: number): number {
    return this.#numbers[partition * FIELDS + 5]!
  }
}
