/** What the state of a topology's steps takes in memory, about, against its limit; who is above gives up what lies on disk as well. */

/** A step that gives up less than this part of what it holds would look through all of it for little. */
const leastPart = 8
/** Each time keys are given up, all that stay get new numbers: less would make that often, and more would leave memory idle. */
const keptPart = 2 / 3
const filterBytesMost = 64 * 1024 * 1024

/** Shared by the steps of a topology in one thread. All figures are bytes, as steps guess them: keys, values, and what tables add to each. */
export class StateMemory {
  readonly limitBytes: number
  usedBytes = 0
  /** Of them, those that changed since the last barrier and so must stay. */
  dirtyBytes = 0

  /** Without a limit all state stays. */
  constructor(limitBytes = Infinity) {
    this.limitBytes = limitBytes
  }

  /** What a step may take beside it to know which of its keys are on disk. */
  get filterBytes(): number {
    return Math.min(this.limitBytes / 8, filterBytesMost)
  }

  /** The part of one step. */
  share(): MemoryShare {
    return new MemoryShare(this)
  }

  /** An epoch should end, so that what changed can be given up. */
  get isDirty(): boolean {
    return 2 * this.dirtyBytes > this.limitBytes
  }
}

export class MemoryShare {
  readonly #memory: StateMemory
  #used = 0
  #dirty = 0

  constructor(memory: StateMemory) {
    this.#memory = memory
  }

  /** What the step takes now. */
  set(used: number, dirty: number): void {
    this.#memory.usedBytes += used - this.#used
    this.#memory.dirtyBytes += dirty - this.#dirty
    this.#used = used
    this.#dirty = dirty
  }

  /** How many bytes the step should give up before it takes more; all steps together come down to two thirds of the limit. */
  get excess(): number {
    const { limitBytes, usedBytes, dirtyBytes } = this.#memory
    if (usedBytes <= limitBytes) return 0
    const [own, all] = [this.#used - this.#dirty, usedBytes - dirtyBytes]
    if (own * leastPart < this.#used) return 0
    return Math.min(own, Math.ceil(((usedBytes - keptPart * limitBytes) * own) / all))
  }

  /** How many bytes a step may read back when it begins: half of the limit is for all that read before it, and the other for what comes. */
  get room(): number {
    return this.#memory.limitBytes / 2 - this.#memory.usedBytes
  }
}
