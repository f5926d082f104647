/** `filter` against the contract, with functions of both forms. */
import * as fc from 'fast-check'
import { filter } from '../../operators/filter.ts'
import { columns, rows } from '../../operators/functions.ts'
import { operatorContract, type Twin } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'

const fails = (size: unknown): boolean => {
  if (typeof size !== 'number') throw new TypeError('no size')
  return size > 10
}
const byLoop = columns({ reads: ['size'], writes: { keep: 'boolean' } }, (input, { keep }, count) => {
  const { size } = input
  for (let i = 0; i < count; i++)
    keep.values[i] = fails(size.kind === 'number' ? size.values[i] : size.kind === 'value' ? size.values[i] : 'text') ? 1 : 0
})
const byKind = columns({ reads: { size: 'number' }, writes: { keep: 'boolean' } }, ({ size }, { keep }, count) => {
  for (let i = 0; i < count; i++) keep.values[i] = (size.values[i] as number) > 10 ? 1 : 0
})
const functions = {
  large: (row: { size: unknown }) => fails(row.size),
  rows: rows({ reads: ['size'] }, row => fails(row['size'])),
  loop: byLoop,
  kind: byKind,
}

const twin: Twin = {
  input: withBarriers(fc.record({ size: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant('text')), name: fc.string() })),
  options: fc.constantFrom({ where: 'large' }, { where: 'rows' }, { where: 'loop' }, { where: 'kind' }),
  functions,
  answer: list => ({
    ports: { main: list.filter(row => typeof row['size'] === 'number' && row['size'] > 10) },
    dead: [...list.entries()].flatMap(([order, row]) => (typeof row['size'] === 'number' ? [] : [order])),
  }),
}
const test = operatorContract(filter, { poison: { size: 'much' }, poisonFunctions: { './functions.ts#isLarge': functions.large }, twin })

test.run()
