/** `changes` against the contract. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { changes } from '../../operators/changes.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { withBarriers } from './arbitrary.ts'
import { keyName, keys } from './keyed-inputs.ts'

const circle: Record<string, unknown> = {}
circle['self'] = circle

const test = operatorContract(changes, {
  poison: { crossing: 1, light: circle },
  twin: {
    input: withBarriers(fc.record({ key: fc.constantFrom('a', 1, '1', null), left: keys, right: fc.constantFrom(1, '1', null) })),
    options: fc.constantFrom(
      { by: ['key'], of: ['left'] },
      { by: ['key'] },
      { of: ['right', 'left'] },
      { by: ['key', 'right'], of: ['right'] },
    ),
    answer(rows, { by = [], of = ['key', 'left', 'right'] }) {
      const last = new Map<string, string>()
      const main = rows.filter(row => {
        const [name, now] = [keyName(row, by as string[]), keyName(row, of as string[])]
        const before = last.get(name)
        last.set(name, now)
        return before !== now
      })
      return { ports: { main }, dead: [] }
    },
    numRuns: 120,
  },
})

test('columns that others asked for, or that only some pages have, make no difference', async () => {
  const input = [{ a: 1 }, { a: 1, $time: 5 }, { a: 1, b: null }, { $time: 6, b: 2, a: 1 }, { a: 1, b: 2 }, { b: 2 }]
  for (const pageRows of [1, 2, 4096]) {
    const { ports } = await runOperator(changes, { options: {}, input, pageRows })
    assert.equal(
      ports['main']?.map(({ a = null, b = null }) => [a, b]),
      [
        [1, null],
        [1, 2],
        [null, 2],
      ],
    )
  }
})

test.run()
