/** `drop` against the contract, with what becomes of types and keys. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { drop } from '../../operators/drop.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import { operatorContract } from '../contract/operator.ts'
import { keyOf } from './keys.ts'
import { everyRow, sameInOtherPages } from './selected.ts'

const options = fc.constantFrom({ columns: ['a'] }, { columns: ['b', 'a'] }, { columns: ['none'] })

const test = operatorContract(drop, {
  poison: { skip: 'it looks at no row' },
  twin: {
    input: everyRow,
    options,
    answer: (rows, { columns }) => ({
      ports: {
        main: rows.map(row => Object.fromEntries(Object.entries(row).filter(([name]) => !(columns as string[]).includes(name)))),
      },
      dead: [],
    }),
  },
})

sameInOtherPages(test, drop, { options })

const wanted = (...names: string[]) =>
  drop.needs(
    { columns: ['a'] },
    () => new Set(names),
    () => undefined,
  )

test('what is dropped need not come in', () => {
  assert.equal([wanted('a', 'b'), wanted('*', '$stream')], [new Set(['b']), new Set(['*', '$stream'])])
})

test('a key goes with any of its columns', async () => {
  const input = { ...anyRow, fields: { a: 'text', b: 'number' }, isOpen: false, key: ['b', 'a'] } as const
  const left = (columns: string[]): unknown => drop.types?.({ columns }, input, () => undefined)['main']
  assert.equal(left(['a']), { ...input, fields: { b: 'number' }, key: [] })
  assert.equal(left(['c']), input)
  assert.equal(await keyOf(drop, { columns: ['a'] }, ['b', 'a']), undefined)
  assert.equal(await keyOf(drop, { columns: ['c'] }, ['b', 'a']), ['b', 'a'])
})

test.run()
