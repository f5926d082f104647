/** `fold`: keeps a state by key, made anew of each row by a function of the user. */
import { EventStoreError } from '../event/error.ts'
import { onlyFields, typeOfField, type RowType, type ValueType } from './expressions/types.ts'
import { readsOf } from './functions.ts'
import { isPlainObject, jsonOf, jsonState, withFirstColumns, type Json } from './keyed/json-state.ts'
import { jsonUpgrade } from './keyed/json-upgrade.ts'
import { type SchemaOptions, schemaSpecs } from './keyed/schema-options.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'

export interface FoldOptions extends SchemaOptions {
  readonly by?: readonly string[]
  readonly initial: unknown
  /** `module#export` */
  readonly with: string
  readonly as?: string
}

export const fold: Operator<FoldOptions> = {
  spec: {
    name: 'fold',
    kind: 'keyed',
    summary: 'Keeps a state by key, makes it anew of each row, and sends it on.',
    description:
      'The function is `(state, row) => state`; it is given a copy of the state, which it may change and return, and the fields of the row ' +
      'that are not null, without those of the envelope. For each row leaves one with the columns of the key and the state: its fields, or ' +
      'the whole as the column `as`. A column of the key stays what it is when the state has a field of its name. The state is JSON: a row ' +
      'whose call throws, or returns a promise or something that JSON does not hold, is a dead letter, and the state stays as it was. The ' +
      'states of all keys are kept in memory, and are never forgotten.',
    options: {
      by: { type: 'list', summary: 'Columns that are the key; those of `keyBy` when left out, one state for all rows without either.' },
      initial: {
        type: 'json',
        required: true,
        summary: 'State of a key before its first row; an object when `as` is left out.',
      },
      with: { type: 'function', required: true, summary: 'The function, as `module#export`.' },
      as: { type: 'text', summary: 'Column that holds the state; its fields are the columns when left out.', sample: 'state' },
      ...schemaSpecs,
    },
    ports: { main: 'A row for each row: the key and the state as it is now.' },
    stateVersion: 1,
    keeps: 'the state of each key',
  },
  example: {
    title: 'The balance of each account',
    options: { by: ['account'], initial: { balance: 0 }, with: './functions.ts#book' },
    functions: {
      './functions.ts#book': (state: { balance: number }, row: { amount: number }) => {
        if (typeof row.amount !== 'number') throw new TypeError('no amount')
        return { balance: state.balance + row.amount }
      },
    },
    input: [{ account: 'a', amount: 5 }, { account: 'b', amount: 1 }, 'barrier', { account: 'a', amount: -2 }, { account: 'a' }, 'barrier'],
    output: {
      ports: {
        main: [
          { account: 'a', balance: 5 },
          { account: 'b', balance: 1 },
          { account: 'a', balance: 3 },
        ],
      },
      dead: [3],
    },
  },
  needs: (options, _, functionOf) => new Set([...(options.by ?? []), ...(readsOf(functionOf(options.with)) ?? ['*'])]),
  types(options, input) {
    const key = options.by ?? input.key
    const state = stateFields(options, key)
    const fields = Object.fromEntries(key.map((name): [string, ValueType] => [name, typeOfField(input, name) ?? 'any']))
    const made: RowType = onlyFields(input, { ...fields, ...state })
    return { main: { ...made, isOpen: options.as === undefined, key: input.key.every(name => key.includes(name)) ? input.key : [] } }
  },
  splitBy: ({ by }, key) => by ?? key,
  upgradeState: (options, context) =>
    jsonUpgrade(context, {
      reference: options.upgrade as string,
      meaning: meaningOf(options),
      check: options.as === undefined ? rowOfObject : () => undefined,
    }),
  async create(options, context) {
    const { by, as } = options
    const initial = jsonOf(options.initial)
    const state = await jsonState(context, {
      by,
      reference: options.with,
      meaning: meaningOf(options),
      next: (before, row, call) => call(jsonOf(before ?? initial), row),
      rowOf: as === undefined ? rowOfObject : made => ({ [as]: made }),
    })
    return onPage({
      page(page, emit) {
        const key = state.fieldsOf(page)
        const { key: before = [], ...made } = withFirstColumns(state.fold(page), key, page)
        emit(before.length > 0 && before.every(name => key.includes(name)) ? { ...made, key: before } : made)
      },
      barrier: () => state.save(),
    })
  },
}

/** What the saved values mean. */
function meaningOf({ as }: FoldOptions): Readonly<Record<string, unknown>> {
  return { isObject: as === undefined }
}

function rowOfObject(state: Json): Record<string, unknown> {
  if (isPlainObject(state)) return state
  throw new TypeError('the state is no object; name the column that holds it with as')
}

/** What the state has of columns before the first row. */
function stateFields({ initial, as }: FoldOptions, key: readonly string[]): Record<string, ValueType> {
  const refuse = (option: string, message: string): never => {
    throw new EventStoreError('INVALID', message, { option })
  }
  try {
    jsonOf(initial)
  } catch (error) {
    refuse('initial', error instanceof Error ? error.message : String(error))
  }
  if (as === undefined && !isPlainObject(initial))
    refuse('initial', 'initial must be an object, or as must name the column that holds the state')
  const names = as === undefined ? Object.keys(initial as object) : [as]
  const taken = names.find(name => key.includes(name))
  if (taken !== undefined) refuse(as === undefined ? 'initial' : 'as', `${taken} is a column of the key; give the state another name`)
  return Object.fromEntries(names.map((name): [string, ValueType] => [name, 'any']))
}
