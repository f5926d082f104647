/** `flatMap` against the contract, by a function and by the elements of a list. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { anyRow } from '../../operators/expressions/types.ts'
import { flatMap, type FlatMapOptions } from '../../operators/flatMap.ts'
import type { Row } from '../../operators/flow.ts'
import { columns, rows } from '../../operators/functions.ts'
import { runOperator } from '../contract/operator-run.ts'
import { operatorContract } from '../contract/operator.ts'
import { stamped, withBarriers } from './arbitrary.ts'
import { pageOfRows, sendPage } from './keys.ts'
import { sameInOtherPages } from './selected.ts'

const reused: Record<string, unknown> = {}
const functions = {
  '#items': ({ items, at }: { items?: unknown; at?: number }) => {
    if (!Array.isArray(items)) throw new TypeError('no items')
    return items.map(item => (item === 3 ? 'three' : { item: item as number, at }))
  },
  '#again': rows({ reads: ['items', 'at'] }, ({ items, at }) => {
    return (items as number[]).map(item => (item === 3 ? 3n : Object.assign(reused, { item, at })) as Row).slice(0, 1)
  }),
}
const items = fc.oneof(fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }), fc.constantFrom('none', null))
const input = withBarriers(fc.record({ at: fc.nat(100), items }))

const test = operatorContract(flatMap, {
  poison: { text: null },
  twin: {
    input: input.map(list => stamped(list, 5)),
    options: fc.constantFrom({ to: '#items' }, { of: 'items', as: 'item' }),
    functions,
    answer: (list, { to }) => {
      const isDead = ({ items: own }: Row): boolean => (to === undefined ? own === 'none' : !Array.isArray(own) || own.includes(3))
      const made = list.flatMap((row): Row[] => {
        const { items: own, $eventTime, $watermark, at } = row
        if (isDead(row) || own === null) return []
        return (own as number[]).map(item => ({ ...(to === undefined && { items: own }), item, at, $eventTime, $watermark }))
      })
      return { ports: { main: made }, dead: [...list.entries()].flatMap(([order, row]) => (isDead(row) ? [order] : [])) }
    },
    numRuns: 150,
  },
})

const listed = [
  { of: 'items', as: 'item' },
  { of: 'items', as: 'items' },
]
sameInOtherPages(test, flatMap, {
  options: fc.constantFrom({ to: '#items' }, { to: '#again' }, ...listed),
  functions,
  input: withBarriers(fc.record({ at: fc.nat(100), items }, { requiredKeys: [] })),
})

test('what is no list of rows is a dead letter, and takes its good rows with it', async () => {
  const answers = [undefined, { a: 1 }, 'text', [{ a: 1 }, null], [[]], [{ a: 1 }, { a: 7n }], Promise.reject(new Error('too late'))]
  const to = ({ n }: { n: number }): unknown => (n < answers.length ? answers[n] : [{ n }, { m: null }])
  const list = Array.from({ length: answers.length + 1 }, (_, n) => ({ n }))
  const { ports, dead } = await runOperator(flatMap, { options: { to: '#to' }, functions: { '#to': to }, input: list, pageRows: 4096 })
  assert.equal(
    [ports['main'], dead],
    [
      [
        { n: answers.length, m: null },
        { n: null, m: null },
      ],
      [...answers.keys()],
    ],
  )
})

test('null stays among the elements', async () => {
  const { pages } = await sendPage(flatMap, { of: 'l', as: 'e' }, pageOfRows([{ l: [null, 1] }]))
  assert.equal([pages[0]?.count, pages[0]?.columns.get('e')?.kind], [2, 'number'])
})

const fields = { words: 'text[]', data: 'json', n: 'number' } as const
const typed = (options: FlatMapOptions): unknown =>
  flatMap.types?.(options, { ...anyRow, fields, isOpen: false, key: ['n'] }, () => undefined)['main']

test('types are known as far as the list has one', () => {
  assert.equal(typed({ of: 'words', as: 'word' }), { ...anyRow, fields: { ...fields, word: 'text' }, isOpen: false, key: ['n'] })
  assert.equal(typed({ of: 'data', as: 'n' }), { ...anyRow, fields: { ...fields, n: 'any' }, isOpen: false, key: ['n'] })
  assert.equal(typed({ to: '#items' }), { ...anyRow, key: ['n'] })
})

test('what is neither way, or no list, is INVALID', async () => {
  const isInvalid = (error: { code: string }): boolean => error.code === 'INVALID'
  for (const options of [{}, { of: 'words' }, { as: 'x' }, { to: '#items', of: 'words', as: 'x' }, { of: 'n', as: 'x' }]) {
    assert.throws(() => typed(options), isInvalid, JSON.stringify(options))
  }
  for (const wrong of [7, columns({ reads: ['a'], writes: { b: 'number' } }, () => {})]) {
    const failed = runOperator(flatMap, { options: { to: '#f' }, functions: { '#f': wrong }, input: [], pageRows: 1 })
    assert.ok(await failed.then(() => false, isInvalid))
  }
})

test('what it reads must come in, and what is wanted and not made here', () => {
  const needs = (options: FlatMapOptions): unknown =>
    flatMap.needs(
      options,
      () => new Set(['x', 'item']),
      name => functions[name as '#again'],
    )
  assert.equal(needs({ of: 'items', as: 'item' }), new Set(['x', 'items']))
  assert.equal([needs({ to: '#items' }), needs({ to: '#again' })], [new Set(['*']), new Set(['items', 'at'])])
})

test.run()
