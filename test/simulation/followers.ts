/**
 * Reads all in order at every node, from where it was before, also over restarts: every node tells one order, and nothing comes in below what was told
 * before.
 */
import type { Position } from '../../event/event.ts'
import { Violation } from './invariants.ts'
import type { Machine, World } from './world.ts'

const LOOK_MS = 100

export class Followers {
  readonly #world: World
  /** What was told first at a place of the order, by any node. */
  readonly #told: { readonly position: Position; readonly by: string }[] = []
  readonly #followers: readonly { readonly machine: Machine; count: number; process: Machine['process'] }[]

  constructor(world: World) {
    this.#world = world
    this.#followers = world.machines.map(machine => ({ machine, count: 0, process: null }))
    this.#soon()
  }

  #soon(): void {
    this.#world.time.after(LOOK_MS, () => {
      this.#look()
      this.#soon()
    })
  }

  #look(): void {
    for (const follower of this.#followers) {
      const { process, id } = follower.machine
      if (!process || process.time.isStopped) continue
      if (follower.process !== process) process.readsAll()
      follower.process = process
      for (const { position } of process.inOrder(this.#told[follower.count - 1]?.position)) {
        const told = (this.#told[follower.count++] ??= { position, by: id })
        if (told.position !== position)
          throw new Violation(`${id} tells ${position} as event ${follower.count} of all, ${told.by} told ${told.position}`)
      }
    }
  }

  /** Those that were not told all that is committed. */
  behind(): string[] {
    const committed = this.#world.invariants.partitions.reduce((sum, { last }) => sum + (last?.sequence ?? 0), 0)
    return this.#followers.flatMap(({ machine, count }) => (count < committed ? [`${machine.id}: ${count} of ${committed}`] : []))
  }
}
