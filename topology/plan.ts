/** A topology made ready to run: a plain object that crosses threads, with the columns that the source must decode. */

/** The log, followed from the start or from the last epoch. */
export interface LogSource {
  readonly id: string
  readonly kind: 'log'
  readonly types?: readonly string[]
  readonly categories?: readonly string[]
  /**
   * Columns to decode: names of the fields of `data`, `*` for all of them; of the envelope `$stream`, `$type`, `$time`, `$recorded`,
   * `$version`, `$partition`, `$sequence`, `$id`, which `*` does not include.
   */
  readonly fields: readonly string[]
}

/** Pages made by a user's function: `(options) => { next(rows, fromRow): Page | null }`; the order is the row number. */
export interface GenerateSource {
  readonly id: string
  readonly kind: 'generate'
  /** `module#export` */
  readonly reference: string
  readonly options: unknown
}

export type PlanSource = LogSource | GenerateSource

/** Where a step takes its rows from: a port of an earlier step, or `main` of the source. */
export interface StepInput {
  readonly step: string
  readonly port: string
}

export interface PlanStep {
  readonly id: string
  readonly operator: string
  readonly options: Readonly<Record<string, unknown>>
  readonly from: readonly StepInput[]
}

export interface Plan {
  readonly topology: string
  readonly version: number
  readonly source: PlanSource
  /** In an order in which every step stands behind those it takes from. */
  readonly steps: readonly PlanStep[]
  readonly until?: 'head'
}
