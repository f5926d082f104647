/** Aggregates of statistics and sketches against dumb twins, with rows split and merged in any way; sketches keep the errors that they state. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { AggregateCells } from '../../operators/aggregates/aggregate.ts'
import { ByteReader, ByteWriter } from '../../operators/aggregates/bytes.ts'
import type { Frequent } from '../../operators/aggregates/approxTop.ts'
import { aggregates } from '../../operators/aggregates/index.ts'
import type { Row } from '../../operators/flow.ts'
import { firstRows, pageOf } from '../../operators/page.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'

const cellCount = 6

function opened(name: string, options: object): AggregateCells {
  const cells = aggregates[name]?.create(options as never) as AggregateCells
  cells.grow(cellCount)
  for (let cell = 0; cell < cellCount; cell++) cells.reset(cell)
  return cells
}

function take(cells: AggregateCells, cell: number, rows: readonly Row[], firstOrder = 0): void {
  if (rows.length === 0) return
  const order = Float64Array.from(rows, (_, i) => firstOrder + i)
  const page = pageOf(rows, { order, eventTime: Float64Array.from(rows, row => Number(row['at'] ?? 0)) })
  cells.update(page, firstRows(rows.length), new Int32Array(rows.length).fill(cell), rows.length)
}

function moved(from: AggregateCells, into: AggregateCells, cell: number): void {
  const writer = new ByteWriter()
  const chunks: Uint8Array[] = []
  from.save(cell, writer, { put: (chunk, bytes) => (chunks[chunk] = bytes) })
  into.load(cell, new ByteReader(writer.take()))
  for (const [chunk, bytes] of chunks.entries()) into.loadChunk?.(cell, chunk, bytes)
}

/** The rows cut into parts, each of them saved and loaded, merged in the order given by `places`. */
function mergedResult(name: string, options: object, { rows, cuts, places }: Split): unknown {
  const bounds = [0, ...cuts.map(cut => Math.round(cut * rows.length)).sort((a, b) => a - b), rows.length]
  const parts = bounds.slice(1).map((end, i) => [bounds[i] as number, end] as const)
  const taken = opened(name, options)
  const loaded = opened(name, options)
  for (const [cell, [from, to]] of parts.entries()) {
    take(taken, cell, rows.slice(from, to), from)
    moved(taken, loaded, cell)
  }
  const order = parts.map((_, cell) => cell).sort((a, b) => (places[a] as number) - (places[b] as number))
  const [into = 0, ...others] = order
  for (const cell of others) loaded.merge(into, cell)
  return loaded.result(into, { start: 0, end: 4000 })
}

interface Split {
  readonly rows: readonly Row[]
  readonly cuts: readonly number[]
  readonly places: readonly number[]
}

const numbers = fc.oneof(fc.integer({ min: -9, max: 9 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constant(null))
const values = fc.constantFrom(null, 0, -0, 1, '1', true, false, '', 'b', '\ud800', NaN, 1e300, { a: 1 }, [1], [])
const row = fc.record({ x: numbers, y: numbers, w: fc.nat(5), v: values, at: fc.nat(3000) })
const split: fc.Arbitrary<Split> = fc.record({
  rows: fc.array(row, { maxLength: 60, size: 'max' }),
  cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: cellCount - 1 }),
  places: fc.shuffledSubarray([0, 1, 2, 3, 4, 5], { minLength: 6 }),
})

const plain = (rows: readonly Row[], name: string): number[] => rows.flatMap(each => (each[name] === null ? [] : [each[name] as number]))
const sumOf = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0)
const meanOf = (list: readonly number[]): number => sumOf(list) / list.length
const spread = (list: readonly number[]): number => sumOf(list.map(each => (each - meanOf(list)) ** 2))
const orNull = (holds: boolean, value: () => unknown): unknown => (holds ? value() : null)
const both = (rows: readonly Row[], a: string, b: string): [number, number][] =>
  rows.flatMap((each): [number, number][] => (each[a] === null || each[b] === null ? [] : [[each[a] as number, each[b] as number]]))
const textOf = (value: unknown): string =>
  typeof value === 'object' ? JSON.stringify(value) : `${typeof value} ${String(value as number)}`

function counted(rows: readonly Row[]): { value: unknown; count: number }[] {
  const counts = new Map<string, { value: unknown; count: number }>()
  for (const { v } of rows) {
    if (v === null) continue
    const found = counts.get(textOf(v))
    if (found === undefined) counts.set(textOf(v), { value: Object.is(v, -0) ? 0 : v, count: 1 })
    else found.count++
  }
  return [...counts.values()].sort((a, b) => b.count - a.count || compareKeys([a.value], [b.value]))
}

