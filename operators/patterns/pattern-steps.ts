/** The steps of a pattern as they are written, read into what they mean. The words are those of Flink's CEP. */
import { EventStoreError } from '../../event/error.ts'

/** How a row stands to the row matched before it: right behind it; the first that fits; any that fits. */
export type Contiguity = 'strict' | 'relaxed' | 'any'

/** One step: its name behind the word that says how it follows, and what its rows are like. */
export interface PatternStepOptions {
  /** The first step. */
  readonly begin?: string
  /** The row right behind. */
  readonly next?: string
  /** The first row behind that fits. */
  readonly followedBy?: string
  /** Each row behind that fits. */
  readonly followedByAny?: string
  /** The row right behind is not such. */
  readonly notNext?: string
  /** There is no such row before that of the next step, or as the last step none before `within` is over. */
  readonly notFollowedBy?: string
  /** A condition over the row and over rows matched before. Every row fits when left out. */
  readonly where?: string
  /** How many rows: `3`, `2..5`, `3+`. */
  readonly times?: number | string
  readonly oneOrMore?: boolean
  /** No row fits the step as well. */
  readonly optional?: boolean
  /** As many rows as there are: no row that fits is left to the steps behind. */
  readonly greedy?: boolean
  /** The rows of the step stand right behind one another. */
  readonly consecutive?: boolean
  /** Any rows that fit, not only each next one. */
  readonly allowCombinations?: boolean
}

export interface PatternStep {
  readonly name: string
  readonly where: string | undefined
  readonly isNot: boolean
  readonly contiguity: Contiguity
  /** Between the rows of the step itself. */
  readonly inner: Contiguity
  readonly least: number
  readonly most: number
  readonly isOptional: boolean
  readonly isGreedy: boolean
}

/** A word for each bit of a number. */
export const patternStepsMax = 30
const timesMax = 1000

const follows = {
  begin: { contiguity: 'any', isNot: false },
  next: { contiguity: 'strict', isNot: false },
  followedBy: { contiguity: 'relaxed', isNot: false },
  followedByAny: { contiguity: 'any', isNot: false },
  notNext: { contiguity: 'strict', isNot: true },
  notFollowedBy: { contiguity: 'relaxed', isNot: true },
} as const satisfies Readonly<Record<string, { contiguity: Contiguity; isNot: boolean }>>

const words = Object.keys(follows) as (keyof typeof follows)[]
const flags = ['oneOrMore', 'optional', 'greedy', 'consecutive', 'allowCombinations'] as const
const known: readonly string[] = [...words, 'where', 'times', ...flags]

/** INVALID, with the step to blame in `details.option`, when they make no pattern. `hasEnd`: the pattern has a `within`. */
export function patternSteps(given: unknown, hasEnd: boolean): readonly PatternStep[] {
  if (!Array.isArray(given) || given.length === 0 || given.length > patternStepsMax)
    throw wrong('steps', `a pattern has 1 to ${patternStepsMax} steps, such as { begin: small, where: amount < 5 }`)
  const steps = given.map((one, index) => stepOf(one, index))
  for (const [index, { name, isNot }] of steps.entries()) {
    if (steps.findIndex(step => step.name === name) < index)
      throw wrong(`steps.${index}`, `there are two steps ${name}; give one another name`)
    if (isNot && index === 0) throw wrong('steps.0', 'a pattern begins with a row that there is')
  }
  const last = steps.at(-1) as PatternStep
  if (last.isNot && last.contiguity === 'strict') throw wrong(`steps.${steps.length - 1}`, 'a step stands behind notNext')
  const needed = steps.findLastIndex(({ isOptional, isNot }) => !isOptional && !isNot)
  if (needed < 0) throw wrong('steps', 'one step at least must not be optional')
  if (steps.some(({ isNot }, index) => isNot && index > needed) && !hasEnd)
    throw wrong('within', 'a pattern that may end with what must not follow needs within: it is matched when that time is over')
  return steps
}

