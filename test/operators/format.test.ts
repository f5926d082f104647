/** `format` against the contract, and back again with `parse`. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { unpackBytes } from '../../event/payload.ts'
import { valueAt } from '../../operators/columns.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import { format, type FormatOptions } from '../../operators/format.ts'
import { parse } from '../../operators/parse.ts'
import { runOperator } from '../contract/operator-run.ts'
import { operatorContract } from '../contract/operator.ts'
import { pageOfRows, sendPage } from './keys.ts'
import { everyRow, sameInOtherPages } from './selected.ts'

const circle: unknown[] = []
circle.push(circle)

const test = operatorContract(format, {
  poison: { topic: 'a', celsius: circle },
  twin: {
    input: everyRow,
    options: fc.constantFrom<Readonly<Record<string, unknown>>>(
      { as: 'json', into: 'm' },
      { as: 'json', into: 'a', columns: ['delay', 'a', 'none'] },
      { as: 'json', into: 'm', columns: { late: 'delay' } },
    ),
    answer: (rows, { into, columns }) => {
      const text = (row: Row): string => {
        if (columns === undefined)
          return JSON.stringify(
            Object.fromEntries(Object.entries({ a: row['a'], b: row['b'], delay: row['delay'] }).filter(([, value]) => value !== null)),
          )
        return Array.isArray(columns)
          ? JSON.stringify({ delay: row['delay'], a: row['a'], none: null })
          : JSON.stringify({ late: row['delay'] })
      }
      return { ports: { main: rows.map(row => ({ ...row, [into as string]: text(row) })) }, dead: [] }
    },
  },
})

sameInOtherPages(test, format, {
  options: fc.constantFrom(
    { as: 'json', into: 'm' },
    { as: 'csv', into: 'm', columns: ['b', 'a', '1'] },
    { as: 'msgpack', into: 'b' },
    { as: 'msgpack', into: 'm', columns: ['a'] },
  ),
})

const wellFormed = fc.string({ unit: 'binary' })
const plain = fc.oneof(
  wellFormed,
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(n => n || 0),
  fc.boolean(),
  fc.array(wellFormed, { maxLength: 3 }),
)

async function backAndForth(options: FormatOptions, rows: readonly Row[]): Promise<readonly Row[]> {
  const formatted = await runOperator(format, { options: { ...options }, input: rows.map(row => ({ ...row })), pageRows: 7 })
  const input = (formatted.ports['main'] ?? []).map(row => ({ m: row[options.into] }))
  const parsing = { field: 'm', as: options.as, columns: options.columns }
  const { ports, dead } = await runOperator(parse, { options: parsing, input, pageRows: 5 })
  assert.equal([formatted.dead, dead], [[], []])
  return ports['main'] ?? []
}

test('what it writes is read again', async () => {
  const rows = fc.array(fc.record({ a: plain, 1: plain, c: plain }, { noNullPrototype: true }), { maxLength: 20 })
  const property = fc.asyncProperty(rows, fc.constantFrom('json', 'msgpack'), async (list, as) => {
    assert.equal(await backAndForth({ as, into: 'm', columns: ['c', 'a', '1'] }, list), list)
  })
  await fc.assert(property, { seed: 3, numRuns: 100 })
})

test('CSV is read again as texts', async () => {
  const one = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '"', ',', '\r\n', '\ufeff', '\ufeff,'))
  const property = fc.asyncProperty(
    fc.array(fc.record({ a: one, 1: one }, { noNullPrototype: true }), { maxLength: 20 }),
    fc.boolean(),
    async (list, isOne) => {
      const columns = isOne ? ['a'] : ['a', '1']
      const wanted = list.map(row => (isOne ? { a: row.a } : row))
      assert.equal(await backAndForth({ as: 'csv', into: 'm', columns }, wanted), wanted)
    },
  )
  await fc.assert(property, { seed: 3, numRuns: 200 })
})

async function written(options: Omit<FormatOptions, 'into'>, rows: readonly Row[]): Promise<unknown[]> {
  const { pages } = await sendPage(format, { into: 'm', ...options }, pageOfRows(rows))
  const column = pages[0]?.columns.get('m')
  return Array.from(pages[0]?.selection ?? rows.keys(), row => column && valueAt(column, row))
}

test('CSV: null is empty, an empty text is not, and columns stand in the order given', async () => {
  const rows = [
    { 1: 'x', b: null, c: '' },
    { 1: 2.5, b: true, c: ['a', 1] },
  ]
  assert.equal(await written({ as: 'csv', columns: ['c', '1', 'b'] }, rows), ['"",x,', '"[""a"",1]",2.5,true'])
})

test('bytes, names that objects have a use for, and what JSON has no word for', async () => {
  const odd = JSON.parse('{"__proto__":{"x":1},"a":1}') as Row
  assert.equal(await written({ as: 'json' }, [odd, { b: Buffer.of(1, 2), n: 5n, $stream: 's' }]), [
    '{"__proto__":{"x":1},"a":1}',
    '{"b":{"$bytes":"AQI="},"n":"5"}',
  ])
  assert.equal(await written({ as: 'json', columns: ['$stream'] }, [{ $stream: 's' }]), ['{"$stream":"s"}'])
  assert.equal(unpackBytes((await written({ as: 'msgpack' }, [{ a: new Map([['k', [1]]]) }]))[0] as Uint8Array), { a: { k: [1] } })
})

test('the order of fields is that of their names, whatever came first in the page', async () => {
  assert.equal(await written({ as: 'json' }, [{ b: 1 }, { a: 2, b: 3 }]), ['{"b":1}', '{"a":2,"b":3}'])
})

test('halves of surrogate pairs are escaped in JSON, and no text in MessagePack', async () => {
  assert.equal(await written({ as: 'json' }, [{ a: '\ud800' }]), ['{"a":"\\ud800"}'])
  assert.equal(await written({ as: 'msgpack' }, [{ a: '\ud800' }, { a: 'x' }]).then(list => list.length), 1)
})

test('texts come as slices, and their nulls stay nulls', async () => {
  const { pages } = await sendPage(format, { as: 'json', into: 'm' }, pageOfRows([{ a: circle }, { a: 1 }]))
  const column = pages[0]?.columns.get('m')
  assert.equal([column?.kind, column && valueAt(column, 0), column && valueAt(column, 1)], ['slice', null, '{"a":1}'])
})

test('types, and what must come in', () => {
  const input = { ...anyRow, fields: { a: 'number' }, isOpen: false } as const
  const typed = (as: FormatOptions['as'], columns?: string[]): unknown =>
    format.types?.({ as, into: 'm', ...(columns && { columns }) }, input, () => undefined)['main']
  assert.equal(typed('json'), { ...input, fields: { a: 'number', m: 'text' } })
  assert.equal(typed('msgpack'), { ...input, fields: { a: 'number', m: 'any' } })
  assert.throws(
    () => typed('csv'),
    (error: { code: string }) => error.code === 'INVALID',
  )
  const needs = (columns?: string[]): unknown =>
    format.needs(
      { as: 'json', into: 'm', ...(columns && { columns }) },
      () => new Set(['m', 'x']),
      () => undefined,
    )
  assert.equal([needs(), needs(['a'])], [new Set(['x', '*']), new Set(['x', 'a'])])
})

test.run()
