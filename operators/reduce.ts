/** `reduce`: makes one row of all rows of a key so far, two at a time, by a function of the user. */
import { anyRow } from './expressions/types.ts'
import { readsOf } from './functions.ts'
import { isPlainObject, jsonOf, jsonState, type Json } from './keyed/json-state.ts'
import { jsonUpgrade } from './keyed/json-upgrade.ts'
import { type SchemaOptions, schemaSpecs } from './keyed/schema-options.ts'
import { onPage } from './lift.ts'
import type { Operator } from './operator.ts'

export interface ReduceOptions extends SchemaOptions {
  readonly by?: readonly string[]
  /** `module#export` */
  readonly with: string
}

export const reduce: Operator<ReduceOptions> = {
  spec: {
    name: 'reduce',
    kind: 'keyed',
    summary: 'Makes one row of all rows of a key so far, two at a time.',
    description:
      'The function is `(before, row) => row`; `before` is what it returned for the row of the key before, or that row itself where it was ' +
      'the first, and may be changed and returned. What it returns leaves as the new row, the first row of a key as it is: its fields that ' +
      'are not null, without those of the envelope, or only those that the function declares. All rows must be JSON: one that is not, or ' +
      'whose call throws or returns a promise or no object, is a dead letter, and what was kept stays. The rows of all keys are kept in ' +
      'memory, and are never forgotten.',
    options: {
      by: { type: 'list', summary: 'Columns that are the key; those of `keyBy` when left out, one key for all rows without either.' },
      with: { type: 'function', required: true, summary: 'The function, as `module#export`.' },
      ...schemaSpecs,
    },
    ports: { main: 'A row for each row: what all rows of its key have come to.' },
    stateVersion: 1,
    keeps: 'one row of each key',
  },
  example: {
    title: 'The highest bid',
    options: { by: ['lot'], with: './functions.ts#higher' },
    functions: {
      './functions.ts#higher': (before: { bid: number }, row: { bid: number }) => {
        if (typeof row.bid !== 'number') throw new TypeError('no bid')
        return row.bid > before.bid ? row : before
      },
    },
    input: [
      { lot: 1, bid: 10, by: 'ann' },
      { lot: 1, bid: 8, by: 'bob' },
      'barrier',
      { lot: 1, bid: 'all' },
      { lot: 1, bid: 12, by: 'bob' },
    ],
    output: {
      ports: {
        main: [
          { lot: 1, bid: 10, by: 'ann' },
          { lot: 1, bid: 10, by: 'ann' },
          { lot: 1, bid: 12, by: 'bob' },
        ],
      },
      dead: [2],
    },
  },
  needs: (options, _, functionOf) => new Set([...(options.by ?? []), ...(readsOf(functionOf(options.with)) ?? ['*'])]),
  types: (_, input) => ({ main: { ...anyRow, isTimed: input.isTimed } }),
  splitBy: ({ by }, key) => by ?? key,
  upgradeState: (options, context) => jsonUpgrade(context, { reference: options.upgrade as string, meaning: {}, check: rowOf }),
  async create(options, context) {
    const state = await jsonState(context, {
      by: options.by,
      reference: options.with,
      meaning: {},
      next: (before, row, call) => (before === undefined ? row : call(jsonOf(before), row)),
      rowOf,
    })
    return onPage({
      page(page, emit) {
        const { key: _, ...made } = state.fold(page)
        emit(made)
      },
      barrier: () => state.save(),
    })
  },
}

function rowOf(state: Json): Record<string, unknown> {
  if (isPlainObject(state)) return state
  throw new TypeError('the function must return the new row as an object')
}
