/** What a topology takes from files: modules with functions, tables, schemas. A topology that is a text alone can have none. */
import { isFunctionReference } from '../operators/functions.ts'
import { operators } from '../operators/index.ts'
import type { OptionSpec } from '../operators/operator.ts'
import { isObject } from './proof.ts'
import type { Topology } from './topology.ts'

/** A place that names something outside. */
export interface OutsideReference {
  /** Of the step, or of the source. */
  readonly step: string
  readonly reference: string
}

/** In the order they stand. Tables and schemas that are `data:` URLs are within the text. */
export function outsideReferences({ sources, steps }: Topology): OutsideReference[] {
  const generated = sources.flatMap(source => (source.kind === 'generate' ? [{ step: source.id, reference: source.reference }] : []))
  const named = steps.flatMap(({ id, operator, options }) =>
    referencesIn(operators[operator]?.spec.options ?? {}, options).map(reference => ({ step: id, reference })),
  )
  return [...generated, ...named]
}

function referencesIn(specs: Readonly<Record<string, OptionSpec>>, options: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(specs).flatMap(([name, { type, options: inner = {} }]) => {
    const value = Object.hasOwn(options, name) ? options[name] : undefined
    if (type === 'group' || type === 'choice') return isObject(value) ? referencesIn(inner, value) : []
    if (type === 'routes') return isObject(value) ? Object.values(value).filter(isFunctionReference) : []
    if (type === 'function' || type === 'condition' || type === 'mapping') return isFunctionReference(value) ? [value] : []
    if (type === 'table') return isObject(value) ? fileIn(value['file']) : []
    return name === 'schema' ? fileIn(value) : []
  })
}

function fileIn(value: unknown): string[] {
  return typeof value === 'string' && !value.startsWith('data:') ? [value] : []
}
