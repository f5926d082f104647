/** The watermarks that each step of a graph has seen, kept with its state: a row that comes back after a restart is as late as it would have been without. */
import type { StepState } from '../operators/operator.ts'
import type { PlanStep } from '../topology/plan.ts'
import type { Merge } from './merge.ts'

/** A step as far as watermarks go. */
export interface Reached {
  readonly step: PlanStep
  /** The largest watermark that came in. */
  reached: number
  readonly merge: Merge | undefined
}

/** No step can have an id with a control character. */
export const watermarksStep = '\u0000watermarks'
export const watermarksVersion = 1

/** No step has this id either: here lies the order of the last row of the source. */
const lastRow = Buffer.from('\u0000row')

export class SavedWatermarks {
  readonly #state: StepState
  readonly #saved = new Map<string, readonly number[]>()
  /** Order of the last row of the source, in this life or an earlier one; 0 before the first. */
  order = 0
  #savedOrder: number

  constructor(state: StepState) {
    this.#state = state
    for (const [key, value] of state.rows()) {
      // Rows lie anywhere in larger buffers; a slice of a Buffer would be no copy.
      const bytes = new Uint8Array(value)
      this.#saved.set(Buffer.from(key).toString(), [...new Float64Array(bytes.buffer, 0, bytes.length / 8)])
    }
    this.order = this.#savedOrder = this.#saved.get(lastRow.toString())?.[0] ?? 0
  }

  restore(node: Reached): void {
    const saved = this.#saved.get(node.step.id)
    if (saved === undefined) return
    node.reached = saved[0] ?? -Infinity
    node.merge?.restore(saved.slice(1))
  }

  /** Writes those that moved since the last barrier. */
  save(nodes: Iterable<Reached>): void {
    if (this.order !== this.#savedOrder) {
      this.#savedOrder = this.order
      this.#state.put(lastRow, new Uint8Array(Float64Array.of(this.order).buffer))
    }
    for (const { step, reached, merge } of nodes) {
      const now = [reached, ...(merge?.watermarks ?? [])]
      const saved = this.#saved.get(step.id)
      if (now.every((time, at) => time === (saved?.[at] ?? -Infinity))) continue
      this.#saved.set(step.id, now)
      this.#state.put(Buffer.from(step.id), new Uint8Array(Float64Array.from(now).buffer))
    }
  }
}
