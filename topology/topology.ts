/** A topology as data: a source and a flat list of steps, each naming an operator, its options and where it takes its rows from. */
import type { StepInput } from './plan.ts'

/** The log, followed: all of it, or only some types or categories. */
export interface FollowedLog {
  readonly id: string
  readonly kind: 'log'
  readonly types?: readonly string[]
  readonly categories?: readonly string[]
}

/** Pages made by a function of the user's module. */
export interface GeneratedPages {
  readonly id: string
  readonly kind: 'generate'
  /** `module#export` */
  readonly reference: string
  readonly options: unknown
}

export interface Step {
  /** Stable: the state of the step is kept under it. */
  readonly id: string
  readonly operator: string
  readonly options: Readonly<Record<string, unknown>>
  readonly from: readonly StepInput[]
}

/** Plain JSON: functions of the user stand in it as `module#export`. */
export interface Topology {
  readonly name: string
  readonly version: number
  readonly source: FollowedLog | GeneratedPages
  /** Every step stands behind those it takes from. */
  readonly steps: readonly Step[]
}
