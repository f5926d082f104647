/**
 * Nodes that take terms at any moment, whoever leads: what is safe must be safe whoever is chosen. The table is asked as a member would, so that a
 * term has one owner; everything else about choosing well is left out on purpose.
 */
import { isEventStoreError } from '../../event/error.ts'
import type { Random } from './random.ts'
import type { Machine, World } from './world.ts'

const LEAD_MS = 4_000

export class Usurpers {
  readonly #world: World
  readonly #random: Random
  readonly #everyMs: readonly [number, number]
  /** From now on a node takes a partition only if nobody leads it. */
  isPeace = false

  constructor(world: World, everyMs: readonly [number, number]) {
    this.#world = world
    this.#random = world.random.fork()
    this.#everyMs = everyMs
    for (let partition = 0; partition < world.options.partitions; partition++) this.#next(partition, 0)
  }

  #next(partition: number, ms: number): void {
    const { time, machines } = this.#world
    time.after(ms, () => {
      const machine = this.#random.pick(machines)
      const isWanted = !this.isPeace || !machines.some(({ process }) => process?.replicas.roleOf(partition) === 'leading')
      if (isWanted) machine.process?.time.after(0, () => void this.#take(machine, partition))
      this.#next(partition, this.isPeace ? 500 : this.#random.between(...this.#everyMs))
    })
  }

  async #take(machine: Machine, partition: number): Promise<void> {
    const { process } = machine
    if (!process) return
    const { replication } = process.shardOf(partition)
    // Who leads gives up first, as a member does: what it has in flight may take long.
    if (replication.leads(partition)) replication.resign(partition)
    if (process.replicas.roleOf(partition) !== 'following') return
    const key = `term.${partition}`
    const { registry } = process.node
    try {
      const entry = await registry.read(key)
      const term = Math.max((entry?.value as number | undefined) ?? 0, process.replicas.termOf(partition)) + 1
      const written = await registry.write(key, term, entry?.revision ?? 0)
      if (written.kind === 'written') replication.lead(partition, term, LEAD_MS)
    } catch (error) {
      if (!isEventStoreError(error, 'UNREACHABLE')) throw error
    }
  }
}
