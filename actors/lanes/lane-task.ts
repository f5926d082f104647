/** What the lead gives a lane to do, and what the lane answers: the flows of one push, at one level of the plan. */
import type { Flow, Page } from '../../operators/flow.ts'
import type { GivenUpRow } from '../dead-letter.ts'

/** Flows on their way into a section, or out of one of its steps. */
export interface FlowsOf {
  /** The entry of the section, or the step that they left. */
  readonly step: string
  readonly flows: readonly Flow[]
}

export interface LaneTask {
  readonly push: number
  readonly level: number
  readonly parts: readonly FlowsOf[]
  /** A row that was given up, for the step to take again. */
  readonly replay?: { readonly step: string; readonly page: Page }
}

export interface LaneAnswer {
  readonly push: number
  readonly level: number
  readonly parts: readonly FlowsOf[]
  readonly dead: readonly GivenUpRow[]
  /** What its steps put since the last barrier; there when the push was one. */
  readonly bytes?: Uint8Array<ArrayBuffer>
  /** About how much waits for the next barrier. */
  readonly dirtyBytes: number
  /** The least watermark at which rows leave each step, of those at which any are to. */
  readonly wanted: Readonly<Record<string, number>>
  /** Rows in, out, late, suspect and dead of each step since the lane was started. */
  readonly counters: Readonly<Record<string, readonly number[]>>
  /** How long each has worked, ms. */
  readonly busyMs: Readonly<Record<string, number>>
}

export class LaneFailure {
  readonly error: unknown

  constructor(error: unknown) {
    this.error = error
  }
}

/** The lead's way to one lane. Tasks are done in the order in which they are given, and each is answered once. */
export interface LaneLink {
  give(task: LaneTask): void
  /** Set by the lead before it gives the first task; may be called within `give`. */
  answered: (answer: LaneAnswer | LaneFailure) => void
  close(): void
}
