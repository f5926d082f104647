/** `map` against the contract, by expressions, row by row, and by columns. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { anyRow } from '../../operators/expressions/types.ts'
import { columns, rows } from '../../operators/functions.ts'
import { map } from '../../operators/map.ts'
import { runOperator } from '../contract/operator-run.ts'
import { operatorContract, type Twin } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'
import { sameInOtherPages } from './selected.ts'

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
/** One object for all rows, as a thrifty user would have it. */
const reused: Record<string, unknown> = {}
const again = (row: { dollars: unknown }): unknown => Object.assign(reused, inCents(row) ?? { cents: Symbol('none') })
const isGood = (value: unknown): boolean => typeof value === 'number' && value !== 0
const functions = { '#row': inCents, '#loop': loop, '#again': again }
const byExpressions = { to: { cents: 'dollars * 100 / (dollars / dollars)', name: "'cents'" } }

const twin: Twin = {
  input: withBarriers(fc.record({ dollars: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constant('text')) })),
  options: fc.constantFrom({ to: '#row' }, { to: '#loop' }, { to: '#again' }, byExpressions),
  functions,
  answer: list => ({
    ports: {
      main: list
        .filter(row => isGood(row['dollars']))
        .map(row => ({ dollars: row['dollars'], cents: (row['dollars'] as number) * 100, name: 'cents' })),
    },
    dead: [...list.entries()].flatMap(([order, row]) => (isGood(row['dollars']) ? [] : [order])),
  }),
}
const test = operatorContract(map, { poison: { dollars: 'many' }, twin })

const mixed = withBarriers(
  fc.record(
    { dollars: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.constantFrom('text', null)), cents: fc.integer() },
    { requiredKeys: [] },
  ),
)
const swap = { to: { dollars: 'cents', cents: 'dollars' } }
sameInOtherPages(test, map, { options: fc.constantFrom({ to: '#row' }, { to: '#loop' }, byExpressions, swap), functions, input: mixed })

test('what is no row is a dead letter', async () => {
  const answers = [undefined, null, 7, [], new Date(0), new Map(), Promise.reject(new Error('too late')), { a: 7n }, { a: () => 1 }]
  const to = ({ n }: { n: number }): unknown => (n < answers.length ? answers[n] : { n })
  const input = Array.from({ length: answers.length + 1 }, (_, n) => ({ n }))
  const { ports, dead } = await runOperator(map, { options: { to: '#to' }, functions: { '#to': to }, input, pageRows: 4096 })
  assert.equal([ports['main'], dead], [[{ n: answers.length }], [...answers.keys()]])
})

const fields = { dollars: 'number', left: 'text' } as const
const typed = (to: string | Record<string, string>, functionOf?: unknown): unknown => {
  const input = { ...anyRow, fields, isOpen: false, key: ['left'], isTimed: true }
  return map.types?.({ to }, input, () => functionOf)['main']
}

test('expressions and loops add columns of their types, a function makes whatever it makes', () => {
  const known = { isOpen: false, key: ['left'], isTimed: true }
  assert.equal(typed({ some: 'dollars > 1', left: 'dollars' }), {
    ...known,
    fields: { dollars: 'number', some: 'boolean', left: 'number' },
  })
  assert.equal(typed('#loop', loop), { ...known, fields: { ...fields, cents: 'number', name: 'text' } })
  for (const unknown of [inCents, undefined, rows({ reads: [] }, () => ({}))]) {
    assert.equal(typed('#row', unknown), { ...known, fields: {}, isOpen: true })
  }
})

test('what it reads must come in, and what is wanted and not made here', () => {
  const needs = (to: string | Record<string, string>, functionOf?: unknown): unknown =>
    map.needs(
      { to },
      () => new Set(['x', 'cents', 'constructor']),
      () => functionOf,
    )
  assert.equal(needs({ cents: 'dollars * rate' }), new Set(['x', 'constructor', 'dollars', 'rate']))
  assert.equal(needs('#loop', loop), new Set(['x', 'constructor', 'dollars']))
  assert.equal(
    [
      needs('#row', inCents),
      needs(
        '#row',
        rows({ reads: ['a'] }, () => ({})),
      ),
    ],
    [new Set(['*']), new Set(['a'])],
  )
})

test.run()
