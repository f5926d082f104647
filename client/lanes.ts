/** Lanes: what is asked of one name is done one after another, in the order of the calls; different names do not wait for each other. */

export class Lanes {
  readonly #last = new Map<string, Promise<unknown>>()

  run<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const before = this.#last.get(name)
    // What went before may have failed; that is its caller's to hear.
    const value = before === undefined ? work() : before.then(work, work)
    this.#last.set(name, value)
    void value.catch(() => undefined).then(() => this.#leave(name, value))
    return value
  }

  #leave(name: string, value: Promise<unknown>): void {
    if (this.#last.get(name) === value) this.#last.delete(name)
  }
}
