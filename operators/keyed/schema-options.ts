/** Options of steps whose state a function of the user makes: the version of its shape, and who makes new state of old. */
import type { OptionSpec } from '../operator.ts'

export interface SchemaOptions {
  readonly schemaVersion?: number
  /** `module#export` */
  readonly upgrade?: string
}

export const schemaSpecs = {
  schemaVersion: {
    type: 'number',
    least: 1,
    isWhole: true,
    default: 1,
    sample: 2,
    summary: 'Version of the shape of the state; another one says that the state of the version before is not good as it is.',
  },
  upgrade: {
    type: 'function',
    sample: './functions.ts#upgraded',
    summary:
      'Makes new state of that of the version before: `(state, { key, schemaVersion }) => state`, as `module#export`. What it returns is JSON; ' +
      'undefined forgets the key.',
  },
} as const satisfies Readonly<Record<string, OptionSpec>>
