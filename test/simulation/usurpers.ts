/**
 * Nodes that take terms at any moment, whoever leads: what is safe must be safe whoever is chosen. The table is asked as a member would, so that a
 * term has one owner; everything else about choosing well is left out on purpose.
 */
import { isEventStoreError } from '../../event/error.ts'
import type { Random } from './random.ts'
import type { Machine, World } from './world.ts'

export class Usurpers {
  readonly #world: World
  readonly #random: Random
  readonly #everyMs: readonly [number, number]
  /** From now on the nodes decide by themselves. */
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
      if (this.isPeace) return
      machine.process?.time.after(0, () => void this.#take(machine, partition))
      this.#next(partition, this.#random.between(...this.#everyMs))
    })
  }

  async #take(machine: Machine, partition: number): Promise<void> {
    const { process } = machine
    if (!process) return
    const key = `term.${partition}`
    const { registry } = process.node
    try {
      const entry = await registry.read(key)
      const known = (entry?.value as { readonly term: number } | undefined)?.term ?? 0
      const term = Math.max(known, process.replicas.termOf(partition)) + 1
      // The node's own member finds it there, as if it had taken the term itself.
      await registry.write(key, { term, node: process.id, incarnation: process.incarnation, isPinned: false }, entry?.revision ?? 0)
    } catch (error) {
      if (!isEventStoreError(error, 'UNREACHABLE')) throw error
    }
  }
}
