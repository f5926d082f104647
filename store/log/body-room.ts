/**
 * Room for blocks that are sealed, or looked into once, and dropped. Bytes outside of the heap count against its limit: a buffer for each block
 * makes V8 collect the whole heap several times a second (docs/decisions/cluster.md).
 */

/** What is larger is not kept for the next ones. */
const KEPT_BYTES_MAX = 4 * 1024 * 1024
const FIRST_BYTES = 64 * 1024

export class BodyRoom {
  #bytes = Buffer.allocUnsafeSlow(0)
  #used = 0

  /** All that was taken is free again: whoever still looks at it sees what is written there next. */
  reset(): void {
    this.#used = 0
  }

  /** At a multiple of eight. */
  take(bytes: number): Buffer<ArrayBuffer> {
    const end = this.#used + bytes
    if (end > this.#bytes.length) {
      if (end > KEPT_BYTES_MAX) return Buffer.allocUnsafeSlow(bytes)
      this.#bytes = Buffer.allocUnsafeSlow(Math.min(KEPT_BYTES_MAX, Math.max(FIRST_BYTES, this.#bytes.length * 2, end)))
      this.#used = 0
    }
    const start = this.#used
    this.#used = (start + bytes + 7) & ~7
    return this.#bytes.subarray(start, start + bytes)
  }
}
