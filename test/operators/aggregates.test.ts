/** Every aggregate: its example, its arithmetic against plain JavaScript, and that saving, loading and merging change nothing. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AggregateCells } from '../../operators/aggregates/aggregate.ts'
import { ByteReader, ByteWriter } from '../../operators/aggregates/bytes.ts'
import { aggregates, argMax, collect, count, every, percentile, sum } from '../../operators/aggregates/index.ts'
import { rankIndex } from '../../operators/aggregates/percentile.ts'
import type { Row } from '../../operators/flow.ts'
import { firstRows, pageOf } from '../../operators/page.ts'

function made(name: string, options: object): AggregateCells {
  const cells = aggregates[name]?.create(options as never) ?? assert.unreachable(name)
  return cells as AggregateCells
}

/** Adds rows to a cell, in pages of a size. */
function take(cells: AggregateCells, cell: number, rows: readonly Row[], pageRows = 4096): void {
  for (let from = 0; from < rows.length; from += pageRows) {
    const some = rows.slice(from, from + pageRows)
    const eventTime = Float64Array.from(some, row => Number(row['$eventTime'] ?? 0))
    const page = pageOf(some, { order: new Float64Array(some.length), eventTime })
    cells.update(page, firstRows(some.length), new Int32Array(some.length).fill(cell), some.length)
  }
}

function opened(name: string, options: object, count = 3): AggregateCells {
  const cells = made(name, options)
  cells.grow(count)
  for (let cell = 0; cell < count; cell++) cells.reset(cell)
  return cells
}

function resultOf(name: string, options: object, rows: readonly Row[]): unknown {
  const cells = opened(name, options)
  take(cells, 1, rows)
  return cells.result(1, span)
}

/** Sums of doubles in another order differ in their last digits. */
function same(actual: unknown, expected: unknown, what?: string): void {
  if (typeof actual !== 'number' || typeof expected !== 'number') return assert.equal(actual, expected, what)
  assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(actual)), `${what}: ${actual} and ${expected}`)
}

const span = { start: 0, end: 1000 }
const uses: readonly (readonly [name: string, options: object])[] = [
  ['count', {}],
  ['count', { field: 'x' }],
  ['sum', { field: 'x' }],
  ['mean', { field: 'x' }],
  ['min', { field: 'x' }],
  ['max', { field: 'x' }],
  ['percentile', { field: 'x', p: 0.95 }],
  ['argMax', { field: 'x' }],
  ['argMax', { field: 'x', take: ['y'] }],
  ['avg', { field: 'x' }],
  ['collect', { field: 'x' }],
  ['collect', { field: 'y', most: 3 }],
  ['countDistinct', { field: 'x' }],
  ['countDistinct', { field: 'v' }],
  ['every', { field: 'b' }],
  ['first', { field: 'v' }],
  ['last', { field: 'v' }],
  ['percentileCont', { field: 'x', p: 0.4 }],
  ['some', { field: 'b' }],
  ['approxDistinct', { field: 'v' }],
  ['approxDistinct', { field: 'x', precision: 4 }],
  ['approxTop', { field: 'v' }],
  ['correlation', { field: 'x', with: 'y' }],
  ['first', { field: 'v', by: 'eventTime' }],
  ['histogram', { field: 'x', bounds: [-10, 0, 10] }],
  ['last', { field: 'v', by: 'eventTime' }],
  ['median', { field: 'x' }],
  ['mode', { field: 'v' }],
  ['rate', {}],
  ['rate', { field: 'x', per: '1m' }],
  ['stddev', { field: 'x', kind: 'population' }],
  ['variance', { field: 'x', kind: 'population' }],
  ['weightedMean', { field: 'x', weight: 'y' }],
]
const integers = fc.oneof(fc.integer({ min: -20, max: 20 }), fc.maxSafeInteger(), fc.constant(null))
/** Values of every kind that are hard to tell apart, or to write down. */
const values = fc.constantFrom(null, 1, '1', true, '', 0.1, 1e300, '\ud800', '\ud801', '__proto__', { a: 1 }, { a: '1' }, [1], [])
const rows = fc
  .array(fc.record({ x: integers, y: fc.nat(3), b: fc.constantFrom(true, true, true, false, null), v: values, $eventTime: fc.nat(9) }), {
    maxLength: 40,
    size: 'max',
  })
  .map(list => list.map((row): Row => ({ ...row })))

