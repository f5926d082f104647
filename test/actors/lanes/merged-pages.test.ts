/** What lanes send back stands in the order in which one lane would have sent it: against sorting all rows. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { MergedPages } from '../../../actors/lanes/merged-pages.ts'
import { columnOf, valueAt } from '../../../operators/columns.ts'
import type { Flow, Page } from '../../../operators/flow.ts'
import { aliveRows, columnNamed } from '../../../operators/page.ts'
import { compareKeys } from '../../../operators/windows/window-keys.ts'

/** Rows by what tells them apart, and whether time made them. */
interface Made {
  readonly order: number
  readonly rank: number
  readonly isTimely: boolean
  readonly time: number
  readonly key: string
  readonly lane: number
}

const made: fc.Arbitrary<Made[]> = fc.array(
  fc.record({
    order: fc.integer({ min: 0, max: 5 }),
    rank: fc.integer({ min: 0, max: 5 }),
    isTimely: fc.boolean(),
    time: fc.constantFrom(-Infinity, 0, 1, Infinity),
    key: fc.constantFrom('a', 'b', '\u{1f6eb}', '\ufffd'),
    lane: fc.integer({ min: 0, max: 2 }),
  }),
  { maxLength: 40 },
)

/** By order; those that rows made by rank, then those that time made by time and key. */
function compare(a: Made, b: Made): number {
  if (a.order !== b.order) return a.order - b.order
  if (a.isTimely !== b.isTimely) return a.isTimely ? 1 : -1
  if (!a.isTimely) return a.rank - b.rank
  return (a.time === b.time ? 0 : a.time < b.time ? -1 : 1) || compareKeys([a.key], [b.key])
}

/** Rows made by time share no page with others, as steps have it; every third page has no text column, and every second a dead row. */
function pagesOf(rows: readonly Made[], size: number): Page[] {
  const pages: Page[] = []
  for (let start = 0; start < rows.length;) {
    const { isTimely } = rows[start] as Made
    let end = start
    while (end < rows.length && end < start + size && rows[end]?.isTimely === isTimely) end++
    const own = rows.slice(start, end)
    const dead = pages.length % 2 === 0 ? [] : own.slice(0, 1)
    const all = [...dead, ...own]
    const floats = (of: (one: Made) => number): Float64Array => Float64Array.from(all, of)
    const texts = columnOf(all.map(({ key }) => key))
    pages.push({
      kind: 'page',
      port: 'main',
      input: 0,
      count: all.length,
      ...(dead.length > 0 && { selection: Int32Array.from(own.keys(), row => row + 1) }),
      order: floats(({ order }) => order),
      columns: new Map([
        ['time', { kind: 'number', values: floats(({ time }) => time) }],
        ...(pages.length % 3 === 2 ? [] : [['key', texts] as const]),
      ]),
      ...(isTimely ? { tie: { time: floats(({ time }) => time), key: [texts] } } : { rank: floats(({ rank }) => rank) }),
      ...(isTimely && { eventTime: floats(({ time }) => time), watermark: floats(() => 7) }),
    })
    start = end
  }
  return pages
}

const shown = (page: Page): unknown[] =>
  Array.from(aliveRows(page), row => {
    const [time, key] = ['time', 'key'].map(name => valueAt(columnNamed(page, name), row))
    return [page.order[row], time, key, page.eventTime?.[row], page.watermark?.[row]]
  })

test('rows stand where one lane would have put them, whatever the pages are, and control behind them', () => {
  const sizes = fc.tuple(fc.constantFrom(1, 2, 100), fc.constantFrom(1, 3, 100), fc.constantFrom(2, 100))
  const property = fc.property(made, sizes, (rows, pageSizes) => {
    // Rows that nothing tells apart come from one lane.
    const seen = new Map<string, number>()
    const one = rows.map(row => {
      const { order, isTimely, rank, time, key } = row
      const name = JSON.stringify([order, isTimely, isTimely ? [String(time), key] : rank])
      seen.set(name, seen.get(name) ?? row.lane)
      return { ...row, lane: seen.get(name) as number }
    })
    const sorted = one.toSorted(compare)
    const barrier: Flow = { kind: 'barrier', epoch: 1 }
    const lanes = pageSizes.map((size, lane) => [...pagesOf(sorted.filter(row => row.lane === lane), size), barrier]) // prettier-ignore
    const merged: Flow[] = []
    new MergedPages().merge(lanes, flow => merged.push(flow))
    assert.is(merged.at(-1), barrier)
    const pages = merged.slice(0, -1) as Page[]
    assert.ok(pages.every(({ rank, tie }) => rank === undefined && tie === undefined))
    const whole = lanes.flat().flatMap(flow => (flow.kind === 'page' ? shown(flow) : []))
    const wanted = sorted.map(({ order, time, isTimely }) => [order, time, isTimely ? time : undefined, isTimely ? 7 : undefined])
    const found = pages.flatMap(shown) as unknown[][]
    assert.equal(found.map(([order, time, , ...stamps]) => [order, time, ...stamps]), wanted) // prettier-ignore
    const byText = (a: unknown, b: unknown): number => (String(a) < String(b) ? -1 : 1)
    assert.equal(found.toSorted(byText), whole.toSorted(byText), 'columns stay with their rows')
  })
  fc.assert(property, { seed: 4, numRuns: 600 })
})

test('control that came from one lane alone is a mistake of the lanes', () => {
  assert.throws(() => new MergedPages().merge([[{ kind: 'barrier', epoch: 1 }], []], () => undefined))
})

test.run()