/** What plain JavaScript says of the rows. */
const twins: readonly (readonly [name: string, options: object, twin: (rows: readonly Row[]) => unknown])[] = [
  ['variance', { field: 'x' }, rows => orNull(plain(rows, 'x').length > 1, () => spread(plain(rows, 'x')) / (plain(rows, 'x').length - 1))],
  [
    'variance',
    { field: 'x', kind: 'population' },
    rows => orNull(plain(rows, 'x').length > 0, () => spread(plain(rows, 'x')) / plain(rows, 'x').length),
  ],
  [
    'stddev',
    { field: 'x' },
    rows => orNull(plain(rows, 'x').length > 1, () => Math.sqrt(spread(plain(rows, 'x')) / (plain(rows, 'x').length - 1))),
  ],
  [
    'median',
    { field: 'x' },
    rows => {
      const sorted = plain(rows, 'x').sort((a, b) => a - b)
      const half = (sorted.length - 1) / 2
      return orNull(sorted.length > 0, () => ((sorted[Math.floor(half)] as number) + (sorted[Math.ceil(half)] as number)) / 2)
    },
  ],
  ['mode', { field: 'v' }, rows => counted(rows)[0]?.value ?? null],
  ['countDistinct', { field: 'v' }, rows => counted(rows).length],
  ['approxDistinct', { field: 'v' }, rows => counted(rows).length],
  [
    'approxTop',
    { field: 'v', k: 3 },
    rows =>
      counted(rows)
        .slice(0, 3)
        .map(each => ({ ...each, error: 0 })),
  ],
  [
    'histogram',
    { field: 'x', width: 4, from: -5, to: 5 },
    rows =>
      [null, -5, -1, 3, 5].map((from, i) => {
        const to = [-5, -1, 3, 5, null][i] ?? null
        return { from, to, count: plain(rows, 'x').filter(x => x >= (from ?? -Infinity) && x < (to ?? Infinity)).length }
      }),
  ],
  [
    'weightedMean',
    { field: 'x', weight: 'w' },
    rows =>
      orNull(
        sumOf(both(rows, 'x', 'w').map(([, w]) => w)) > 0,
        () => sumOf(both(rows, 'x', 'w').map(([x, w]) => x * w)) / sumOf(both(rows, 'x', 'w').map(([, w]) => w)),
      ),
  ],
  ['rate', {}, rows => rows.length / 4],
  ['rate', { field: 'w', per: '1m' }, rows => orNull(rows.length > 0, () => sumOf(plain(rows, 'w')) * 15)],
  [
    'rate',
    { over: 'rows' },
    rows => {
      const times = plain(rows, 'at')
      const length = Math.max(...times) - Math.min(...times)
      return orNull(length > 0, () => (rows.length * 1000) / length)
    },
  ],
  ['first', { field: 'v', by: 'eventTime' }, rows => rows.toSorted((a, b) => (a['at'] as number) - (b['at'] as number))[0]?.['v'] ?? null],
  [
    'last',
    { field: 'v', by: 'eventTime' },
    rows => rows.toSorted((a, b) => (a['at'] as number) - (b['at'] as number)).at(-1)?.['v'] ?? null,
  ],
]

for (const [name, options, twin] of twins)
  test(`${name} ${JSON.stringify(options)} is what plain code says, however rows are split, saved and merged`, () => {
    const property = fc.property(split, parts => {
      const [actual, expected] = [mergedResult(name, options, parts), twin(parts.rows)]
      if (typeof actual === 'number' && typeof expected === 'number' && !Number.isNaN(expected))
        assert.ok(Math.abs(actual - expected) <= 1e-9 * Math.max(1, Math.abs(expected)), `${actual} and ${expected}`)
      else assert.equal(actual, expected)
    })
    fc.assert(property, { seed: 4, numRuns: 150 })
  })

test('correlation is what plain code says where a double tells', () => {
  const property = fc.property(split, parts => {
    const pairs = both(parts.rows, 'x', 'y')
    const [xs, ys] = [pairs.map(([x]) => x), pairs.map(([, y]) => y)]
    const actual = mergedResult('correlation', { field: 'x', with: 'y' }, parts)
    const root = Math.sqrt(spread(xs) * spread(ys))
    if (pairs.length < 2) assert.is(actual, null)
    else if (root > 1e-3)
      assert.ok(Math.abs((actual as number) - sumOf(pairs.map(([x, y]) => (x - meanOf(xs)) * (y - meanOf(ys)))) / root) < 1e-6)
  })
  fc.assert(property, { seed: 4, numRuns: 150 })
})

