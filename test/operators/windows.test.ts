/** Keys of windows: numbers for them and back, their order, and that numbers of keys long gone are given up. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { columnOf, TextDictionary } from '../../operators/columns.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Column, Page, Row } from '../../operators/flow.ts'
import { firstRows, pageOf, rowsOf } from '../../operators/page.ts'
import type { StepContext } from '../../operators/operator.ts'
import { AlignedWindows } from '../../operators/windows/window-aligned.ts'
import { CountWindows } from '../../operators/windows/window-counts.ts'
import { TimeHeap } from '../../operators/windows/window-heap.ts'
import { CellTable, PairIds } from '../../operators/windows/window-hash.ts'
import { compareKeys, compareTexts, KeyIds } from '../../operators/windows/window-keys.ts'
import { RefiringWindows } from '../../operators/windows/window-refiring.ts'
import { Sessions } from '../../operators/windows/window-sessions.ts'
import { MemoryState } from '../contract/operator-run.ts'

const value = fc.oneof(
  fc.constantFrom(null, true, false, 0, -0, 1, 1.5, -7, 1e300, '1', '', 'a', 'é'),
  fc.constant({ a: 1 }),
  fc.constant([1]),
)

test('equal keys have one number, others have others, and numbers lead back', () => {
  const property = fc.property(fc.array(fc.tuple(value, value), { maxLength: 30 }), fc.constantFrom(1, 4, 100), (keys, pageRows) => {
    const ids = new KeyIds(['a', 'b'])
    const known = new Map<string, number>()
    for (let from = 0; from < keys.length; from += pageRows) {
      const some = keys.slice(from, from + pageRows)
      const page = pageOf(
        some.map(([a, b]) => ({ a, b })),
        { order: new Float64Array(some.length) },
      )
      const numbers = ids.idsOf(page, firstRows(some.length))
      for (const [i, key] of some.entries()) {
        const name = JSON.stringify(key)
        const number = numbers[i] as number
        assert.is(known.get(name) ?? number, number)
        assert.is(ids.idOf(key), number)
        assert.is(JSON.stringify(ids.keyOf(number)), name)
        known.set(name, number)
      }
    }
    assert.is(new Set(known.values()).size, known.size)
    assert.ok(ids.size >= known.size)
  })
  fc.assert(property, { seed: 4, numRuns: 200 })
})

test('a dictionary that grows, and another one, mean the same texts', () => {
  const ids = new KeyIds(['k'])
  const dictionary = new TextDictionary()
  const numbersOf = (texts: readonly string[], own?: TextDictionary): number[] => {
    const column: Column = columnOf(texts, own)
    const page: Page = {
      kind: 'page',
      port: 'main',
      input: 0,
      count: texts.length,
      order: new Float64Array(texts.length),
      columns: new Map([['k', column]]),
    }
    return Array.from(ids.idsOf(page, firstRows(texts.length)).subarray(0, texts.length))
  }
  const many = Array.from({ length: 100 }, (_, i) => `t${i}`)
  assert.equal(numbersOf(['t1', 't0'], dictionary), [0, 1])
  assert.equal(numbersOf(many, dictionary).slice(0, 3), [1, 0, 2])
  assert.equal(numbersOf(many.toReversed()).toReversed(), numbersOf(many, dictionary))
})

test('texts are ordered by code point', () => {
  const property = fc.property(fc.string({ unit: 'binary', maxLength: 4 }), fc.string({ unit: 'binary', maxLength: 4 }), (a, b) => {
    const points = (text: string): number[] => Array.from(text, one => one.codePointAt(0) as number)
    const [left, right] = [points(a), points(b)]
    const at = left.findIndex((point, i) => point !== right[i])
    const wanted = at < 0 ? left.length - right.length : (left[at] as number) - (right[at] ?? -1)
    assert.is(Math.sign(compareTexts(a, b)), Math.sign(wanted))
  })
  fc.assert(property, { seed: 4, numRuns: 500 })
  assert.ok(compareTexts('\u{1f6eb}', '\uffff') > 0)
})

test('keys are ordered by kind, then by value', () => {
  const sorted = [null, false, true, -1, 0, 2, 10, '', '10', '2', 'a', { a: 1 }]
  assert.equal(
    sorted
      .toReversed()
      .map(one => [one])
      .sort(compareKeys)
      .map(([one]) => one),
    sorted,
  )
})

test('hash tables keep what they are given', () => {
  const pairs = new PairIds()
  const table = new CellTable()
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 5000; i++) assert.is(pairs.idOf(i % 70, Math.floor(i / 70)), i)
  }
  for (let i = 0; i < 5000; i++) table.add(3 * i, i)
  for (let i = 0; i < 5000; i++) assert.is(table.find(3 * i), i)
  assert.is(table.find(1), -1)
})

test('numbers of keys long gone are given up, and the windows still open go on', () => {
  const state = new MemoryState()
  const context = { step: 'w', module: '', state, beforeCall: () => {} } as unknown as StepContext
  const windows = new AlignedWindows(context, { sizeMs: 10, offsetMs: 0, aggregate: { n: { aggregate: 'count' } } })
  const add = (at: number, from: number, count: number): void => {
    const time = new Float64Array(count).fill(at)
    const k = { kind: 'number', values: Float64Array.from({ length: count }, (_, i) => from + i) } as const
    windows.add(
      {
        kind: 'page',
        port: 'main',
        input: 0,
        count,
        order: time,
        eventTime: time,
        watermark: new Float64Array(count),
        key: ['k'],
        columns: new Map([['k', k]]),
      },
      () => {},
    )
  }
  const out: Page[] = []
  add(5, 0, 70_000)
  add(15, 69_990, 20)
  windows.advance(10, page => out.push(page))
  assert.is(
    out.reduce((sum, page) => sum + page.count, 0),
    70_000,
  )
  windows.save()
  assert.is(state.rowsByKey.size, 21)
  add(16, 69_995, 10)
  out.length = 0
  windows.advance(20, page => out.push(page))
  const [page] = out
  const numbers = (name: string): number[] => {
    const column = page?.columns.get(name)
    return column?.kind === 'number' ? Array.from(column.values) : []
  }
  assert.equal(
    numbers('k'),
    Array.from({ length: 20 }, (_, i) => 69_990 + i),
  )
  assert.equal(numbers('n'), [1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1])
  assert.is(state.rowsByKey.size, 1)
})

/** A page of rows with keys `from` and so on, that happened at a time. */
function pageAt(at: number, from: number, count: number): Page {
  const time = new Float64Array(count).fill(at)
  const k = { kind: 'number', values: Float64Array.from({ length: count }, (_, i) => from + i) } as const
  const columns = new Map([['k', k]])
  return { kind: 'page', port: 'main', input: 0, count, order: time, eventTime: time, watermark: new Float64Array(count), columns }
}

