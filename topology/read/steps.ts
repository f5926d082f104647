/** Reads the steps and sinks of a topology file: id, operator, options, and where their rows come from. */
import { operators } from '../../operators/index.ts'
import type { AnyOperator, OptionSpec } from '../../operators/operator.ts'
import type { OptionPath } from '../issue.ts'
import { hint } from '../nearest.ts'
import { isOperatorWord, noOperator, optionMeant } from '../operator-words.ts'
import { isObject } from '../proof.ts'
import { readFrom } from './from.ts'
import { areSourcesKnown, entriesOf } from './head.ts'
import { listOfOne, readOptions, type Tables } from './options.ts'
import { described, type Reading, unknownKey } from './reading.ts'
import type { ReadStep } from './step.ts'

interface Entry {
  readonly id: string
  readonly path: OptionPath
  readonly isUnderSinks: boolean
  readonly value: Readonly<Record<string, unknown>>
  readonly operator: string
}

/** All steps, then all sinks. */
export function readSteps(reading: Reading, sources: readonly string[], tables: Tables): readonly ReadStep[] {
  const root = reading.document.value as Readonly<Record<string, unknown>>
  const entries = [...stepEntries(reading, root['steps']), ...sinkEntries(reading, root['sinks'])]
  sayDoubles(reading, sources, entries)
  const steps = entries.map(entry => ({
    id: entry.id,
    path: entry.path,
    isUnderSinks: entry.isUnderSinks,
    isSink: operatorOf(entry.operator)?.spec.kind === 'sink',
    takesDead: operatorOf(entry.operator)?.spec.takesDead === true,
    from: entry.value['from'],
  }))
  const inputs = readFrom(reading, { sources, steps, areSourcesKnown: areSourcesKnown(root) })
  return entries.map((entry, index) => {
    const { id, path, isUnderSinks, operator, value } = entry
    const spec = operatorOf(operator)?.spec
    const read =
      spec === undefined
        ? { options: {}, spots: new Map<never, never>(), isBroken: true }
        : readOptions(reading, spec, { ...tables, path: [...path, operator], value: value[operator] })
    return { id, path, isUnderSinks, operator, from: inputs[index] ?? [], ...inOrderOf(reading, value, path), ...read }
  })
}

/** The columns by which rows wait for each other; what they are is checked with the options. */
function inOrderOf(reading: Reading, value: Entry['value'], path: OptionPath): Pick<ReadStep, 'inOrder'> {
  if (!Object.hasOwn(value, 'inOrder')) return {}
  if (value['inOrder'] !== null) return { inOrder: listOfOne(value['inOrder'], { type: 'list' }) }
  reading.say([...path, 'inOrder'], 'missing-value', { message: 'inOrder has nothing behind its colon; name columns in it', key: true })
  return {}
}

function operatorOf(name: string): AnyOperator | undefined {
  return Object.hasOwn(operators, name) ? operators[name] : undefined
}

function stepEntries(reading: Reading, steps: unknown): Entry[] {
  if (steps === undefined) return []
  if (!Array.isArray(steps)) {
    const message = `steps must be a list, not ${described(steps)}: steps: [ - id: NAME, then the operator ]`
    reading.say(['steps'], steps === null ? 'missing-value' : 'wrong-type', {
      message: message.replace(/: steps:.*/, '; each step begins with - id: NAME'),
      key: true,
    })
    return []
  }
  return steps.flatMap((step: unknown, index): Entry[] => {
    const path = ['steps', index]
    if (isObject(step))
      return [{ id: idOf(reading, step, path), path, isUnderSinks: false, value: step, operator: operatorNamed(reading, step, path) }]
    reading.say(path, step === null ? 'missing-value' : 'wrong-type', {
      message: `a step must be a mapping such as { id: small, filter: delay < 60 }, not ${described(step)}`,
    })
    return []
  })
}

function idOf(reading: Reading, step: Readonly<Record<string, unknown>>, path: OptionPath): string {
  const { id } = step
  if (typeof id === 'string') return id
  const index = path[1] as number
  const isSaid = ['name', 'label'].some(word => Object.hasOwn(step, word))
  if (id === undefined && isSaid) return `step ${index + 1}`
  if (id === undefined) reading.say(path, 'missing-key', { message: 'the step has no id; its state and its rows are known by it' })
  else if (id === null) reading.say([...path, 'id'], 'missing-value', { message: 'id has nothing behind its colon' })
  else reading.say([...path, 'id'], 'wrong-type', { message: `id must be a text, not ${described(id)}; put it in quotes` })
  return `step ${index + 1}`
}

function sinkEntries(reading: Reading, sinks: unknown): Entry[] {
  return entriesOf(reading, 'sinks', sinks).flatMap(([id, value]): Entry[] => {
    const path = ['sinks', id]
    if (!isObject(value)) {
      const message = `a sink must be a mapping such as { from: STEP, projection: { … } }, not ${described(value)}`
      reading.say(path, value === null ? 'missing-value' : 'wrong-type', { message, key: true })
      return []
    }
    const own = operatorOf(id)
    if (own !== undefined && !Object.keys(value).some(key => operatorOf(key) !== undefined)) {
      const message = `${id} is an operator; a sink has a name of its own: sinks: { NAME: { from: STEP, ${id}: { … } } }`
      reading.say(path, 'misplaced-key', { message, key: true })
      return []
    }
    const operator = operatorNamed(reading, value, path)
    const kind = operatorOf(operator)?.spec.kind
    if (kind !== undefined && kind !== 'sink') {
      const message = `${operator} is no sink, as it gives rows on; it belongs under steps: - { id: ${id}, ${operator}: … }`
      reading.say([...path, operator], 'not-a-sink', { message, key: true })
    }
    return [{ id, path, isUnderSinks: true, value, operator }]
  })
}

