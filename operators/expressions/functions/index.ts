/** All functions by name; those that differ by their arguments stand together. */
import { arrayFunctions } from './arrays.ts'
import { jsonFunctions } from './json.ts'
import { mathFunctions } from './math.ts'
import { type FunctionSpec, type Signature, signatureOf } from './spec.ts'
import { regexFunctions } from './regex.ts'
import { textFunctions } from './text.ts'
import { timeFunctions } from './time.ts'

export interface KnownFunction extends FunctionSpec {
  readonly form: Signature
}

export const functionGroups: Readonly<Record<string, readonly FunctionSpec[]>> = {
  Texts: textFunctions,
  'Regular expressions': regexFunctions,
  Numbers: mathFunctions,
  'Times and intervals': timeFunctions,
  Arrays: arrayFunctions,
  JSON: jsonFunctions,
}

/** By name; a `Map`, so that `constructor` is no function. */
export const functions: ReadonlyMap<string, readonly KnownFunction[]> = Map.groupBy(
  Object.values(functionGroups)
    .flat()
    .map(spec => ({ ...spec, form: signatureOf(spec.signature) })),
  spec => spec.form.name,
)