test('a variance of large numbers close together loses no digits, in one go and merged', () => {
  const rows = Array.from({ length: 1000 }, (_, i): Row => ({ x: 1e9 + (i % 10) }))
  for (const cuts of [[], [0.1, 0.5, 0.77]])
    assert.ok(
      Math.abs(
        (mergedResult('variance', { field: 'x', kind: 'population' }, { rows, cuts, places: [3, 1, 0, 2, 4, 5] }) as number) - 8.25,
      ) < 1e-9,
    )
})

test('approxDistinct is within its stated error, and the same in any order and however it is merged', () => {
  for (const precision of [8, 12, 14]) {
    const error = 1.04 / Math.sqrt(2 ** precision)
    const off: number[] = []
    for (const count of [10, 200, 3000, 20_000]) {
      for (const kind of ['number', 'text'] as const) {
        const of = (i: number): unknown => (kind === 'text' ? `user-${i * 7 + count}` : i * 3 + count / 7)
        const rows = Array.from({ length: count }, (_, i): Row => ({ v: of(i) }))
        const options = { field: 'v', precision }
        const found = mergedResult('approxDistinct', options, { rows, cuts: [], places: [0] }) as number
        const again = mergedResult('approxDistinct', options, {
          rows: [...rows, ...rows].reverse(),
          cuts: [0.1, 0.2, 0.9],
          places: [2, 0, 3, 1],
        })
        assert.is(again, found)
        off.push((found - count) / count / error)
        if (count <= 2 ** precision / 16) assert.is(found, count)
      }
    }
    assert.ok(Math.max(...off.map(Math.abs)) < 3.5, `${precision}: ${off.join(' ')}`)
  }
})

test('the estimates of many sketches have the standard error that is stated, and lean to neither side', () => {
  const off: number[] = []
  for (let sketch = 0; sketch < 300; sketch++) {
    const rows = Array.from({ length: 1000 }, (_, i): Row => ({ v: sketch * 1000 + i }))
    off.push((mergedResult('approxDistinct', { field: 'v', precision: 6 }, { rows, cuts: [], places: [0] }) as number) / 1000 - 1)
  }
  const error = 1.04 / Math.sqrt(64)
  const spreadOf = Math.sqrt(sumOf(off.map(each => each ** 2)) / off.length)
  assert.ok(spreadOf < 1.2 * error && spreadOf > 0.7 * error, `${spreadOf} and ${error}`)
  assert.ok(Math.abs(meanOf(off)) < (3 * error) / Math.sqrt(300))
})

test('approxTop keeps its bounds on skewed values, in any order, merged or not, across restarts', () => {
  const property = fc.property(fc.integer({ min: 1, max: 1 << 30 }), fc.constantFrom(10, 40), (seed, counters) => {
    let state = seed
    const next = (): number => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32
    const rows = Array.from({ length: 3000 }, (): Row => ({ v: `value ${Math.floor(1 / (next() + 0.001))}` }))
    const truth = new Map(counted(rows).map(({ value, count }) => [value, count]))
    for (const [cuts, places] of [
      [[], [0]],
      [
        [0.2, 0.3, 0.8],
        [1, 3, 0, 2],
      ],
    ] as const) {
      const found = mergedResult('approxTop', { field: 'v', k: counters, counters }, { rows, cuts, places }) as Frequent[]
      const most = rows.length / counters
      for (const { value, count, error } of found) {
        const real = truth.get(value) ?? 0
        assert.ok(count >= real && count - error <= real && error <= most, `${String(value)}: ${count} ± ${error}, is ${real}`)
      }
      for (const [value, real] of truth)
        if (real > most)
          assert.ok(
            found.some(each => each.value === value),
            `${String(value)} came ${real} times`,
          )
    }
  })
  fc.assert(property, { seed: 4, numRuns: 20 })
})

test('values that came and went do not pile up: texts by many cells one after another', () => {
  for (const name of ['countDistinct', 'mode', 'approxTop']) {
    const cells = opened(name, { field: 'v' })
    for (let round = 0; round < 30; round++) {
      const list = Array.from({ length: 4000 }, (_, i): Row => ({ v: `round ${round} ${i % 3999}` }))
      take(cells, 0, list)
      take(cells, 1, [{ v: `kept ${round % 7}` }, { v: `kept ${round % 3}` }])
      if (name === 'countDistinct') assert.is(cells.result(0), 3999)
      if (name === 'mode') assert.is(cells.result(0), `round ${round} 0`)
      cells.reset(0)
    }
    const kept = cells.result(1)
    if (name === 'countDistinct') assert.is(kept, 7)
    else assert.is(name === 'mode' ? kept : (kept as Frequent[])[0]?.value, 'kept 0')
  }
})

test.run()
