/** `rename` against the contract, with what becomes of types and keys. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { anyRow } from '../../operators/expressions/types.ts'
import { rename } from '../../operators/rename.ts'
import { operatorContract } from '../contract/operator.ts'
import { keyOf, pageOfRows, sendPage } from './keys.ts'
import { everyRow, sameInOtherPages } from './selected.ts'

const choices = [{ x: 'a' }, { a: 'b', b: 'a' }, { x: 'a', y: 'a' }, { b: 'a' }, { x: 'none' }] as readonly Record<string, string>[]
const options = fc.constantFrom(...choices.map(columns => ({ columns })))

const test = operatorContract(rename, {
  poison: { skip: 'it looks at no row' },
  twin: {
    input: everyRow,
    options,
    answer: (rows, { columns }) => {
      const pairs = Object.entries(columns as Record<string, string>)
      const renamed = rows.map(row => {
        const rest = Object.entries(row).filter(([name]) => !pairs.flat().includes(name))
        return Object.fromEntries([...rest, ...pairs.filter(([, old]) => old in row).map(([name, old]) => [name, row[old]])])
      })
      return { ports: { main: renamed }, dead: [] }
    },
  },
})

sameInOtherPages(test, rename, { options })

const input = { ...anyRow, fields: { a: 'text', b: 'number' }, isOpen: false, key: ['a'] } as const
const typed = (columns: Record<string, string>): unknown => rename.types?.({ columns }, input, () => undefined)['main']

test('types and keys go with the names', async () => {
  assert.equal(typed({ x: 'a' }), { ...input, fields: { b: 'number', x: 'text' }, key: ['x'] })
  assert.equal(typed({ a: 'b', b: 'a' }), { ...input, fields: { a: 'number', b: 'text' }, key: ['b'] })
  assert.equal(await keyOf(rename, { columns: { x: 'a' } }, ['b', 'a']), ['b', 'x'])
})

test('a name that is taken, or a list, is INVALID', () => {
  for (const columns of [{ b: 'a' }, ['a'] as never]) {
    assert.throws(
      () => typed(columns),
      (error: { code: string; details: object }) => error.code === 'INVALID' && 'option' in error.details,
    )
  }
})

test('the old names are what must come in', () => {
  const needs = (...wanted: string[]): unknown =>
    rename.needs(
      { columns: { x: 'a', a: '$stream' } },
      () => new Set(wanted),
      () => undefined,
    )
  assert.equal([needs('x'), needs('a', 'c'), needs('*')], [new Set(['a']), new Set(['c', '$stream']), new Set(['*', 'a', '$stream'])])
})

test('names that objects have a use for are names', async () => {
  const columns = Object.fromEntries([
    ['__proto__', 'a'],
    ['constructor', 'b'],
  ])
  const { pages } = await sendPage(rename, { columns }, pageOfRows([{ a: 1, b: 2 }]))
  assert.equal([...(pages[0]?.columns.keys() ?? [])], ['__proto__', 'constructor'])
})

test.run()
