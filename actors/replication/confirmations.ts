/** Whoever waits for a leader to prove that it is one: by a record whose commit began after they came. */
import { EventStoreError } from '../../event/error.ts'
import type { Stamp } from '../../event/event.ts'

export interface Confirmed {
  readonly partition: number
  /** Every event committed before the question came has this sequence or a lower one. */
  readonly sequence: number
  /** Later events have a higher stamp. */
  readonly stamp: Stamp
}

interface Waiting {
  stamp: Stamp
  readonly waiters: { resolve(confirmed: Confirmed): void; reject(error: Error): void }[]
}

export const notLeader = (partition: number): EventStoreError =>
  new EventStoreError('NOT_LEADER', `this node does not lead partition ${partition}`, { partition })

export class Confirmations {
  readonly #waiting = new Map<number, Waiting>()
  /** Those that the commit under way answers. */
  readonly #begun = new Map<number, Waiting>()

  get isWaiting(): boolean {
    return this.#waiting.size > 0
  }

  /** `stamp`: what the partition is to be closed at, at least; 0 for no matter. NOT_LEADER. */
  add(partition: number, stamp: Stamp): Promise<Confirmed> {
    let waiting = this.#waiting.get(partition)
    if (!waiting) this.#waiting.set(partition, (waiting = { stamp: 0, waiters: [] }))
    waiting.stamp = Math.max(waiting.stamp, stamp)
    return new Promise((resolve, reject) => waiting.waiters.push({ resolve, reject }))
  }

  /** The next commit has a record of the partition, whoever waits for it. */
  need(partition: number): void {
    if (!this.#waiting.has(partition)) this.#waiting.set(partition, { stamp: 0, waiters: [] })
  }

  /** Before a commit: answers the partitions that must have a record in it. */
  begin(leads: (partition: number) => boolean): number[] {
    const partitions = [...this.#waiting.keys()]
    for (const partition of partitions.filter(partition => !leads(partition))) this.refuse(partition)
    const led = partitions.filter(leads)
    for (const partition of led) this.#begun.set(partition, this.#waiting.get(partition)!)
    this.#waiting.clear()
    return led
  }

  stampOf(partition: number): Stamp {
    return this.#begun.get(partition)?.stamp ?? 0
  }

  /** The commit is settled: what it did not refuse has been proven. */
  settled(at: (partition: number) => Confirmed): void {
    for (const [partition, { waiters }] of this.#begun) for (const { resolve } of waiters) resolve(at(partition))
    this.#begun.clear()
  }

  refuse(partition: number): void {
    for (const table of [this.#waiting, this.#begun]) {
      for (const { reject } of table.get(partition)?.waiters ?? []) reject(notLeader(partition))
      table.delete(partition)
    }
  }

  refuseAll(): void {
    for (const partition of [...this.#waiting.keys(), ...this.#begun.keys()]) this.refuse(partition)
  }
}
