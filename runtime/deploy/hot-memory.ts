/** The shared memory of hot rows, as main keeps it: a slab a projection, new for every start of a topology, so that nothing outlives what has folded it. */
import type { HotSlabs } from '../../actors/hot-rows.ts'
import type { Position } from '../../event/event.ts'
import { type Place, positionOf } from '../../event/position.ts'
import { closeSlab, makeSlab } from '../../store/hot/layout.ts'
import { SlabReader } from '../../store/hot/slab-reader.ts'

/** The hot rows of one projection, for the calling thread. */
export class HotProjection {
  readonly rows: SlabReader
  #place: Place | null = null
  #position: Position | null = null

  constructor(slab: SharedArrayBuffer) {
    this.rows = new SlabReader(slab)
  }

  /** What rows reflect at least that are looked up after this. */
  get position(): Position | null {
    const { place } = this.rows
    if (place !== this.#place) {
      this.#place = place
      this.#position = textOfPlace(place)
    }
    return this.#position
  }
}

export function textOfPlace(place: Place | null): Position | null {
  return place && positionOf(place.stamp, place.partition, place.sequence)
}

export class HotMemory {
  readonly #bytes: number
  /** By topology, and then by projection. */
  readonly #open = new Map<string, { readonly slabs: HotSlabs; readonly projections: ReadonlyMap<string, HotProjection> }>()

  /** `bytes`: of one projection at most. */
  constructor(bytes: number) {
    this.#bytes = bytes
  }

  /** For one more start of a topology; nothing of an earlier one is seen any more. */
  open(topology: string, projections: readonly string[]): HotSlabs {
    this.close(topology)
    const slabs = Object.fromEntries(projections.map(name => [name, makeSlab(this.#bytes)]))
    this.#open.set(topology, { slabs, projections: new Map(Object.entries(slabs).map(([name, slab]) => [name, new HotProjection(slab)])) })
    return slabs
  }

  get(topology: string, projection: string): HotProjection | undefined {
    return this.#open.get(topology)?.projections.get(projection)
  }

  /** What it has folded may never be durable, or is to be forgotten. */
  close(topology: string): void {
    for (const slab of Object.values(this.#open.get(topology)?.slabs ?? {})) closeSlab(slab)
    this.#open.delete(topology)
  }
}
