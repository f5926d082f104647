/** `reduce` against the contract. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { rows } from '../../operators/functions.ts'
import { reduce } from '../../operators/reduce.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { withBarriers } from './arbitrary.ts'
import { keyName, keys } from './keyed-inputs.ts'

const joined = (before: { text: string; rows: number }, row: { text: unknown }): unknown => {
  before.rows++
  if (typeof row.text !== 'string') throw new TypeError('no text')
  before.text += row.text
  return before
}
const declared = rows({ reads: ['text', 'key', 'rows'] }, joined as unknown as (row: Row) => unknown)

const test = operatorContract(reduce, {
  poison: { lot: 1, bid: Infinity },
  twin: {
    input: withBarriers(
      fc.record({ key: keys.map(key => key ?? 'none'), rows: fc.constant(1), text: fc.constantFrom('a', '\ud800', 'é', 'b', 'c') }),
      60,
    ),
    options: fc.constantFrom({ by: ['key'], with: 'joined' }, { with: 'declared' }),
    functions: { joined, declared },
    key: ['text'],
    answer(list, { by = ['text'] }) {
      const kept = new Map<string, { text: string; rows: number }>()
      const main = list.map(row => {
        const name = keyName(row, by as string[])
        const before = kept.get(name)
        const now = row as { text: string; rows: number }
        const after = before === undefined ? now : { ...before, text: before.text + now.text, rows: before.rows + 1 }
        kept.set(name, after)
        return after
      })
      return { ports: { main }, dead: [] }
    },
    numRuns: 120,
  },
})

test('columns of the envelope that others asked for are not part of the rows', async () => {
  const functions = { last: (_: unknown, row: unknown) => row }
  const input = [
    { a: 1, $time: 5 },
    { a: 2, $time: 6 },
  ]
  const { ports } = await runOperator(reduce, { options: { with: 'last' }, functions, input, pageRows: 9 })
  assert.equal(ports['main'], [{ a: 1 }, { a: 2 }])
})

test('a row that is not JSON, and a function that makes no row, are given up alone', async () => {
  for (const value of [1, null, [1], 'text', Promise.resolve({}), { a: NaN }, undefined]) {
    const functions = { last: (_: unknown, row: { bad?: boolean }) => (row.bad === true ? value : row) }
    const input = [{ n: NaN }, { n: 1 }, { bad: true }, 'barrier' as const, { n: 2 }]
    const { ports, dead } = await runOperator(reduce, { options: { with: 'last' }, functions, input, pageRows: 9, restartAfter: [1] })
    assert.equal(dead, [0, 2])
    assert.equal(
      ports['main']?.map(row => row['n']),
      [1, 2],
    )
  }
})

test.run()
