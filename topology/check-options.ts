/** Proves the options of a step by the spec of its operator: what is missing, unknown, or of another type. */
import { aggregates } from '../operators/aggregates/index.ts'
import { durationMs } from '../operators/duration.ts'
import { templateOf } from '../operators/names.ts'
import type { OptionSpec, OptionType } from '../operators/operator.ts'
import { formatOf, tableFormats, type TableUse } from '../operators/sources/table.ts'
import { hint } from './nearest.ts'

type Values = Readonly<Record<string, unknown>>
/** Says what is wrong with a value, or nothing. */
type Proof = (value: unknown, option: OptionSpec, name: string) => string[]

/** Sentences about what is wrong; none when all is well. */
export function optionIssues(values: unknown, specs: Readonly<Record<string, OptionSpec>>, prefix = ''): string[] {
  if (!isObject(values)) return [`${prefix === '' ? 'its options' : prefix.slice(0, -1)} must be an object`]
  const names = Object.keys(specs)
  const unknown = Object.keys(values)
    .filter(name => !(name in specs))
    .map(name => `there is no option ${prefix}${name}${hint(name, names)}${names.length > 0 ? ` (there are: ${names.join(', ')})` : ''}`)
  const wrong = Object.entries(specs).flatMap(([name, spec]) => {
    const value = values[name]
    if (value === undefined) return spec.required === true ? [`option ${prefix}${name} is missing: ${spec.summary}`] : []
    return proofs[spec.type](value, spec, `${prefix}${name}`)
  })
  return [...unknown, ...wrong]
}

function isObject(value: unknown): value is Values {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isName = (value: unknown): value is string => typeof value === 'string' && value !== ''

function must(holds: boolean, name: string, what: string, value: unknown): string[] {
  return holds ? [] : [`option ${name} must be ${what}, not ${JSON.stringify(value)}`]
}

/** Runs a reader of the operators, which says what is wrong better than we could. */
function readable(read: () => unknown): string[] {
  try {
    read()
    return []
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
}

const proofs: Readonly<Record<OptionType, Proof>> = {
  text: (value, _, name) => must(isName(value), name, 'a text', value),
  number: (value, _, name) => must(typeof value === 'number' && Number.isFinite(value), name, 'a number', value),
  boolean: (value, _, name) => must(typeof value === 'boolean', name, 'true or false', value),
  duration: (value, _, name) => readable(() => durationMs(value, name)),
  field: (value, _, name) => must(isName(value), name, 'the name of a column', value),
  list: (value, _, name) => must(isList(value), name, 'a list of names of columns', value),
  fields: (value, _, name) =>
    must(isList(value) || isRenaming(value), name, 'a list of names of columns, or { "new name": "column" }', value),
  function: (value, _, name) =>
    must(
      typeof value === 'string' && /^[^#]*#[^#]+$/.test(value),
      name,
      'the place of a function, as module#export (or #export of the same module)',
      value,
    ),
  template: (value, _, name) => (isName(value) ? readable(() => templateOf(value)) : must(false, name, 'a text', value)),
  choice: (value, { choices = [] }, name) => {
    if (typeof value === 'string' && choices.includes(value)) return []
    return [`option ${name} must be one of ${choices.join(', ')}${typeof value === 'string' ? hint(value, choices) : ''}`]
  },
  group: (value, { options = {} }, name) => optionIssues(value, options, `${name}.`),
  table: tableIssues,
  aggregates: aggregateIssues,
}

function isList(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every(isName) && new Set(value).size === value.length
}

function isRenaming(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length > 0 && Object.values(value).every(isName)
}

const tableOptions: Readonly<Record<string, OptionSpec>> = {
  file: { type: 'text', required: true, summary: 'path or URL beside the module of the topology.' },
  key: { type: 'field', required: true, summary: 'column to look up.' },
  format: { type: 'choice', choices: tableFormats, summary: 'told from the ending when left out.' },
}

function tableIssues(value: unknown, _: OptionSpec, name: string): string[] {
  const issues = optionIssues(value, tableOptions, `${name}.`)
  return issues.length > 0 ? issues : readable(() => formatOf(value as TableUse))
}

function aggregateIssues(value: unknown, _: OptionSpec, name: string): string[] {
  if (!isObject(value) || Object.keys(value).length === 0) return must(false, name, 'an object of aggregates by name', value)
  return Object.entries(value).flatMap(([result, use]) => {
    if (!isObject(use) || typeof use['aggregate'] !== 'string') return must(false, `${name}.${result}`, 'an aggregate such as count()', use)
    const { aggregate: of, ...options } = use
    const aggregate = aggregates[of as string]
    if (aggregate === undefined) {
      return [`${name}.${result}: there is no aggregate ${of as string}${hint(of as string, Object.keys(aggregates))}`]
    }
    const issues = optionIssues(options, aggregate.spec.options, `${name}.${result}.`)
    return issues.length > 0 ? issues : readable(() => aggregate.create(options as never))
  })
}
