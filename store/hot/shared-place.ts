/** A place in the log that one thread moves on and others read: a few words, all of them by Atomics and so in one total order. */
import type { Place } from '../../event/position.ts'
import { PLACE } from './layout.ts'

const HALF = 2 ** 32
/** No place: before the first event. */
const NOWHERE = -1
const TRIES_MAX = 1000

export class PlaceWriter {
  readonly #words: Int32Array

  constructor(words: Int32Array) {
    this.#words = words
    Atomics.store(words, PLACE + 3, NOWHERE)
  }

  set(place: Place | null): void {
    const words = this.#words
    Atomics.add(words, PLACE, 1)
    Atomics.store(words, PLACE + 1, place === null ? 0 : Math.floor(place.stamp / HALF))
    Atomics.store(words, PLACE + 2, place === null ? 0 : (place.stamp % HALF) | 0)
    Atomics.store(words, PLACE + 3, place?.partition ?? NOWHERE)
    Atomics.store(words, PLACE + 4, place === null ? 0 : Math.floor(place.sequence / HALF))
    Atomics.store(words, PLACE + 5, place === null ? 0 : (place.sequence % HALF) | 0)
    Atomics.add(words, PLACE, 1)
  }
}

export class PlaceReader {
  readonly #words: Int32Array
  #sequence = 0
  #place: Place | null = null

  constructor(words: Int32Array) {
    this.#words = words
  }

  /** The newest; should a writer have stopped in the middle, the last that was read. Nothing is made as long as it is the same. */
  get(): Place | null {
    const words = this.#words
    for (let tries = 0; tries < TRIES_MAX; tries++) {
      const sequence = Atomics.load(words, PLACE)
      if (sequence === this.#sequence) break
      if (sequence & 1) continue
      const place = this.#read()
      if (Atomics.load(words, PLACE) !== sequence) continue
      this.#sequence = sequence
      this.#place = place
      break
    }
    return this.#place
  }

  #read(): Place | null {
    const words = this.#words
    const partition = Atomics.load(words, PLACE + 3)
    if (partition === NOWHERE) return null
    return {
      stamp: Atomics.load(words, PLACE + 1) * HALF + (Atomics.load(words, PLACE + 2) >>> 0),
      partition,
      sequence: Atomics.load(words, PLACE + 4) * HALF + (Atomics.load(words, PLACE + 5) >>> 0),
    }
  }
}
