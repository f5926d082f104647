/** Makes topology/topology.schema.json, by which editors complete and check topology files, from the specs of the operators. */
import { glob } from 'node:fs/promises'
import { basename, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { format, resolveConfig } from 'prettier'
import type { AggregateSpec, AnyAggregate } from '../../operators/aggregates/aggregate.ts'
import { columnTypes } from '../../operators/expressions/types.ts'
import type { AnyOperator, OptionSpec, OptionType, OperatorSpec } from '../../operators/operator.ts'
import { tableFormats } from '../../operators/sources/table.ts'
import { inOrderSpec } from '../../topology/check-in-order.ts'
import { guarantees } from '../../topology/topology.ts'

type Schema = Readonly<Record<string, unknown>>

const file = 'topology/topology.schema.json'
const root = resolve(import.meta.dirname, '../..')

/** From the files themselves, because the lists of operators and aggregates are generated in the same run. */
async function declared<Kind>(folder: string, ending: string): Promise<Kind[]> {
  const found: Kind[] = []
  for (const path of (await Array.fromAsync(glob(`${folder}/*.ts`, { cwd: root }))).sort()) {
    const module = (await import(pathToFileURL(resolve(root, path)).href)) as Readonly<Record<string, unknown>>
    const name = basename(path, '.ts')
    // A reserved word such as catch can not be the name of an export.
    const values = [module[`${name}${ending}`], module[`${name}Rows`]]
    const value = values.find(one => typeof one === 'object' && one !== null && 'spec' in one)
    if (value !== undefined) found.push(value as Kind)
  }
  return found
}

const reference = (name: string): Schema => ({ $ref: `#/definitions/${name}` })
const names: Schema = { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1, uniqueItems: true }
const text: Schema = { type: 'string', minLength: 1 }
/** A name alone is a list of one. */
const word = '[\\p{L}_$][\\p{L}\\p{M}\\p{N}_$.-]*$'
const oneName: Schema = { type: 'string', pattern: `^${word}` }
const someNames: Schema = { anyOf: [oneName, names] }
const mappingOf = (value: Schema): Schema => ({ type: 'object', additionalProperties: value, minProperties: 1 })

/** What each type of option looks like in YAML; expressions may look like numbers there. */
const schemas: Readonly<Record<OptionType, (option: OptionSpec) => Schema>> = {
  text: () => text,
  texts: () => names,
  json: () => ({}),
  number: ({ least, most, isWhole }) => ({
    type: isWhole === true ? 'integer' : 'number',
    ...(least !== undefined && { minimum: least }),
    ...(most !== undefined && { maximum: most }),
  }),
  boolean: () => ({ type: 'boolean' }),
  duration: ({ orCalendar }) => (orCalendar === true ? { anyOf: [reference('duration'), reference('period')] } : reference('duration')),
  field: () => text,
  list: () => someNames,
  order: () => ({ anyOf: [{ type: 'string', pattern: `^-?${word}` }, names] }),
  fields: () => ({ anyOf: [oneName, names, mappingOf(text)] }),
  function: () => reference('function'),
  expression: () => reference('expression'),
  condition: () => reference('expression'),
  columns: () => ({ anyOf: [oneName, names, mappingOf(reference('expression'))] }),
  mapping: () => ({ anyOf: [reference('function'), mappingOf(reference('expression'))] }),
  routes: () => mappingOf(reference('expression')),
  types: () => mappingOf({ enum: columnTypes }),
  template: () => text,
  aggregates: () => mappingOf(reference('aggregate')),
  table: () => ({ anyOf: [text, reference('table')] }),
  choice: ({ choices, options }) => (options === undefined ? { enum: choices } : { anyOf: [{ enum: choices }, optionsSchema(options)] }),
  group: ({ options = {} }) => optionsSchema(options),
}

function optionSchema(option: OptionSpec): Schema {
  const schema = schemas[option.type](option)
  const about = { description: option.summary, ...(option.default !== undefined && { default: option.default }) }
  // Beside a $ref nothing else counts in draft-07.
  return '$ref' in schema ? { allOf: [schema], ...about } : { ...schema, ...about }
}

function optionsSchema(options: Readonly<Record<string, OptionSpec>>): Schema {
  const required = Object.keys(options).filter(name => options[name]?.required === true)
  return {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(Object.entries(options).map(([name, option]) => [name, optionSchema(option)])),
    ...(required.length > 0 && { required }),
  }
}

/** The options of an operator, or what stands for them. */
function operatorSchema({ summary, options, shorthand }: OperatorSpec): Schema {
  const all = optionsSchema(options)
  const short = shorthand === undefined ? undefined : options[shorthand]
  const isAlone = short !== undefined && Object.entries(options).every(([name, { required }]) => name === shorthand || required !== true)
  const isOptional = !('required' in all)
  return {
    description: summary,
    anyOf: [...(short !== undefined && isAlone ? [optionSchema(short)] : []), all, ...(isOptional ? [{ type: 'null' }] : [])],
  }
}

function aggregateSchema({ name, summary, options }: AggregateSpec): Schema {
  const { properties, required = [], ...rest } = optionsSchema(options) as { properties: Schema; required?: readonly string[] }
  const of = 'field' in options ? { of: { ...reference('expression') } } : {}
  // The column may be computed instead.
  const needed = ['aggregate', ...required.filter(option => option !== 'field')]
  const where = { allOf: [reference('expression')], description: 'A condition: only rows of which it is true are taken.' }
  const all = { aggregate: { const: name }, ...(properties as object), ...of, where }
  return { ...rest, description: summary, properties: all, required: needed }
}

function stepSchema(operators: readonly OperatorSpec[], own: Schema, required: readonly string[]): Schema {
  return {
    type: 'object',
    additionalProperties: false,
    properties: { ...own, ...Object.fromEntries(operators.map(({ name }) => [name, reference(`operator-${name}`)])) },
    ...(required.length > 0 && { required }),
    oneOf: operators.map(({ name }) => ({ required: [name] })),
  }
}

const from: Schema = {
  description: 'Where its rows come from: a step or source, step.port, or a list of them. The step before when left out.',
  anyOf: [text, names],
}

const inOrder: Schema = { ...someNames, description: inOrderSpec.summary }

const follow: Schema = {
  description: 'all, a type of events, a list of types, or { types, categories }.',
  anyOf: [text, names, { type: 'object', additionalProperties: false, properties: { types: names, categories: names } }],
}

const source: Schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    follow,
    generate: { allOf: [reference('function')], description: 'A function that makes pages.' },
    options: { description: 'What the function that generates is given.' },
    fields: { ...mappingOf({ enum: columnTypes }), minProperties: 0, description: 'The columns of the rows and their types.' },
  },
  oneOf: [{ required: ['follow'] }, { required: ['generate'] }],
}