for (const [name, { spec }] of Object.entries(aggregates)) {
  test(`${name} does what its example says`, () => {
    assert.equal(resultOf(name, spec.example.options, spec.example.rows), spec.example.result)
  })
}

test('every aggregate is tried', () => {
  assert.equal([...new Set(uses.map(([name]) => name))].sort(), Object.keys(aggregates))
})

for (const [name, options] of uses) {
  const use = `${name} ${JSON.stringify(options)}`

  test(`${use}: pages, saving and merging change nothing`, () => {
    const property = fc.property(rows, fc.nat(40), fc.constantFrom(1, 3, 4096), (list, cut, pageRows) => {
      const whole = resultOf(name, options, list)
      const saved = opened(name, options)
      take(saved, 2, list.slice(0, cut), pageRows)
      const loaded = reloaded(saved, name, options)
      take(loaded, 0, list.slice(cut), pageRows)
      assert.equal(loaded.result(0, span), whole, 'saved and loaded')
      const halves = opened(name, options)
      take(halves, 0, list.slice(0, cut))
      take(halves, 1, list.slice(cut))
      halves.merge(0, 1)
      same(halves.result(0, span), whole, 'merged')
    })
    fc.assert(property, { seed: 4, numRuns: 60 })
  })

  test(`${use}: a cell that was reset knows nothing of before`, () => {
    const cells = opened(name, options)
    const empty = cells.result(0, span)
    take(cells, 0, [{ x: 5, y: 1, b: true, v: 'a' }])
    take(cells, 0, [{ x: 6, y: 2, b: true, v: 'a' }])
    assert.not.equal(cells.result(0, span), empty)
    cells.reset(0)
    assert.equal(cells.result(0, span), empty)
  })
}

function reloaded(cells: AggregateCells, name: string, options: object): AggregateCells {
  const writer = new ByteWriter()
  const chunks: Uint8Array[] = []
  cells.save(2, writer, { put: (chunk, bytes) => (chunks[chunk] = bytes) })
  const loaded = opened(name, options)
  loaded.load(0, new ByteReader(writer.take()))
  for (const [chunk, bytes] of chunks.entries()) loaded.loadChunk?.(0, chunk, bytes)
  return loaded
}

test('a percentile of many values writes each full chunk once', () => {
  const options = { field: 'x', p: 0.5 }
  const list = Array.from({ length: 3000 }, (_, i): Row => ({ x: (i * 7919) % 3001 }))
  const cells = opened('percentile', options)
  take(cells, 2, list.slice(0, 1100))
  const chunks = new Map<number, Uint8Array>()
  const save = (): { bytes: Uint8Array; written: number[] } => {
    const writer = new ByteWriter()
    const written: number[] = []
    cells.save(2, writer, { put: (chunk, bytes) => written.push(chunks.set(chunk, bytes).size - 1) })
    return { bytes: writer.take(), written }
  }
  assert.equal(save().written, [0, 1])
  assert.equal(save().written, [])
  take(cells, 2, list.slice(1100))
  const { bytes, written } = save()
  assert.equal(written, [2, 3, 4])
  assert.ok(bytes.length < 512 * 8)
  const loaded = opened('percentile', options)
  loaded.load(0, new ByteReader(bytes))
  for (const [chunk, part] of chunks) loaded.loadChunk?.(0, chunk, part)
  assert.is(loaded.result(0), resultOf('percentile', options, list))
})

test('sums of integers are exact, whatever their size', () => {
  const property = fc.property(fc.array(fc.maxSafeInteger(), { maxLength: 60 }), list => {
    const exact = list.reduce((sum, one) => sum + BigInt(one), 0n)
    const wanted = list.length === 0 ? null : exact >= -(2n ** 53n) + 1n && exact < 2n ** 53n ? Number(exact) : exact.toString()
    assert.is(
      resultOf(
        'sum',
        { field: 'x' },
        list.map(x => ({ x })),
      ),
      wanted,
    )
  })
  fc.assert(property, { seed: 4, numRuns: 200 })
  const largest = Array.from({ length: 1000 }, () => ({ x: Number.MAX_SAFE_INTEGER }))
  assert.is(resultOf('sum', { field: 'x' }, largest), (1000n * BigInt(Number.MAX_SAFE_INTEGER)).toString())
  assert.is(resultOf('mean', { field: 'x' }, largest), Number.MAX_SAFE_INTEGER)
})

