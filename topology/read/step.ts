/** A step as it was read, with where its parts stand in the file. */
import type { OptionPath } from '../issue.ts'
import type { Step } from '../topology.ts'
import type { TextPart } from './aggregate-text.ts'

/** Where an option stands that does not stand under its own name. */
export interface OptionSpot {
  readonly path: OptionPath
  readonly part?: TextPart
  /** It names a table, whose own place this is. */
  readonly isTable?: boolean
}

export interface ReadStep {
  readonly id: string
  /** `steps[2]` or `sinks.late`. */
  readonly path: OptionPath
  readonly isUnderSinks: boolean
  readonly operator: string
  readonly options: Step['options']
  /** The option that the bare value stands for. */
  readonly shorthand?: string
  /** By the path of the option, joined by line breaks. */
  readonly spots: ReadonlyMap<string, OptionSpot>
  /** Its operator is not known, or it was not written so that its options can be told. */
  readonly isBroken: boolean
  readonly from: Step['from']
  /** As it is written, right or wrong. */
  readonly inOrder?: unknown
}

export function spotKey(path: OptionPath): string {
  return path.join('\n')
}
