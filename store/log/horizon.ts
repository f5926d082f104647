/** The lowest stamp still in flight on this node: readers of *all* see what lies below it. Written by the router, read by any thread. */

/** 64-bit floats are stored and loaded whole on every 64-bit machine Node runs on; the atomic word after them makes their order. */
export class SharedHorizon {
  readonly buffer: SharedArrayBuffer
  readonly #epoch: Int32Array
  readonly #stamp: Float64Array

  constructor(buffer = new SharedArrayBuffer(16)) {
    this.buffer = buffer
    this.#epoch = new Int32Array(buffer, 0, 1)
    this.#stamp = new Float64Array(buffer, 8, 1)
  }

  /** Exclusive. Load it before any commit sequence it is compared with. */
  get stamp(): number {
    Atomics.load(this.#epoch, 0)
    return this.#stamp[0]!
  }

  get epoch(): number {
    return Atomics.load(this.#epoch, 0)
  }

  /** Router: moves on and wakes whoever waits. */
  set(stamp: number): void {
    this.#stamp[0] = stamp
    Atomics.add(this.#epoch, 0, 1)
    Atomics.notify(this.#epoch, 0)
  }

  /** Wakes whoever waits, though nothing has moved: they have something else to look at. */
  wake(): void {
    Atomics.add(this.#epoch, 0, 1)
    Atomics.notify(this.#epoch, 0)
  }

  /** Resolves when the horizon has moved since `epoch` was read, or after `timeoutMs`. */
  async changed(epoch: number, timeoutMs = 1000): Promise<void> {
    const waited = Atomics.waitAsync(this.#epoch, 0, epoch, timeoutMs)
    if (waited.async) await waited.value
  }
}