const rowsOfN = { n: { aggregate: 'count' } }
const contextOf = (state: MemoryState): StepContext =>
  ({ step: 'w', module: '', state, row: anyRow, beforeCall: () => {} }) as unknown as StepContext

test('sessions and counted windows go on when numbers of keys are given anew', () => {
  const options = { by: ['k'], aggregate: rowsOfN, emit: 'onClose' } as const
  const sessions = new Sessions(contextOf(new MemoryState()), { ...options, gapMs: 10, lateMs: 0, earlyMs: Infinity })
  const counts = new CountWindows(contextOf(new MemoryState()), { ...options, size: 2, every: 2 })
  const late = new RefiringWindows(contextOf(new MemoryState()), { ...options, sizeMs: 10, offsetMs: 0, lateMs: 5 })
  for (const [windows, until] of [
    [sessions, 20],
    [counts, 0],
    [late, 15],
  ] as const) {
    const results: Row[] = []
    const send = (page: Page): void => void results.push(...rowsOf(page))
    windows.add(pageAt(5, 0, 70_000), send)
    windows.add(pageAt(6, 0, 69_990), send)
    windows.add(pageAt(16, 69_990, 10), send)
    if (!(windows instanceof CountWindows)) windows.advance(until, send)
    assert.is(results.length, 70_000)
    windows.add(pageAt(17, 69_985, 10), send)
    if (!(windows instanceof CountWindows)) windows.advance(Infinity, send)
    const last = results
      .slice(70_000)
      .map(row => [row['k'] as number, row['n'] as number] as const)
      .sort(([a], [b]) => a - b)
    const found = Array.from({ length: 15 }, (_, i) => [69_985 + i, i >= 5 && i < 10 ? 2 : 1])
    assert.equal(last, windows instanceof CountWindows ? [] : found)
    if (windows instanceof CountWindows) {
      windows.add(pageAt(18, 69_985, 15), send)
      assert.equal(
        results.slice(70_000).map(row => [row['k'], row['n']]),
        Array.from({ length: 10 }, (_, i) => [69_985 + i, 2]),
      )
    }
  }
})

test('a heap gives the least first, whatever came between', () => {
  const property = fc.property(
    fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant('pop')), { maxLength: 200, size: 'max' }),
    steps => {
      const heap = new TimeHeap<number>()
      const sorted: number[] = []
      for (const step of steps) {
        if (typeof step === 'number') {
          heap.push(step, step)
          sorted.push(step)
          sorted.sort((a, b) => a - b)
        } else assert.is(heap.pop(), sorted.shift())
        assert.is(heap.time, sorted[0] ?? Infinity)
      }
    },
  )
  fc.assert(property, { seed: 4, numRuns: 100 })
})

test.run()
