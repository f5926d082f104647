/** `enrich` against the contract, with tables of CSV and JSON, and with projections of this topology and another. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { enrich } from '../../operators/enrich.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import type { ExampleFlow } from '../../operators/operator.ts'
import { operatorContract } from '../contract/operator.ts'
import { runOperator } from '../contract/operator-run.ts'
import { withBarriers } from './arbitrary.ts'
import { keyName, keys } from './keyed-inputs.ts'

const csv = { file: 'data:text/csv,id,name%0A1,one%0A2,NA%0A', key: 'id', format: 'csv' }
const json = { file: 'data:application/json,[{"id":1,"name":"one"},{"id":2,"name":"NA"}]', key: 'id', format: 'json' }
const names: Readonly<Record<string, string>> = { 1: 'one', 2: 'NA' }
const nameOf = (row: Row): string | undefined => names[String(row['id'])]

const test = operatorContract(enrich, {
  poison: { origin: 'no airport' },
  twin: {
    input: withBarriers(fc.record({ id: fc.constantFrom(1, 2, 3, '1', '2', 'x', null) })),
    options: fc.constantFrom(
      { table: csv, match: 'id', take: { label: 'name' } },
      { table: json, match: 'id', take: { label: 'name' } },
      { table: json, match: 'id', take: { label: 'name' }, missing: 'pass' },
    ),
    answer(rows, { missing }) {
      const kept = rows.filter(row => missing === 'pass' || nameOf(row) !== undefined)
      const dead = [...rows.entries()].flatMap(([order, row]) => (kept.includes(row) ? [] : [order]))
      return { ports: { main: kept.map(row => ({ ...row, label: nameOf(row) ?? null })) }, dead }
    },
  },
})

const refused =
  (option: string) =>
  (error: unknown): boolean =>
    isEventStoreError(error, 'INVALID') && error.details['option'] === option

test('a key of several columns finds the row that has all of them', async () => {
  const rows =
    '[{"a":1,"b":"x","name":"one"},{"a":1,"b":"y","name":"two"},{"a":null,"b":"x","name":"none"},{"a":"1","b":"x","name":"last"}]'
  const table = { file: `data:application/json,${rows}`, key: ['a', 'b'], format: 'json' }
  const options = { table, match: ['left', 'right'], take: { label: 'name' }, missing: 'pass' }
  const input = [
    { left: 1, right: 'x' },
    { left: '1', right: 'y' },
    { left: null, right: 'x' },
    { left: 1, right: null },
    { left: '1","x', right: '' },
    { left: 2, right: 'x' },
  ]
  const { ports } = await runOperator(enrich, { options, input, pageRows: 4096 })
  assert.equal(
    ports['main']?.map(row => row['label']),
    ['last', 'two', null, null, null, null],
  )
  const strict = await runOperator(enrich, { options: { ...options, missing: 'deadLetter' }, input, pageRows: 2 })
  assert.equal(strict.dead, [2, 3, 4, 5])
  assert.throws(() => enrich.types?.({ ...options, match: 'left' } as never, anyRow, () => undefined), refused('match'))
  assert.throws(() => enrich.types?.({ ...options, match: ['left', 'right', 'a'] } as never, anyRow, () => undefined), refused('match'))
})

test('what is taken is a column of any type', () => {
  const row = { ...anyRow, isOpen: false, fields: { id: 'integer' as const } }
  const types = enrich.types?.({ table: csv, match: 'id', take: { label: 'name' } } as never, row, () => undefined)
  assert.equal(types?.['main']?.fields, { id: 'integer', label: 'any' })
})

test('a projection of another topology is looked up by its key, exactly', async () => {
  const projections = {
    customers: [
      [['eu', 7], { name: 'Ann', size: 3 }],
      [['eu', '7'], { name: 'Bob', size: null }],
      [['eu', null], { name: 'nobody' }],
    ] as const,
  }
  const options = { table: { projection: 'customers' }, match: ['region', 'id'], take: { who: 'name', size: 'size', born: 'toString' } }
  const input = [7, '7', null, 8].map(id => ({ region: 'eu', id }))
  for (const pageRows of [1, 4096]) {
    const { ports, dead } = await runOperator(enrich, { options, input, projections, pageRows })
    assert.equal(
      ports['main']?.map(row => [row['who'], row['size'], row['born']]),
      [
        ['Ann', 3, null],
        ['Bob', null, null],
      ],
    )
    assert.equal(dead, [2, 3])
  }
})

const joined = { projection: 'customers', key: ['customer', 'region'], value: { name: 'title', since: 'date' }, joined: 1 }
const customer = fc.record({
  $input: fc.constant(1),
  customer: keys,
  region: fc.constantFrom('eu', 1),
  title: fc.constantFrom('a', 'b', { c: 1 }),
})
const order = fc.record({ $input: fc.constant(0), id: keys, region: fc.constantFrom('eu', 1, null) })

test('a projection of the same topology is seen as it stands at each point of the log', async () => {
  const property = fc.asyncProperty(
    withBarriers(fc.oneof(customer, order) as fc.Arbitrary<Row>, 80),
    fc.constantFrom(1, 2, 7, 4096),
    fc.constantFrom('deadLetter', 'pass'),
    async (input, pageRows, missing) => {
      const table = new Map<string, unknown>()
      const [main, dead]: [unknown[], number[]] = [[], []]
      for (const [at, row] of input.filter(one => typeof one === 'object').entries()) {
        if (row['$input'] === 1) {
          table.set(keyName(row, ['customer', 'region']), row['title'])
          continue
        }
        const name = row['id'] === null || row['region'] === null ? '' : keyName(row, ['id', 'region'])
        if (table.has(name) || missing === 'pass') main.push([row['id'], row['region'], table.get(name) ?? null])
        else dead.push(at)
      }
      const options = { table: joined, match: ['id', 'region'], take: { name: 'name', first: 'since' }, missing }
      const outcome = await runOperator(enrich, { options, input, pageRows, restartAfter: [1, 2, 4] })
      assert.equal(outcome.ports['main']?.map(row => [row['id'] ?? null, row['region'] ?? null, row['name'] ?? null]) ?? [], main)
      assert.equal(outcome.dead, dead)
    },
  )
  await fc.assert(property, { seed: 4, numRuns: 150 })
})

test('the rows of a projection may come by any of the last inputs', async () => {
  const input: ExampleFlow[] = [
    { $input: 2, id: 1, name: 'one' },
    { $input: 3, id: 2, name: 'two' },
    { $input: 1, id: 2 },
    { $input: 0, id: 1 },
  ]
  const options = { table: { projection: 'p', key: ['id'], joined: 2 }, match: 'id', take: ['name'] }
  const { ports } = await runOperator(enrich, { options, input, pageRows: 9 })
  assert.equal(ports['main'], [
    { id: 2, name: 'two' },
    { id: 1, name: 'one' },
  ])
  assert.equal(
    [
      ...enrich.needs(
        options as never,
        () => new Set(['name', 'other']),
        () => undefined,
      ),
    ].sort(),
    ['id', 'name', 'other'],
  )
  const renamed = { table: joined, match: ['id', 'region'], take: { label: 'name' } }
  assert.equal(
    [
      ...enrich.needs(
        renamed as never,
        () => new Set(['label']),
        () => undefined,
      ),
    ].sort(),
    ['customer', 'id', 'region', 'title'],
  )
  assert.throws(
    () =>
      enrich.needs(
        { ...renamed, take: ['nothing'] } as never,
        () => new Set(),
        () => undefined,
      ),
    refused('take'),
  )
})

test('steps that write other columns of one projection are each read in their own way, also after a restart', async () => {
  const table = { projection: 'p', key: ['id'], joined: 1, values: [{ name: 'title' }, ['name'], null] }
  const options = { table, match: 'id', take: ['name'] }
  const input: ExampleFlow[] = [
    { $input: 1, id: 1, title: 'one', name: 'not this' },
    { $input: 2, id: 2, title: 'not this', name: 'two' },
    { $input: 0, id: 1 },
    'barrier',
    { $input: 0, id: 2 },
    { $input: 3, id: 1, name: 'uno' },
    'barrier',
    { $input: 0, id: 1 },
  ]
  for (const pageRows of [1, 4096]) {
    const { ports } = await runOperator(enrich, { options, input, pageRows, restartAfter: [1, 2] })
    assert.equal(ports['main'], [
      { id: 1, name: 'one' },
      { id: 2, name: 'two' },
      { id: 1, name: 'uno' },
    ])
  }
  const needed = enrich.needs(
    options as never,
    () => new Set(),
    () => undefined,
  )
  assert.equal([...needed].sort(), ['id', 'name', 'title'])
})

test.run()
