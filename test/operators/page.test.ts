/** Pages and columns of every kind: what goes in comes out, by row, gathered, and by a function that demands a kind. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { columnOf } from '../../operators/columns.ts'
import { eventTime } from '../../operators/eventTime.ts'
import { filter } from '../../operators/filter.ts'
import type { Column, Page, Row } from '../../operators/flow.ts'
import { columns, rows } from '../../operators/functions.ts'
import { map } from '../../operators/map.ts'
import { columnsOf, gather, pageOf, rowOf, rowsOf, selectRows } from '../../operators/page.ts'
import { runOperator } from '../contract/operator-run.ts'

const pool = 'abcdefgh'
const slices: Column = { kind: 'slice', pool, start: Int32Array.of(0, 2, 0, 4), length: Int32Array.of(2, 3, -1, 0) }
const list = [
  { n: 1, t: 'x', b: true, v: [1], s: 'ab' },
  { n: null, t: null, b: null, v: 'text', s: 'cde' },
  { n: -0.5, t: '', b: false, v: null, s: null },
  { n: 2, t: 'x', b: true, v: 7, s: '' },
]

function every(): Page {
  const plain = list.map(({ n, t, b, v }): Row => ({ n, t, b, v }))
  const page = pageOf(plain, { order: Float64Array.of(5, 6, 7, 8), eventTime: Float64Array.of(1, 2, 3, 4) })
  return { ...page, columns: new Map([...page.columns, ['s', slices]]) }
}

test('the kind of a column is the narrowest that holds the values', () => {
  const page = every()
  assert.equal(
    Array.from(page.columns.values(), ({ kind }) => kind),
    ['number', 'text', 'boolean', 'value', 'slice'],
  )
  const names = [...page.columns.keys()]
  assert.equal(rowsOf(page, names), list)
  assert.equal(
    rowsOf(page),
    list.map(row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))),
  )
  assert.equal(rowOf(page, 1, ['t', 's', 'none']), { t: null, s: 'cde', none: null })
})

test('gathering takes any rows in any order', () => {
  const property = fc.property(fc.array(fc.nat(3), { maxLength: 6 }), picks => {
    const gathered = gather(selectRows(every(), Int32Array.of(0)), Int32Array.from(picks))
    assert.equal(
      rowsOf(gathered, [...gathered.columns.keys()]),
      picks.map(row => list[row]),
    )
    assert.equal(
      Array.from(gathered.order),
      picks.map(row => 5 + row),
    )
    assert.equal(
      Array.from(gathered.eventTime ?? []),
      picks.map(row => 1 + row),
    )
  })
  fc.assert(property, { seed: 4, numRuns: 50 })
})

test('rows become columns and rows again; what a row lacks is null', () => {
  const made = columnsOf([{ a: 1 }, undefined, { b: 'x', a: undefined }])
  const page: Page = { kind: 'page', port: 'main', input: 0, count: 3, columns: made, order: new Float64Array(3) }
  assert.equal(rowsOf(page, ['a', 'b']), [
    { a: 1, b: null },
    { a: null, b: null },
    { a: null, b: 'x' },
  ])
})

test('texts that are too many for a dictionary begin another', () => {
  const dictionaries = new Map()
  const many = (from: number): Row[] => Array.from({ length: 70_000 }, (_, i) => ({ k: `${from + i}` }))
  const [first, second] = [columnsOf(many(0), dictionaries).get('k'), columnsOf(many(70_000), dictionaries).get('k')]
  assert.is(first?.kind === 'text' && second?.kind === 'text' && first.dictionary !== second.dictionary && second.dictionary.length, 70_000)
})

const demanded = columns({ reads: { t: 'text', b: 'boolean' }, writes: { both: 'text' } }, ({ t, b }, { both }, count) => {
  for (let i = 0; i < count; i++) {
    const code = t.codes[i] as number
    if (code >= 0 && b.values[i] === 1) both.codes[i] = both.codeOf(`${t.dictionary[code] ?? ''}!`)
  }
})

test('a function is given the kinds it demands; rows that hold another are given up', async () => {
  const input: Row[] = [
    { t: 'a', b: true },
    { t: 7, b: true },
    { t: 'c', b: 'yes' },
    { t: null, b: null },
    { t: 'd', b: true },
  ]
  for (const pageRows of [1, 2, 4096]) {
    const { ports, dead } = await runOperator(map, { options: { to: '#f' }, functions: { '#f': demanded }, input, pageRows })
    assert.equal(ports['main'], [
      { t: 'a', b: true, both: 'a!' },
      { t: null, b: null, both: null },
      { t: 'd', b: true, both: 'd!' },
    ])
    assert.equal(new Set(dead), new Set([1, 2]))
  }
  assert.is(columnOf([1, 'x']).kind, 'value')
})

test('a promise instead of an answer is a dead letter, for both forms', async () => {
  const later = { '#filter': () => Promise.resolve(true), '#map': rows({ reads: ['a'] }, () => Promise.resolve({})) }
  const loop = columns({ reads: ['a'], writes: { keep: 'boolean' } }, (() => Promise.resolve()) as never)
  const input = [{ a: 1 }, { a: 2 }]
  for (const [operator, options] of [
    [filter, { where: '#filter' }],
    [filter, { where: '#loop' }],
    [map, { to: '#map' }],
  ] as const) {
    const { ports, dead } = await runOperator(operator as never, { options, functions: { ...later, '#loop': loop }, input, pageRows: 10 })
    assert.equal([ports['main'], dead], [[], [0, 1]])
  }
})

test('what is no function is INVALID when the step is made', async () => {
  const wrong = columns({ reads: ['a'], writes: { a: 'number' } }, () => {})
  for (const functions of [{ '#f': 7 }, { '#f': { form: 'rows' } }, { '#f': wrong }]) {
    let code: unknown
    await runOperator(filter, { options: { where: '#f' }, functions, input: [], pageRows: 1 }).catch(
      (error: { code: unknown }) => (code = error.code),
    )
    assert.is(code, 'INVALID')
  }
})

test('event times as texts are ISO 8601, UTC when they name no zone', async () => {
  const times = ['1970-01-02', '1970-01-01T00:00:01', '1970-01-01T01:00:00+01:00', '1970-01-01 00:00:02.5', 'soon']
  const { ports, dead } = await runOperator(eventTime, { options: { field: 'at', lag: 0 }, input: times.map(at => ({ at })), pageRows: 10 })
  assert.equal(
    ports['main']?.map(row => row['$eventTime']),
    [86_400_000, 1000, 0, 2500],
  )
  assert.equal(dead, [4])
})

test.run()
