/** `filter` against the contract, with an expression and with functions of both forms. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { filter } from '../../operators/filter.ts'
import type { Row } from '../../operators/flow.ts'
import { columns, rows } from '../../operators/functions.ts'
import { operatorContract, type Twin } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'
import { sameInOtherPages } from './selected.ts'

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
  '#large': (row: { size: unknown }) => fails(row.size),
  '#rows': rows({ reads: ['size'] }, row => fails(row['size'])),
  './f.ts#loop': byLoop,
  '#kind': byKind,
  '#later': () => Promise.reject(new Error('too late')),
}
const isNumber = (row: Row): boolean => typeof row['size'] === 'number'

const twin: Twin = {
  input: withBarriers(fc.record({ size: fc.oneof(fc.integer({ min: 0, max: 20 }), fc.constant('text')), name: fc.string() })),
  options: fc.constantFrom(...['size > 10', '#large', '#rows', './f.ts#loop', '#kind'].map(where => ({ where }))),
  functions,
  answer: list => ({
    ports: { main: list.filter(row => isNumber(row) && (row['size'] as number) > 10) },
    dead: [...list.entries()].flatMap(([order, row]) => (isNumber(row) ? [] : [order])),
  }),
}
const test = operatorContract(filter, { poison: { size: 'much' }, twin })

const sizes = withBarriers(
  fc.record({ size: fc.oneof(fc.integer({ min: 5, max: 15 }), fc.constantFrom('text', null)) }, { requiredKeys: [] }),
)
const ways = ['size > 10', 'not size > 10', 'size is null', '#large', '#rows', '#later', '#kind']
sameInOtherPages(test, filter, { options: fc.constantFrom(...ways.map(where => ({ where }))), functions, input: sizes })

test('an expression says what it reads; of a function all columns come in unless it says', () => {
  const needs = (where: string): unknown =>
    filter.needs(
      { where },
      () => new Set(['x']),
      name => functions[name as '#large'],
    )
  assert.equal(needs('size > least'), new Set(['x', 'size', 'least']))
  assert.equal([needs('#large'), needs('#rows'), needs('#unknown')], [new Set(['x', '*']), new Set(['x', 'size']), new Set(['x', '*'])])
})

test.run()