const table: Schema = {
  anyOf: [
    {
      type: 'object',
      additionalProperties: false,
      properties: {
        file: { ...text, description: 'Path or URL beside the topology file.' },
        key: { anyOf: [text, names], description: 'Column to look up, or several.' },
        format: { enum: tableFormats, description: 'Told from the ending when left out.' },
      },
      required: ['file', 'key'],
    },
    {
      type: 'object',
      additionalProperties: false,
      properties: { projection: { ...text, description: 'Name of the projection whose rows are looked up by their key.' } },
      required: ['projection'],
    },
  ],
}

function schemaOf(operators: readonly OperatorSpec[], aggregates: readonly AggregateSpec[]): Schema {
  const sinks = operators.filter(({ kind }) => kind === 'sink')
  const call = `^\\s*(?:${aggregates.map(({ name }) => name).join('|')})\\s*\\([\\s\\S]*\\)(?:\\s*[wW][hH][eE][rR][eE]\\s[\\s\\S]*)?\\s*$`
  const id = { ...text, maxLength: 200, description: 'Stable: the state of the step is kept under it.' }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'allsource topology',
    description: 'Generated from the specs of the operators by `npm run generate`.',
    type: 'object',
    additionalProperties: false,
    required: ['topology', 'version', 'sources'],
    properties: {
      $schema: { type: 'string', description: 'Where an editor finds this schema.' },
      topology: { type: 'string', pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$', description: 'The name.' },
      version: { type: 'integer', minimum: 1, description: 'Rises when the meaning changes.' },
      guarantee: { enum: guarantees, description: 'exactlyOnce refuses sinks that may repeat themselves.' },
      epoch: { allOf: [reference('duration')], description: 'Time between two writes of the state.' },
      tick: { allOf: [reference('duration')], description: 'Time between two ticks at least, where steps go by the clock.' },
      sources: { type: 'object', additionalProperties: source, minProperties: 1, description: 'Where rows come from, by name.' },
      tables: { type: 'object', additionalProperties: reference('table'), description: 'What steps look rows up in, by name.' },
      steps: { type: 'array', items: reference('step'), description: 'Each step stands behind those it takes from.' },
      sinks: { type: 'object', additionalProperties: reference('sink'), description: 'Where rows go, by name.' },
    },
    definitions: {
      duration: {
        anyOf: [
          { type: 'string', pattern: '^\\d+(?:ms|s|m|h|d)$' },
          { type: 'integer', minimum: 0 },
        ],
      },
      period: { type: 'string', pattern: '^[1-9]\\d{0,4} (?:day|week|month|quarter|year)s?$', description: 'Units of the calendar.' },
      function: { type: 'string', pattern: '^[^#\\s]*#\\S+\\s*$', description: 'module#export' },
      expression: { type: ['string', 'number', 'boolean', 'null'], minLength: 1, description: 'In the syntax of Postgres.' },
      table,
      aggregate: {
        description: 'A call such as sum(delay), or a mapping.',
        anyOf: [{ type: 'string', pattern: call }, ...aggregates.map(aggregateSchema)],
      },
      step: stepSchema(operators, { id, from, inOrder }, ['id']),
      sink: stepSchema(sinks, { from, inOrder }, ['from']),
      ...Object.fromEntries(operators.map(spec => [`operator-${spec.name}`, operatorSchema(spec)])),
    },
  }
}

export async function generate(): Promise<ReadonlyMap<string, string>> {
  const operators = await declared<AnyOperator>('operators', '')
  const aggregates = await declared<AnyAggregate>('operators/aggregates', 'Aggregate')
  const schema = schemaOf(
    operators.map(({ spec }) => spec),
    aggregates.map(({ spec }) => spec),
  )
  const path = resolve(root, file)
  const made = await format(JSON.stringify(schema), { ...(await resolveConfig(path)), filepath: path })
  return new Map([[file, made]])
}
