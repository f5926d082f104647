/** Which node is killed at which flight, and for how long it is gone: drawn from a seed, so that a run can be had again. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClusterNode } from './processes.ts'

const goneMs = [500, 3000] as const

export interface Kill {
  /** Once so many events are stored. */
  readonly atEvents: number
  /** Index of the node. */
  readonly node: number
  readonly goneMs: number
}

export function killsOf({ seed, kills, events, nodes }: { seed: number; kills: number; events: number; nodes: number }): Kill[] {
  const random = randomOf(seed)
  return Array.from({ length: kills }, (_, at) => ({
    atEvents: Math.floor((events * (at + random())) / kills),
    node: Math.floor(random() * nodes),
    goneMs: Math.round(goneMs[0] + random() * (goneMs[1] - goneMs[0])),
  }))
}

/** Mulberry32: small, and the same everywhere. */
function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Kills nodes as flights come in. One is back before the next is killed; flights come in while it is gone. */
export class Killer {
  readonly #kills: Kill[]
  readonly #nodes: readonly ClusterNode[]
  readonly #say: (line: string) => void
  #back: Promise<void> = Promise.resolve()
  #killed: Promise<void> = Promise.resolve()

  constructor(kills: readonly Kill[], { nodes, say }: { nodes: readonly ClusterNode[]; say: (line: string) => void }) {
    this.#kills = [...kills]
    this.#nodes = nodes
    this.#say = say
  }

  /** Resolves when the kills that were due have been made; whoever imports waits for it, so that none comes after the last flight. */
  stored(events: number): Promise<void> {
    while (this.#kills[0] !== undefined && this.#kills[0].atEvents <= events) {
      const kill = this.#kills.shift()!
      const before = this.#back
      this.#killed = this.#killed.then(() => before).then(() => this.#kill(kill))
      this.#back = this.#killed.then(() => this.#bringBack(kill))
      // It is waited for at the end; until then a failure is nobody's.
      this.#back.catch(() => undefined)
    }
    return this.#killed
  }

  /** Resolves when all that were killed are ready again. */
  async end(): Promise<void> {
    await this.#back
  }

  async #kill({ node, atEvents }: Kill): Promise<void> {
    const { program, name } = this.#nodes[node]!
    this.#say(`${name} is killed at flight ${atEvents.toLocaleString('en-US')}`)
    await program.kill()
  }

  async #bringBack({ node, goneMs: ms }: Kill): Promise<void> {
    const { program, name } = this.#nodes[node]!
    await sleep(ms)
    await program.start()
    const started = performance.now()
    await program.untilReady()
    this.#say(
      `${name} was gone for ${(ms / 1000).toFixed(1)} s and is ready ${((performance.now() - started) / 1000).toFixed(1)} s after its start`,
    )
  }
}
