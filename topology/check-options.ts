/** Proves the options of a step by the spec of its operator: what is missing, unknown, or of another type. */
import { aggregates } from '../operators/aggregates/index.ts'
import { checkLength, durationMs } from '../operators/duration.ts'
import { columnTypes, type ValueType } from '../operators/expressions/types.ts'
import { expressionOf } from '../operators/expressions/expression.ts'
import { isFunctionReference } from '../operators/functions.ts'
import { templateOf } from '../operators/names.ts'
import type { OptionSpec, OptionType } from '../operators/operator.ts'
import { formatOf, tableFormats, type TableUse } from '../operators/sources/table.ts'
import { type OptionIssue, pathText } from './issue.ts'
import { hint } from './nearest.ts'
import { columnIssues, inPlace, isName, isObject, must, type Place, readable } from './proof.ts'

/** Says what is wrong with a value, or nothing. */
type Proof = (value: unknown, option: OptionSpec, place: Place) => OptionIssue[]

/** What is wrong; nothing when all is well. */
export function optionIssues(values: unknown, specs: Readonly<Record<string, OptionSpec>>, place: Place): OptionIssue[] {
  const { path } = place
  if (!isObject(values)) return [{ path, message: `${path.length === 0 ? 'its options' : pathText(path)} must be an object` }]
  const names = Object.keys(specs)
  const known = names.length > 0 ? ` (there are: ${names.join(', ')})` : ''
  const unknown = Object.keys(values)
    .filter(name => !Object.hasOwn(specs, name))
    .map(name => ({
      path: [...path, name],
      message: `there is no option ${pathText([...path, name])}${hint(name, names)}${known}`,
    }))
  const wrong = Object.entries(specs).flatMap(([name, spec]) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined
    const at = { ...place, path: [...path, name] }
    if (value !== undefined) return proofs[spec.type](value, spec, at)
    return spec.required === true ? [{ path, message: `option ${pathText(at.path)} is missing: ${spec.summary}` }] : []
  })
  return [...unknown, ...wrong]
}

function expressionIssues(value: unknown, place: Place, wanted?: ValueType): OptionIssue[] {
  if (!isName(value)) return must(false, place, wanted === 'boolean' ? 'a condition' : 'an expression', value)
  return readable(place, () => expressionOf(value, place.row, wanted))
}

function conditionIssues(value: unknown, place: Place): OptionIssue[] {
  return isFunctionReference(value) ? [] : expressionIssues(value, place, 'boolean')
}

function eachOf(value: unknown, place: Place, what: string, prove: (value: unknown, place: Place) => OptionIssue[]): OptionIssue[] {
  if (!isObject(value) || Object.keys(value).length === 0) return must(false, place, what, value)
  return Object.entries(value).flatMap(([name, one]) => prove(one, inPlace(place, name)))
}

function listIssues(value: unknown, option: OptionSpec, place: Place, nameOf = (text: string): string => text): OptionIssue[] {
  if (!isList(value)) return must(false, place, 'a list of names of columns', value)
  return value.flatMap((name, index) => columnIssues(nameOf(name), option, inPlace(place, index)))
}

