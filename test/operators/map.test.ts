/** `map` against the contract, row by row and by columns. */
import * as fc from 'fast-check'
import { columns } from '../../operators/functions.ts'
import { map } from '../../operators/map.ts'
import { operatorContract, type Twin } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'

const inCents = (row: { dollars: unknown }): unknown => {
  if (typeof row.dollars !== 'number') throw new TypeError('no dollars')
  return row.dollars === 0 ? undefined : { dollars: row.dollars, cents: row.dollars * 100, name: 'cents' }
}
const loop = columns(
  { reads: { dollars: 'number' }, writes: { cents: 'number', name: 'text' } },
  ({ dollars }, output, count, selection) => {
    const name = output.name.codeOf('cents')
    for (let i = 0; i < (selection?.length ?? count); i++) {
      const row = selection === undefined ? i : (selection[i] as number)
      if (dollars.values[row] === 0) throw new RangeError('nothing')
      output.cents.values[row] = (dollars.values[row] as number) * 100
      output.name.codes[row] = name
    }
  },
)
const isGood = (value: unknown): boolean => typeof value === 'number' && value !== 0

const twin: Twin = {
  input: withBarriers(fc.record({ dollars: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant('text')) })),
  options: fc.constantFrom({ to: 'row' }, { to: 'loop' }),
  functions: { row: inCents, loop },
  answer: list => ({
    ports: {
      main: list
        .filter(row => isGood(row['dollars']))
        .map(row => ({ dollars: row['dollars'], cents: (row['dollars'] as number) * 100, name: 'cents' })),
    },
  }),
}
const test = operatorContract(map, { poison: { dollars: 'many' }, poisonFunctions: { './functions.ts#inCents': inCents }, twin })

test.run()
