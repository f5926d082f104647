/** Early firing: which cells have changed since their results left last, and when they leave again before their window closes. */
import { TimeHeap } from './window-heap.ts'

/**
 * The first row that changes a cell sets the time when it leaves: the next multiple of the distance after the row and after the watermark
 * beside it. So what a cell waits for follows from its rows alone, and is saved with it.
 */
export class EarlyFirings {
  readonly #everyMs: number
  /** When each cell leaves; Infinity for those that have not changed. */
  #due = new Float64Array(64).fill(Infinity)
  readonly #cells = new Map<number, number[]>()
  readonly #times = new TimeHeap<number>()

  /** Infinity for windows whose results do not leave early. */
  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  get isOn(): boolean {
    return this.#everyMs !== Infinity
  }

  /** The next time at which cells leave; Infinity when none do. */
  get next(): number {
    return this.#times.time
  }

  /** A row that happened at `time` changes a cell. */
  note(cell: number, time: number, stamp: number): void {
    if (this.isOn) this.restore(cell, (Math.floor(Math.max(time, stamp) / this.#everyMs) + 1) * this.#everyMs)
  }

  /** The cell leaves then, or earlier. */
  restore(cell: number, due: number): void {
    if (!(due < this.dueOf(cell))) return
    if (cell >= this.#due.length) {
      const larger = new Float64Array(Math.max(cell + 1, 2 * this.#due.length)).fill(Infinity)
      larger.set(this.#due)
      this.#due = larger
    }
    this.#due[cell] = due
    const cells = this.#cells.get(due)
    if (cells !== undefined) return void cells.push(cell)
    this.#cells.set(due, [cell])
    this.#times.push(due, due)
  }

  dueOf(cell: number): number {
    return this.#due[cell] ?? Infinity
  }

  clear(cell: number): void {
    if (cell < this.#due.length) this.#due[cell] = Infinity
  }

  /** The cells that leave at the next time; those that have left by now, or are of another window, are no more among them. */
  take(): number[] {
    const time = this.#times.pop() as number
    const due: number[] = []
    for (const cell of this.#cells.get(time) ?? []) {
      if (this.#due[cell] !== time) continue
      this.#due[cell] = Infinity
      due.push(cell)
    }
    this.#cells.delete(time)
    return due
  }
}
