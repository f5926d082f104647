/** The hot slabs of the projections that one pipeline folds: what it folds is shown to every thread of the process. */
import type { Place } from '../event/position.ts'
import { SlabWriter } from '../store/hot/slab-writer.ts'

/** By projection. The memory comes from whoever starts the pipeline, and outlives it. */
export type HotSlabs = Readonly<Record<string, SharedArrayBuffer>>

const none: HotSlabs = {}

export class HotRows {
  readonly #writers: ReadonlyMap<string, SlabWriter>
  /** Slabs count epochs from 1. */
  readonly #firstEpoch: number

  /** `epoch`: the last that was written before; `place`: what it reflects. */
  constructor(slabs: HotSlabs = none, { epoch, place }: { epoch: number; place: Place | null }) {
    this.#writers = new Map(Object.entries(slabs).map(([name, slab]) => [name, new SlabWriter(slab)]))
    this.#firstEpoch = epoch
    this.reached(place)
  }

  /** `text` is JSON; undefined: the row was deleted. */
  put(projection: string, row: { key: Uint8Array; text: string | undefined; epoch: number }): void {
    const { key, text, epoch } = row
    this.#writers.get(projection)?.put(key, text === undefined ? undefined : Buffer.from(text), epoch - this.#firstEpoch)
  }

  /** All rows up to this place were put. */
  reached(place: Place | null): void {
    for (const writer of this.#writers.values()) writer.place.set(place)
  }

  written(epoch: number): void {
    for (const writer of this.#writers.values()) writer.written(epoch - this.#firstEpoch)
  }

  /** What was put may never be durable: nobody sees any of it from now on. */
  close(): void {
    for (const writer of this.#writers.values()) writer.close()
  }
}
