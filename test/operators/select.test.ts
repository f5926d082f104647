/** `select` against the contract, by names and by expressions. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import { select } from '../../operators/select.ts'
import { operatorContract } from '../contract/operator.ts'
import { keyOf, pageOfRows, sendPage } from './keys.ts'
import { everyRow, sameInOtherPages } from './selected.ts'

const tenfold = { columns: { d: 'delay * 10', who: 'a', delay: '10 / delay' } }
const names = fc.constantFrom({ columns: ['a'] }, { columns: ['delay', 'a'] }, { columns: ['none', 'b'] })
const answers = (row: Row, columns: unknown): Row => {
  if (Array.isArray(columns)) return Object.fromEntries(Object.entries(row).filter(([name]) => columns.includes(name)))
  const delay = row['delay'] as number | null
  return { d: delay === null ? null : delay * 10, who: row['a'], delay: delay === null ? null : 10 / delay }
}

const test = operatorContract(select, {
  poison: { skip: 'a list of names looks at no row; the test below poisons an expression' },
  twin: {
    input: everyRow,
    options: fc.oneof(names, fc.constant(tenfold)),
    answer: (rows, { columns }) => {
      const fails = (row: Row): boolean => !Array.isArray(columns) && row['delay'] === 0
      return {
        ports: { main: rows.filter(row => !fails(row)).map(row => answers(row, columns)) },
        dead: [...rows.entries()].flatMap(([order, row]) => (fails(row) ? [order] : [])),
      }
    },
  },
})

sameInOtherPages(test, select, { options: fc.oneof(names, fc.constant(tenfold)) })

const input = { ...anyRow, fields: { a: 'text', delay: 'number' }, isOpen: false, key: ['a'] } as const
const typed = (columns: readonly string[] | Record<string, string>): unknown => select.types?.({ columns }, input, () => undefined)['main']

test('its columns are all there are, with their types; the key stays when it is whole', async () => {
  assert.equal(typed(['a']), { ...input, fields: { a: 'text' } })
  assert.equal(typed({ d: 'delay > 1' }), { ...input, fields: { d: 'boolean' }, key: [] })
  assert.equal(await keyOf(select, { columns: ['b', 'a'] }, ['a']), ['a'])
  assert.is(await keyOf(select, { columns: ['b'] }, ['a', 'b']), undefined)
})

test('by names it shares the columns and the selection', async () => {
  const page = pageOfRows([{ a: 1, b: 2 }])
  const { pages } = await sendPage(select, { columns: ['b'] }, page)
  assert.is(pages[0]?.columns.get('b'), page.columns.get('b'))
  assert.is(pages[0]?.columns.size, 1)
})

test('only what is wanted of its names must come in, and all that its expressions read', () => {
  const needs = (columns: readonly string[] | Record<string, string>, ...wanted: string[]): unknown =>
    select.needs(
      { columns },
      () => new Set(wanted),
      () => undefined,
    )
  assert.equal(needs(['a', 'b', '$stream'], 'a', 'c'), new Set(['a']))
  assert.equal(needs(['a', 'b', '$stream'], '*'), new Set(['a', 'b', '$stream']))
  assert.equal(needs({ x: 'a + b', y: 'c' }, 'y'), new Set(['a', 'b', 'c']))
})

test('what is no expression is INVALID when the step is made', async () => {
  const failed = await sendPage(select, { columns: { x: 'a +' } }, pageOfRows([])).catch((error: { code: string }) => error.code)
  assert.is(failed, 'INVALID')
})

test.run()
