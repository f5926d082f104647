/** Lanes: what is asked of one name is done one after another, in the order of the calls; different names do not wait for each other. */

export class Lanes {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Done when all that was asked before of any of the names is done. */
  run<Value>(names: readonly string[], work: () => Promise<Value>): Promise<Value> {
    const before = names.flatMap(name => this.#last.get(name) ?? [])
    // What went before may have failed; that is its caller's to hear.
    const value = before.length === 0 ? work() : Promise.allSettled(before).then(work)
    for (const name of names) this.#last.set(name, value)
    void value.catch(() => undefined).then(() => this.#leave(names, value))
    return value
  }

  #leave(names: readonly string[], value: Promise<unknown>): void {
    for (const name of names) if (this.#last.get(name) === value) this.#last.delete(name)
  }
}
