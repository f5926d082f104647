/** How much each topology holds, as it was found not long ago: finding out means reading all of it. */
import type { Clock } from '../../event/clock.ts'
import type { StateSize } from '../../event/topologies.ts'

/** A figure is looked at again after so long. */
const KEPT_MS = 60_000

interface Known {
  size: StateSize | undefined
  measuredMs: number
  measuring: Promise<void> | null
}

export class StateSizes {
  readonly #measure: (topology: string) => Promise<StateSize>
  readonly #clock: Clock
  readonly #known = new Map<string, Known>()

  constructor(measure: (topology: string) => Promise<StateSize>, clock: Clock) {
    this.#measure = measure
    this.#clock = clock
  }

  /** Waits for the first figure alone; later ones are asked for beside the answer. Undefined when nobody can tell. */
  async of(topology: string): Promise<StateSize | undefined> {
    let known = this.#known.get(topology)
    if (!known) this.#known.set(topology, (known = { size: undefined, measuredMs: Number.NEGATIVE_INFINITY, measuring: null }))
    if (this.#clock.monotonic() - known.measuredMs >= KEPT_MS) known.measuring ??= this.#look(topology, known)
    if (known.size === undefined) await known.measuring
    return known.size
  }

  async #look(topology: string, known: Known): Promise<void> {
    try {
      known.size = await this.#measure(topology)
    } catch {
      // The node closes, or its state can not be read: whoever needs the state itself is told.
    }
    known.measuredMs = this.#clock.monotonic()
    known.measuring = null
  }

  forget(topology: string): void {
    this.#known.delete(topology)
  }
}
