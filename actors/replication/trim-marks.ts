/**
 * Where in the shared log the last records of a partition stand: what a leader needs to have those forgotten that every replica has. Few marks for
 * many records; what was before this process began is forgotten once the first of its marks may be.
 */
interface Mark {
  readonly index: number
  readonly logSequence: number
  /** Of all records since this process began, with this one. */
  readonly bytes: number
}

/** Between two marks, at least. */
const MARK_BYTES = 1024 * 1024
const MARKS_MAX = 4096
/** Of what all have, so much is left, so that a replica which was away for a moment need not ask for a snapshot. */
const MARGIN_BYTES = 16 * 1024 * 1024
/** A replica that lacks more does not hold the log any longer. */
const HELD_BYTES = 1024 * 1024 * 1024

export class TrimMarks {
  #marks: Mark[] = []
  #bytes = 0
  #index = 0
  /** Below it nothing is left. */
  #trimmed = 0

  took(index: number, logSequence: number, bytes: number): void {
    // One that this node committed is delivered to it, too.
    if (index <= this.#index) return
    this.#index = index
    this.#bytes += bytes
    if (this.#bytes - (this.#marks.at(-1)?.bytes ?? Number.NEGATIVE_INFINITY) < MARK_BYTES) return
    this.#marks.push({ index, logSequence, bytes: this.#bytes })
    if (this.#marks.length > MARKS_MAX) this.#marks = this.#marks.filter((_, i) => i % 2 === 0)
  }

  /** Up to where the log may be forgotten when every replica that counts has this index; null when there is nothing new to forget. */
  before(index: number): number | null {
    const margin = this.#bytes - MARGIN_BYTES
    const held = this.#bytes - HELD_BYTES
    const mark = this.#marks.findLast(each => (each.index <= index && each.bytes <= margin) || each.bytes <= held)
    if (!mark || mark.logSequence <= this.#trimmed) return null
    this.#trimmed = mark.logSequence
    return mark.logSequence
  }
}
