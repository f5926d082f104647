/** A heap: of the things that wait for a time, the one that waits for the least. */

export class TimeHeap<Thing> {
  readonly #times: number[] = []
  readonly #things: Thing[] = []

  /** The least time; Infinity when nothing waits. */
  get time(): number {
    return this.#times[0] ?? Infinity
  }

  get size(): number {
    return this.#times.length
  }

  push(time: number, thing: Thing): void {
    let at = this.#times.length
    this.#times.push(time)
    this.#things.push(thing)
    while (at > 0) {
      const above = (at - 1) >> 1
      if ((this.#times[above] as number) <= time) break
      this.#swap(at, above)
      at = above
    }
  }

  pop(): Thing | undefined {
    const top = this.#things[0]
    const [time, thing] = [this.#times.pop(), this.#things.pop()]
    if (this.#times.length === 0 || time === undefined) return top
    this.#times[0] = time
    this.#things[0] = thing as Thing
    for (let at = 0; ;) {
      const left = 2 * at + 1
      if (left >= this.#times.length) return top
      const least = left + 1 < this.#times.length && (this.#times[left + 1] as number) < (this.#times[left] as number) ? left + 1 : left
      if ((this.#times[least] as number) >= time) return top
      this.#swap(at, least)
      at = least
    }
  }

  #swap(a: number, b: number): void {
    const [time, thing] = [this.#times[a] as number, this.#things[a] as Thing]
    this.#times[a] = this.#times[b] as number
    this.#things[a] = this.#things[b] as Thing
    this.#times[b] = time
    this.#things[b] = thing
  }
}
