/** What the lanes last said of themselves: what their steps counted, what waits for the next barrier, and for which watermarks they wait. */
import type { StepCounters } from '../step-node.ts'
import type { LaneAnswer } from './lane-task.ts'

type Figures = Pick<LaneAnswer, 'counters' | 'busyMs' | 'dirtyBytes' | 'wanted'>

export class LaneFigures {
  readonly #ofLane: Figures[]

  constructor(lanes: number) {
    this.#ofLane = Array.from({ length: lanes }, () => ({ counters: {}, busyMs: {}, dirtyBytes: 0, wanted: {} }))
  }

  note(lane: number, { counters, busyMs, dirtyBytes, wanted }: Figures): void {
    this.#ofLane[lane] = { counters, busyMs, dirtyBytes, wanted }
  }

  get dirtyBytes(): number {
    return this.#ofLane.reduce((sum, { dirtyBytes }) => sum + dirtyBytes, 0)
  }

  counted(step: string): StepCounters {
    const sum = (which: number): number => this.#ofLane.reduce((all, { counters }) => all + (counters[step]?.[which] ?? 0), 0)
    return { in: sum(0), out: sum(1), late: sum(2), suspect: sum(3), dead: sum(4) }
  }

  busyMs(step: string): number {
    return this.#ofLane.reduce((all, { busyMs }) => all + (busyMs[step] ?? 0), 0)
  }

  /** The least watermark at which rows leave a step; Infinity for none. */
  wanted(step: string): number {
    return Math.min(...this.#ofLane.map(({ wanted }) => wanted[step] ?? Infinity))
  }
}
