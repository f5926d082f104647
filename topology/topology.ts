/** A topology as data: named sources and a flat list of steps, each naming an operator, its options and where it takes its rows from. */
import type { ValueType } from '../operators/expressions/types.ts'
import type { StepInput } from './plan.ts'

interface Declared {
  readonly id: string
  /** The columns its rows have and their types. With it, a name that is not there is a mistake that is found before anything runs. */
  readonly fields?: Readonly<Record<string, ValueType>>
}

/** The log, followed: all of it, or only some types or categories. */
export interface FollowedLog extends Declared {
  readonly kind: 'log'
  readonly types?: readonly string[]
  readonly categories?: readonly string[]
}

/** Pages made by a function of the user's module. */
export interface GeneratedPages extends Declared {
  readonly kind: 'generate'
  /** `module#export` */
  readonly reference: string
  readonly options: unknown
}

export type Source = FollowedLog | GeneratedPages

export interface Step {
  /** Stable: the state of the step is kept under it. */
  readonly id: string
  readonly operator: string
  readonly options: Readonly<Record<string, unknown>>
  readonly from: readonly StepInput[]
  /** Columns that are a key: later rows of the same key wait behind one that was given up, until it is replayed or discarded. */
  readonly inOrder?: readonly string[]
}

export const guarantees = ['exactlyOnce', 'atLeastOnce'] as const
export type Guarantee = (typeof guarantees)[number]

/** Plain JSON: functions of the user stand in it as `module#export`. */
export interface Topology {
  readonly name: string
  readonly version: number
  /** Any number that follow the log, or one that generates. */
  readonly sources: readonly Source[]
  /** Every step stands behind those it takes from. */
  readonly steps: readonly Step[]
  /** `exactlyOnce` is a demand: a sink that may repeat itself is then refused. Left out, each sink keeps what it promises. */
  readonly guarantee?: Guarantee
  /** Time between two writes of its state; the node's when left out. */
  readonly epochMs?: number
  /** Between two ticks at least, for one that goes by the clock; a second when left out. */
  readonly tickMs?: number
}