test('a sum with other numbers is a double, added in the order of the rows', () => {
  const list = [0.1, 5, 0.2, 0.3]
  assert.is(
    resultOf(
      'sum',
      { field: 'x' },
      list.map(x => ({ x })),
    ),
    5 + (0.1 + 0.2 + 0.3),
  )
})

test('the rank of a percentile, in whole numbers', () => {
  for (const [share, count, index] of [
    [9500, 20, 18],
    [9500, 21, 19],
    [5000, 1, 0],
    [0, 5, 0],
    [10_000, 5, 4],
    [1, 10_000, 0],
    [1, 10_001, 1],
  ] as const) {
    assert.is(rankIndex(share, count), index, `${share} of ${count}`)
  }
})

test('a percentile that is none is INVALID', () => {
  for (const p of [-0.1, 1.1, 0.12345, NaN, '0.5', undefined])
    assert.throws(
      () => made('percentile', { field: 'x', p }),
      (error: { code?: unknown }) => error.code === 'INVALID',
    )
})

test('where sessions become one, what depends on the order goes by the order of the rows', () => {
  const pageFrom = (order: readonly number[]): ReturnType<typeof pageOf> =>
    pageOf(
      order.map(x => ({ x, top: 7 })),
      { order: Float64Array.from(order) },
    )
  for (const [name, options, wanted] of [
    ['first', { field: 'x' }, 1],
    ['last', { field: 'x' }, 6],
    ['collect', { field: 'x', most: 4 }, [1, 2, 3, 4]],
    ['argMax', { field: 'top', take: ['x'] }, [1, 2, 3, 4, 5, 6].map(x => ({ x }))],
  ] as const) {
    for (const [left, right] of [
      [
        [2, 3, 5],
        [1, 4, 6],
      ],
      [
        [1, 4, 6],
        [2, 3, 5],
      ],
    ] as const) {
      const cells = opened(name, options)
      cells.update(pageFrom(left), firstRows(3), new Int32Array(3).fill(0), 3)
      cells.update(pageFrom(right), firstRows(3), new Int32Array(3).fill(1), 3)
      cells.merge(0, 1)
      assert.equal(cells.result(0), wanted, name)
    }
  }
})

test('many different values are written chunk by chunk, and none is lost', () => {
  const list = Array.from({ length: 3000 }, (_, i): Row => ({ x: i % 2500 }))
  const cells = opened('countDistinct', { field: 'x' })
  const chunks: Uint8Array[] = []
  let loaded = cells
  for (let from = 0; from < list.length; from += 700) {
    take(loaded, 2, list.slice(from, from + 700))
    const writer = new ByteWriter()
    loaded.save(2, writer, { put: (chunk, bytes) => (chunks[chunk] = bytes) })
    loaded = opened('countDistinct', { field: 'x' })
    loaded.load(2, new ByteReader(writer.take()))
    for (const [chunk, bytes] of chunks.entries()) loaded.loadChunk?.(2, chunk, bytes)
  }
  assert.is(loaded.result(2), 2500)
})

test('a percentile between values is where Postgres has it', () => {
  const list = [3, 1, 10, 4].map(x => ({ x }))
  const of = (p: number): unknown => resultOf('percentileCont', { field: 'x', p }, list)
  assert.equal([0, 0.25, 0.5, 1].map(of), [1, 2.5, 3.5, 10])
  assert.ok(Math.abs((of(0.9) as number) - 8.2) < 1e-12)
})

test('the functions that topologies are written with make plain data, of columns and of expressions', () => {
  assert.equal(sum('price'), { aggregate: 'sum', field: 'price' })
  assert.equal(sum({ of: 'price * quantity' }), { aggregate: 'sum', of: 'price * quantity' })
  assert.equal(count(), { aggregate: 'count' })
  assert.equal(percentile({ of: 'a + b' }, 0.5), { aggregate: 'percentile', of: 'a + b', p: 0.5 })
  assert.equal(argMax('price', ['bidder']), { aggregate: 'argMax', field: 'price', take: ['bidder'] })
  assert.equal(collect('gate', { most: 3 }), { aggregate: 'collect', field: 'gate', most: 3 })
  assert.equal(every({ of: 'delay < 5' }), { aggregate: 'every', of: 'delay < 5' })
})

test.run()