const proofs: Readonly<Record<OptionType, Proof>> = {
  text: (value, _, place) => must(isName(value), place, 'a text', value),
  texts: (value, _, place) => must(isList(value), place, 'a list of texts', value),
  json: () => [],
  number: (value, { least = -Infinity, most = Infinity, isWhole }, place) => {
    const kind = isWhole === true ? 'a whole number' : 'a number'
    const range =
      least === -Infinity && most === Infinity ? kind : most === Infinity ? `${kind} from ${least}` : `${kind} from ${least} to ${most}`
    const fits = typeof value === 'number' && Number.isFinite(value) && value >= least && value <= most
    return must(fits && (isWhole !== true || Number.isSafeInteger(value)), place, range, value)
  },
  boolean: (value, _, place) => must(typeof value === 'boolean', place, 'true or false', value),
  duration: (value, { orCalendar }, place) =>
    readable(place, () => (orCalendar === true ? checkLength : durationMs)(value, pathText(place.path))),
  field: (value, option, place) => {
    if (option.orList === true && Array.isArray(value)) return listIssues(value, option, place)
    const what = option.orList === true ? 'the name of a column, or a list of names' : 'the name of a column'
    return isName(value) ? columnIssues(value, option, place) : must(false, place, what, value)
  },
  list: (value, option, place) => listIssues(value, option, place),
  order: (value, option, place) => listIssues(value, option, place, name => name.replace(/^-/, '')),
  fields: (value, option, place) => {
    if (isList(value)) return listIssues(value, option, place)
    const isRenaming = isObject(value) && Object.keys(value).length > 0 && Object.values(value).every(isName)
    if (!isRenaming) return must(false, place, 'a list of names of columns, or { "new name": "column" }', value)
    return Object.entries(value).flatMap(([name, field]) => columnIssues(field as string, option, inPlace(place, name)))
  },
  function: (value, _, place) =>
    must(isFunctionReference(value), place, 'the place of a function, as module#export (or #export of the same module)', value),
  expression: (value, _, place) => expressionIssues(value, place),
  condition: (value, _, place) => conditionIssues(value, place),
  columns: (value, option, place) =>
    isList(value)
      ? listIssues(value, option, place)
      : eachOf(value, place, '{ "column": "expression" }, or a list of names of columns', (one, at) => expressionIssues(one, at)),
  mapping: (value, _, place) =>
    isFunctionReference(value)
      ? []
      : eachOf(value, place, '{ "column": "expression" }, or a function as module#export', (one, at) => expressionIssues(one, at)),
  routes: (value, _, place) => eachOf(value, place, '{ "route": "condition" }', conditionIssues),
  types: (value, _, place) =>
    eachOf(value, place, '{ "column": "type" }', (one, at) => {
      const message = `option ${pathText(at.path)} must be one of ${columnTypes.join(', ')}${typeof one === 'string' ? hint(one, columnTypes) : ''}`
      return columnTypes.some(type => type === one) ? [] : [{ path: at.path, message }]
    }),
  template: (value, option, place) => {
    if (!isName(value)) return must(false, place, 'a text', value)
    const issues = readable(place, () => templateOf(value))
    return issues.length > 0 ? issues : templateOf(value).fields.flatMap(field => columnIssues(field, option, place))
  },
  choice: (value, { choices = [], options }, place) => {
    const { path } = place
    if (typeof value === 'string' && choices.includes(value)) return []
    if (options !== undefined && isObject(value)) return optionIssues(value, options, place)
    const near = typeof value === 'string' ? hint(value, choices) : ''
    return [{ path, message: `option ${pathText(path)} must be one of ${[...choices, ...mappingsOf(options)].join(', ')}${near}` }]
  },
  group: (value, { options = {} }, place) => optionIssues(value, options, place),
  table: tableIssues,
  aggregates: aggregateIssues,
}

/** What a choice may be beside its words. */
function mappingsOf(options: Readonly<Record<string, OptionSpec>> = {}): readonly string[] {
  return Object.keys(options).map(name => `{ ${name}: … }`)
}

function isList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every(isName) && new Set(value).size === value.length
}

const fileOptions: Readonly<Record<string, OptionSpec>> = {
  file: { type: 'text', required: true, summary: 'path or URL beside the module of the topology.' },
  key: { type: 'field', orList: true, isForeign: true, required: true, summary: 'column to look up, or several.' },
  format: { type: 'choice', choices: tableFormats, summary: 'told from the ending when left out.' },
}

const projectionOptions: Readonly<Record<string, OptionSpec>> = {
  projection: { type: 'text', required: true, summary: 'name of the projection whose rows are looked up by their key.' },
}

function tableIssues(value: unknown, _: OptionSpec, place: Place): OptionIssue[] {
  if (isObject(value) && 'projection' in value) return optionIssues(value, projectionOptions, place)
  const issues = optionIssues(value, fileOptions, place)
  return issues.length > 0 ? issues : readable(place, () => formatOf(value as unknown as TableUse))
}

function aggregateIssues(value: unknown, _: OptionSpec, place: Place): OptionIssue[] {
  if (!isObject(value) || Object.keys(value).length === 0) return must(false, place, 'an object of aggregates by name', value)
  return Object.entries(value).flatMap(([result, use]) => useIssues(use, { ...place, path: [...place.path, result] }))
}

function useIssues(use: unknown, place: Place): OptionIssue[] {
  if (!isObject(use) || typeof use['aggregate'] !== 'string') return must(false, place, 'an aggregate such as count()', use)
  const { aggregate: name, of, where, ...rest } = use
  const aggregate = Object.hasOwn(aggregates, name as string) ? aggregates[name as string] : undefined
  if (aggregate === undefined)
    return [{ path: place.path, message: `there is no aggregate ${name as string}${hint(name as string, Object.keys(aggregates))}` }]
  // What is aggregated is a column, or computed from some.
  const computed = of === undefined ? [] : readable(place, () => expressionOf(of as string, place.row))
  const chosen = where === undefined ? [] : expressionIssues(where, inPlace(place, 'where'), 'boolean')
  const { field, ...others } = aggregate.spec.options
  const specs = of === undefined || field === undefined ? aggregate.spec.options : others
  const issues = [...computed, ...chosen, ...optionIssues(rest, specs, place)]
  return issues.length > 0 ? issues : readable(place, () => aggregate.create({ ...(of !== undefined && { field: of }), ...rest } as never))
}
