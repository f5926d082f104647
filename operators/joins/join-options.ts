/** What all joins share of their options: which rows meet, what leaves for them, and the columns of what leaves. */
import { EventStoreError } from '../../event/error.ts'
import { type RowType, typeOfField, type ValueType, withFields } from '../expressions/types.ts'
import type { Port } from '../flow.ts'
import { type Names, namesOf } from '../names.ts'
import type { FieldSet, OptionSpec } from '../operator.ts'

export const joinKinds = ['inner', 'left', 'right', 'full', 'semi', 'anti'] as const
/** As in SQL: pairs; with the left rows, the right rows or both that have no partner; left rows that have one, or none. */
export type JoinKind = (typeof joinKinds)[number]

export interface JoinOptions {
  /** Columns of the left whose values equal those of the right: names that both sides have, or `{ left: right }`. */
  readonly match: Names
  readonly kind?: JoinKind
  /** Columns of the right to add. */
  readonly take?: Names
  /** Put before the names of the columns taken. */
  readonly prefix?: string
}

/** Pairs of a column of the left and one of the right that must be equal. */
export function matchOf({ match }: Pick<JoinOptions, 'match'>): readonly (readonly [left: string, right: string])[] {
  return namesOf(match)
}

/** Pairs of the name that leaves and the column of the right that it is. */
export function takeOf({
  take = [],
  prefix = '',
}: Pick<JoinOptions, 'take' | 'prefix'>): readonly (readonly [name: string, field: string])[] {
  return namesOf(take).map(([name, field]) => [prefix + name, field])
}

/** The columns of the match that an input has. */
export function keyOfInput(options: Pick<JoinOptions, 'match'>, input: number): readonly string[] {
  return matchOf(options).map(pair => pair[input === 0 ? 0 : 1])
}

/** Rows of the left, or of the right, leave alone when they have no partner. */
export function leavesAlone(kind: JoinKind, input: number): boolean {
  return kind === 'full' || (input === 0 ? kind === 'left' || kind === 'anti' : kind === 'right')
}

/** Left rows leave as they are, once. */
export function isHalf(kind: JoinKind): boolean {
  return kind === 'semi' || kind === 'anti'
}

/** What an input needs of its columns: those that leave, those that match, and `others`. */
export function joinNeeds(
  options: JoinOptions,
  {
    wanted,
    input,
    others = [],
    made = [],
  }: { wanted: (port: Port) => FieldSet; input: number; others?: readonly string[]; made?: readonly string[] },
): FieldSet {
  const key = keyOfInput(options, input)
  if (input > 0) return new Set([...wanted('late'), ...key, ...takeOf(options).map(([, field]) => field)])
  const added = new Set([...takeOf(options).map(([name]) => name), ...made])
  return new Set([...[...wanted('main')].filter(name => !added.has(name)), ...wanted('late'), ...key, ...others])
}

const refuse = (option: string, message: string): never => {
  throw new EventStoreError('INVALID', message, { option })
}

/** What leaves a join by `main`. INVALID when the options do not fit the columns of the two sides. */
export function joinedRow(options: JoinOptions, inputs: readonly RowType[], made: Readonly<Record<string, ValueType>> = {}): RowType {
  const [left, right] = inputs as readonly [RowType, RowType]
  const { kind = 'inner' } = options
  const taken = takeOf(options)
  if (isHalf(kind) && taken.length > 0) refuse('take', `a ${kind} join gives left rows as they are, so it takes nothing of the right`)
  if (options.prefix !== undefined && taken.length === 0) refuse('prefix', 'prefix stands before the columns of take, and there are none')
  for (const [one, other] of matchOf(options)) refuseMatch([left, one], [right, other])
  const own = Object.keys(made).find(name => Object.hasOwn(left.fields, name))
  if (own !== undefined) refuse('match', `the left has a column ${own} as well, which the join makes; rename it before`)
  const twice = taken
    .map(([name]) => name)
    .find((name, at) => taken.findIndex(([other]) => other === name) < at || Object.hasOwn(made, name))
  if (twice !== undefined) refuse('take', `the column ${twice} would be there twice; give one another name: { "new name": "column" }`)
  const fields = taken.map(([name, field]): [string, ValueType] => {
    const type = typeOfField(right, field)
    if (type === undefined) return refuse('take', `there is no column ${field} on the right (there are: ${namesIn(right)})`)
    if (Object.hasOwn(left.fields, name))
      refuse('take', `the left has a column ${name} as well; give this one another name, { "new name": "${field}" }, or a prefix`)
    return [name, type]
  })
  return { ...withFields(left, { ...Object.fromEntries(fields), ...made }), key: [], isTimed: left.isTimed && right.isTimed }
}

type Side = readonly [row: RowType, name: string]

function refuseMatch([left, one]: Side, [right, other]: Side): void {
  const [a, b] = [typeOfField(left, one), typeOfField(right, other)]
  if (a === undefined) refuse('match', `there is no column ${one} on the left (there are: ${namesIn(left)})`)
  if (b === undefined) refuse('match', `there is no column ${other} on the right (there are: ${namesIn(right)})`)
  if (a === 'any' || b === 'any' || kindOf(a) === kindOf(b)) return
  refuse('match', `${one} is ${a} on the left and ${other} is ${b} on the right, which are never equal; make them one type in a map before`)
}

/** Numbers of any kind are equal when their values are. */
function kindOf(type: ValueType | undefined): string | undefined {
  return type === 'integer' || type === 'timestamp' ? 'number' : type
}

function namesIn({ fields }: RowType): string {
  return Object.keys(fields).join(', ') || 'none'
}

export const matchOption: OptionSpec = {
  type: 'fields',
  required: true,
  isForeign: true,
  summary: 'Columns that must be equal: names that both sides have, or `{ left column: right column }`. Null equals nothing.',
  sample: { seller: 'id' },
}

export const kindOption: OptionSpec = {
  type: 'choice',
  choices: joinKinds,
  default: 'inner',
  summary:
    '`inner`: pairs; `left`, `right`, `full`: also the rows of that side (of both) that find no partner, with null for the columns of the ' +
    'other; `semi`: left rows that find one, once; `anti`: left rows that find none.',
  sample: 'inner',
}

export const takeOptions: Readonly<Record<'take' | 'prefix', OptionSpec>> = {
  take: { type: 'fields', isForeign: true, summary: 'Columns of the right to add to those of the left, or `{ "new name": "column" }`.' },
  prefix: {
    type: 'text',
    summary: 'Stands before the names of the columns taken: `person_` makes `person_name` of `name`.',
    sample: 'right_',
  },
}

/** For the pages of all joins. */
export const joinDescription =
  'It takes two inputs, `from: [left, right]`. Rows that leave have the columns of the left and those that `take` names of the right; a name ' +
  'that both sides have must be taken under another one. Where a right row leaves without a partner, the columns of the left are null but ' +
  'for those of `match`, which are its own. Null matches nothing, and 7 is not "7". '
