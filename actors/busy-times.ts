/** How long each step of a thread has worked. Flows go through steps synchronously: whichever was entered last is the one at work. */

/** A step as far as its time goes. */
export interface Busy {
  /** Since it was made, without that of the steps behind it. */
  busyMs: number
}

export class BusyTimes {
  readonly #monotonic: () => number
  #atWork: Busy | undefined
  #since = 0

  constructor(monotonic: () => number) {
    this.#monotonic = monotonic
  }

  /** Answers who worked until now, to be given back to. */
  turnTo(next: Busy | undefined): Busy | undefined {
    const before = this.#atWork
    const now = this.#monotonic()
    if (before !== undefined) before.busyMs += now - this.#since
    this.#atWork = next
    this.#since = now
    return before
  }
}
