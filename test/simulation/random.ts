/** Chance from a seed: the same seed gives the same numbers for ever. sfc32 by Chris Doty-Humphrey (PractRand). */
export class Random {
  #a: number
  #b: number
  #c: number
  #counter = 1

  constructor(seed: number) {
    this.#a = seed | 0
    this.#b = Math.floor(seed / 2 ** 32) | 0
    this.#c = 0x9e3779b9
    for (let i = 0; i < 12; i++) this.word()
  }

  /** 32 bits. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0
    this.#a = this.#b ^ (this.#b >>> 9)
    this.#b = (this.#c + (this.#c << 3)) | 0
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum
    return sum >>> 0
  }

  /** At least 0, below 1. */
  readonly float = (): number => this.word() / 2 ** 32

  /** A whole number, at least 0 and below `limit`. */
  below(limit: number): number {
    return Math.floor(this.float() * limit)
  }

  between(least: number, most: number): number {
    return least + (most - least) * this.float()
  }

  chance(share: number): boolean {
    return this.float() < share
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.word() & 0xff)
  }

  /** Chance of its own, so that who asks more does not change what others get. */
  fork(): Random {
    return new Random(this.word() * 2 ** 20 + (this.word() & 0xfffff))
  }
}