function sayDoubles(reading: Reading, sources: readonly string[], entries: readonly Entry[]): void {
  const seen = new Map<string, string>(sources.map(id => [id, 'a source']))
  for (const { id, path, isUnderSinks } of entries) {
    const other = seen.get(id)
    if (other !== undefined) {
      const message = `the name ${id} is taken by ${other} above; steps, sinks and sources need names of their own`
      reading.say(isUnderSinks ? path : [...path, 'id'], 'duplicate-id', { message, key: isUnderSinks })
    } else seen.set(id, isUnderSinks ? 'a sink' : 'a step')
  }
}

/** The operator that a step or sink names; what else stands beside it is said. Empty when there is none. */
function operatorNamed(reading: Reading, step: Readonly<Record<string, unknown>>, path: OptionPath): string {
  const isUnderSinks = path[0] === 'sinks'
  const own = ownKeys(isUnderSinks)
  const names = Object.keys(step).filter(name => !own.includes(name))
  const [operator, second, ...third] = names.filter(name => operatorOf(name) !== undefined)
  const others = names.filter(name => operatorOf(name) === undefined)
  for (const more of second === undefined ? [] : [second, ...third]) {
    const message = `${more} stands beside ${operator}, but a step has one operator; make a step of its own of it`
    reading.say([...path, more], 'two-operators', { message, key: true })
  }
  if (operator === undefined) return misspelt(reading, others, path)
  for (const name of others) reading.say([...path, name], ...strayKey(name, operatorOf(operator) as AnyOperator, isUnderSinks))
  return operator
}

/** What may stand beside the operator. */
function ownKeys(isUnderSinks: boolean): readonly string[] {
  return [...(isUnderSinks ? [] : ['id']), 'from', 'inOrder']
}

/** No key is an operator: the one that comes nearest was meant to be. */
function misspelt(reading: Reading, names: readonly string[], path: OptionPath): string {
  const known = Object.keys(operators)
  const what = path[0] === 'sinks' ? 'sink' : 'step'
  const candidates = names.filter(name => !Object.hasOwn(stepWords, name))
  const meant = candidates.find(name => hint(name, known) !== '') ?? candidates.find(isOperatorWord) ?? candidates[0]
  for (const name of names) {
    if (name === meant) continue
    const word = Object.hasOwn(stepWords, name) ? stepWords[name] : undefined
    const message = word ?? unknownKey(name, [...ownKeys(what === 'sink'), 'and one operator'])
    reading.say([...path, name], word === undefined ? 'unknown-key' : 'misplaced-key', { message, key: true })
  }
  if (meant !== undefined) {
    reading.say([...path, meant], 'unknown-operator', { message: noOperator(meant), key: true })
  } else if (names.length === 0) {
    const example = what === 'sink' ? 'projection: { … }' : 'filter: delay < 60'
    reading.say(path, 'missing-operator', { message: `the ${what} names no operator; write one as a key, such as ${example}`, key: true })
  }
  return ''
}

/** What other programs call the parts of a step. */
const stepWords: Readonly<Record<string, string>> = {
  name: 'the name of a step stands behind the key id',
  label: 'the name of a step stands behind the key id',
  input: 'write from for where the rows come from',
  inputs: 'write from for where the rows come from',
  source: 'write from for where the rows come from',
  operator: 'write the operator as a key of the step, with its options behind it: filter: delay < 60',
  type: 'write the operator as a key of the step, with its options behind it: filter: delay < 60',
  options: 'options stand behind the key that names the operator',
  config: 'options stand behind the key that names the operator',
  processors: 'a step has one operator; the next one is a step of its own',
  sink: 'a sink is named by its operator, such as projection or append',
}

/** A key beside the operator that is none. */
function strayKey(
  name: string,
  { spec }: AnyOperator,
  isUnderSinks: boolean,
): ['misplaced-key' | 'unknown-key', { message: string; key: true }] {
  const parent = parentOf(name, spec.options, spec.name)
  if (parent !== undefined) return ['misplaced-key', { message: `\`${name}\` belongs under \`${parent}\``, key: true }]
  const option = optionMeant(name, spec.options)
  if (option !== undefined) return ['misplaced-key', { message: `write ${option} for that, under ${spec.name}`, key: true }]
  const word = isUnderSinks && name === 'id' ? 'the key of a sink is its id' : Object.hasOwn(stepWords, name) ? stepWords[name] : undefined
  if (word !== undefined) return ['misplaced-key', { message: word, key: true }]
  if (Object.hasOwn(spec.ports, name) && name !== 'main')
    return [
      'misplaced-key',
      { message: `rows leave ${spec.name} by the port ${name}; take them where they are wanted: from: ID.${name}`, key: true },
    ]
  return ['unknown-key', { message: unknownKey(name, [...ownKeys(isUnderSinks), spec.name]), key: true }]
}

/** The key under which an option of that name stands; undefined when there is none. */
export function parentOf(name: string, options: Readonly<Record<string, OptionSpec>>, parent: string): string | undefined {
  if (Object.hasOwn(options, name)) return parent
  for (const [group, option] of Object.entries(options)) {
    const found = option.options && parentOf(name, option.options, group)
    if (found !== undefined) return found
  }
  return undefined
}