function stepOf(given: unknown, index: number): PatternStep {
  const place = `steps.${index}`
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw wrong(place, 'a step is a mapping, such as { followedBy: big, where: amount > 500 }')
  const options = given as Readonly<Record<string, unknown>>
  const strange = Object.keys(options).find(name => !known.includes(name))
  if (strange !== undefined) throw wrong(`${place}.${strange}`, `a step has no option ${strange} (there are: ${known.join(', ')})`)
  const said = words.filter(word => options[word] !== undefined)
  const [word] = said
  if (word === undefined || said.length > 1) throw wrong(place, `a step has its name behind one of ${words.join(', ')}`)
  if ((word === 'begin') !== (index === 0)) throw wrong(`${place}.${word}`, 'the first step, and no other, says begin')
  const name = options[word]
  if (typeof name !== 'string' || !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(name))
    throw wrong(`${place}.${word}`, `the name of a step is a word, not ${JSON.stringify(name)}`)
  for (const flag of flags)
    if (options[flag] !== undefined && typeof options[flag] !== 'boolean') throw wrong(`${place}.${flag}`, `${flag} is true or false`)
  return counted(options as PatternStepOptions, { name, place, ...follows[word] })
}

interface Named {
  readonly name: string
  readonly place: string
  readonly contiguity: Contiguity
  readonly isNot: boolean
}

function counted(options: PatternStepOptions, { name, place, contiguity, isNot }: Named): PatternStep {
  const { times, oneOrMore, optional = false, greedy = false, consecutive = false, allowCombinations = false } = options
  if (times !== undefined && oneOrMore === true) throw wrong(`${place}.times`, 'say times or oneOrMore')
  const [least, most] = oneOrMore === true ? [1, Infinity] : times === undefined ? [1, 1] : timesOf(times, `${place}.times`)
  const isLoop = most > 1
  if (isNot && (isLoop || times !== undefined || optional)) throw wrong(place, 'what must not follow has no times and is not optional')
  for (const [flag, isSaid] of Object.entries({ greedy, consecutive, allowCombinations }))
    if (isSaid && !isLoop) throw wrong(`${place}.${flag}`, `${flag} is for steps of several rows; say times or oneOrMore`)
  if (allowCombinations && (consecutive || greedy))
    throw wrong(`${place}.allowCombinations`, 'allowCombinations takes any rows, so they are neither consecutive nor greedy')
  return {
    name,
    where: whereOf((options as { readonly where?: unknown }).where, `${place}.where`),
    isNot,
    contiguity,
    inner: consecutive ? 'strict' : allowCombinations ? 'any' : 'relaxed',
    least,
    most,
    isOptional: optional,
    isGreedy: greedy,
  }
}

/** A condition that YAML took for a number or a truth is a text again. */
function whereOf(where: unknown, option: string): string | undefined {
  if (where === undefined) return undefined
  if (typeof where === 'boolean' || typeof where === 'number') return String(where)
  if (typeof where === 'string' && where.trim() !== '') return where
  throw wrong(option, `where is a condition, not ${JSON.stringify(where)}`)
}

function timesOf(times: unknown, option: string): readonly [least: number, most: number] {
  const [, first, more, last] = /^\s*(\d+)\s*(?:(\+|\.\.)\s*(\d+)?)?\s*$/.exec(String(times)) ?? []
  const least = Number(first)
  const most = more === undefined ? least : last === undefined ? Infinity : Number(last)
  const isRight = first !== undefined && least >= 1 && least <= timesMax && most >= least && (most <= timesMax || most === Infinity)
  if (isRight && !(more === '+' && last !== undefined)) return [least, most]
  throw wrong(option, `times is a number from 1 to ${timesMax}, or 2..5, or 3+, not ${JSON.stringify(times)}`)
}

export function wrong(option: string, message: string): EventStoreError {
  return new EventStoreError('INVALID', message, { option })
}
