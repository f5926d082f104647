/** A push on its way through layers and lanes. */
import type { Barrier, End, Flow, Tick, Watermark } from '../../operators/flow.ts'
import type { GivenUpRow } from '../dead-letter.ts'
import type { Passage } from '../fragment.ts'
import type { PulledPage } from '../source.ts'
import type { LaneAnswer } from './lane-task.ts'

/** What a pipeline pushes. */
export type Pushed = PulledPage | Watermark | Barrier | End

/** A push on its way. */
export interface Travelling {
  readonly push: number
  readonly flow: Pushed | Tick
  readonly passage: Passage | undefined
  /** The layer that ran last. */
  layer: number
  /** Answers of the level behind it, by lane; and how many are still to come. */
  answers: (LaneAnswer | undefined)[]
  missing: number
  /** What left the steps of layers and sections, for layers behind them. */
  readonly left: Map<string, (readonly [flow: Flow, port: 'dead' | 'any'])[]>
  readonly dead: GivenUpRow[]
}

/** Of the rows of a push that are later than those of the pushes before it. */
export function lastOrderOf(flow: Pushed | Tick): number {
  if (flow.kind === 'page') return flow.order.at(-1) ?? -Infinity
  return flow.kind === 'tick' ? flow.order : -Infinity
}

/** A flow has left a step, for layers behind it. */
export function noteLeft({ left }: Travelling, step: string, one: readonly [flow: Flow, port: 'dead' | 'any']): void {
  const flows = left.get(step)
  if (flows === undefined) left.set(step, [one])
  else flows.push(one)
}
