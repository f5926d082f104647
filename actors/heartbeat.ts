/** Signs of life of a pipeline worker in shared memory, with the row whose user code it is about to run. */

const BEATS = 0
const INCARNATION = 1
const STEP = 2
const WORDS = 4

/** What a worker was doing when it fell silent. */
export interface NotedCall {
  /** Of the run, and so of its topology. */
  readonly incarnation: number
  /** 0 is the source, n the n-th step of the plan. */
  readonly step: number
  readonly order: number
}

/** Plain stores, no atomics: a call costs a nanosecond, and the reader looks once a second. */
export class Heartbeat {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array
  readonly #order: Float64Array

  constructor(buffer = new SharedArrayBuffer(WORDS * 4 + 8)) {
    this.buffer = buffer
    this.#words = new Int32Array(buffer, 0, WORDS)
    this.#order = new Float64Array(buffer, WORDS * 4, 1)
  }

  beat(): void {
    this.#words[BEATS]!++
  }

  /** Before a user's function is called. */
  note(incarnation: number, step: number, order: number): void {
    this.#words[BEATS]!++
    this.#words[INCARNATION] = incarnation
    this.#words[STEP] = step
    this.#order[0] = order
  }

  /** All user code has returned. */
  clear(): void {
    this.#words[INCARNATION] = 0
  }

  /** Changes as long as the worker lives. */
  get beats(): number {
    return Atomics.load(this.#words, BEATS)
  }

  get noted(): NotedCall | undefined {
    const incarnation = Atomics.load(this.#words, INCARNATION)
    return incarnation === 0 ? undefined : { incarnation, step: Atomics.load(this.#words, STEP), order: this.#order[0]! }
  }
}
