/** Rising numbers as runs: each a gap and a length as varints (LEB128), so that one in every place costs two bytes in all, and a lone one about three. */

export class RunWriter {
  length = 0
  #bytes = new Uint8Array(1024)
  #from = 0
  #to = 0
  #end = 0

  /** Begins a list. */
  begin(): void {
    this.#from = this.#to = this.#end = 0
  }

  /** The next number: not below the last. */
  add(number: number): void {
    if (number === this.#to && this.#to > this.#from) this.#to++
    else if (number >= this.#to) {
      this.#flush()
      this.#from = number
      this.#to = number + 1
    }
  }

  /** Ends the list. */
  end(): void {
    this.#flush()
    this.#from = this.#to
  }

  #flush(): void {
    if (this.#to === this.#from) return
    this.varint(this.#from - this.#end)
    this.varint(this.#to - this.#from - 1)
    this.#end = this.#to
  }

  varint(value: number): void {
    this.#room(5)
    let left = value
    while (left > 0x7f) {
      this.#bytes[this.length++] = (left & 0x7f) | 0x80
      left >>>= 7
    }
    this.#bytes[this.length++] = left
  }

  /** Little-endian. */
  word(value: number): void {
    this.#room(4)
    for (let shift = 0; shift < 32; shift += 8) this.#bytes[this.length++] = value >>> shift
  }

  append(other: RunWriter): void {
    this.#room(other.length)
    this.#bytes.set(other.#bytes.subarray(0, other.length), this.length)
    this.length += other.length
  }

  /** What was written; changes with the next write. */
  get written(): Uint8Array {
    return this.#bytes.subarray(0, this.length)
  }

  #room(bytes: number): void {
    if (this.length + bytes <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + bytes))
    grown.set(this.#bytes)
    this.#bytes = grown
  }
}

/** Reads what a `RunWriter` wrote; past the end it reads zeros, so that bytes which are not whole end the walk. */
export class RunReader {
  at = 0
  readonly #bytes: Uint8Array

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes
    this.at = at
  }

  get ended(): boolean {
    return this.at >= this.#bytes.length
  }

  varint(): number {
    let value = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.#bytes[this.at++] ?? 0
      value |= (byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return value >>> 0
  }

  word(): number {
    let value = 0
    for (let shift = 0; shift < 32; shift += 8) value |= (this.#bytes[this.at++] ?? 0) << shift
    return value >>> 0
  }

  /** Calls `found` for each run up to byte `end`: from inclusive, to exclusive. */
  runs(end: number, found: (from: number, to: number) => void): void {
    let number = 0
    while (this.at < end) {
      const from = number + this.varint()
      number = from + this.varint() + 1
      found(from, number)
    }
  }
}
