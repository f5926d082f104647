/** How many read all partitions in order: counted on this node, and whether anybody does on any, between the threads of a node. */
const HERE = 0
const ANYWHERE = 1

export class ReaderCount {
  readonly buffer: SharedArrayBuffer
  readonly #words: Int32Array

  constructor(buffer = new SharedArrayBuffer(8)) {
    this.buffer = buffer
    this.#words = new Int32Array(buffer)
  }

  /** The answer ends it. */
  begin(): () => void {
    Atomics.add(this.#words, HERE, 1)
    let isReading = true
    return () => {
      if (isReading) Atomics.sub(this.#words, HERE, 1)
      isReading = false
    }
  }

  get isReadHere(): boolean {
    return Atomics.load(this.#words, HERE) > 0
  }

  set isReadElsewhere(some: boolean) {
    Atomics.store(this.#words, ANYWHERE, some ? 1 : 0)
  }

  get isRead(): boolean {
    return this.isReadHere || Atomics.load(this.#words, ANYWHERE) === 1
  }
}
