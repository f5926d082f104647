/** The values of a step's options, one by one, each with its type and its place. */
import { operators } from '../operators/index.ts'
import type { OptionSpec } from '../operators/operator.ts'
import type { OptionPath } from './issue.ts'
import { isObject } from './proof.ts'
import type { Step } from './topology.ts'

export interface OptionValue {
  /** An expression wherever one stands: as a condition, a column, a route, or what is aggregated. */
  readonly type: OptionSpec['type']
  readonly value: unknown
  /** Of an aggregate's expression that of the aggregate, as everywhere. */
  readonly path: OptionPath
}

export function optionValues({ operator, options }: Pick<Step, 'operator' | 'options'>): readonly OptionValue[] {
  return valuesOf(Object.hasOwn(operators, operator) ? (operators[operator]?.spec.options ?? {}) : {}, options, [])
}

function valuesOf(specs: Readonly<Record<string, OptionSpec>>, values: Readonly<Record<string, unknown>>, at: OptionPath): OptionValue[] {
  return Object.entries(specs).flatMap(([name, spec]): OptionValue[] => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    const path = [...at, name]
    if (value === undefined) return []
    switch (spec.type) {
      case 'choice':
      case 'group':
        return isObject(value) ? valuesOf(spec.options ?? {}, value, path) : []
      case 'columns':
      case 'mapping':
      case 'routes':
        return isObject(value)
          ? Object.entries(value).map(([one, text]) => ({ type: 'expression', value: text, path: [...path, one] }))
          : []
      case 'aggregates':
        return isObject(value)
          ? Object.entries(value).flatMap(([one, use]) =>
              ['of', 'where'].map(part => ({
                type: 'expression',
                value: isObject(use) ? use[part] : undefined,
                path: part === 'of' ? [...path, one] : [...path, one, part],
              })),
            )
          : []
      case 'condition':
        return [{ type: 'expression', value, path }]
      default:
        return [{ type: spec.type, value, path }]
    }
  })
}
