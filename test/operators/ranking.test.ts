/** Rankings against a sort: which rows are kept, in which order, of which columns; saved and read back, also as earlier versions wrote them. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ByteReader, ByteWriter } from '../../operators/aggregates/bytes.ts'
import type { Page, Row } from '../../operators/flow.ts'
import { exactText } from '../../operators/keyed/exact.ts'
import { compareValues, orderColumns, type RankedCells, Ranking } from '../../operators/keyed/ranking.ts'
import { columnsOf } from '../../operators/page.ts'

const value = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.constantFrom('a', 'b', 'é', null, true, NaN, -0),
  fc.array(fc.nat(2), { maxLength: 2 }),
)
const rowsOf = fc.array(fc.record({ a: value, b: value, c: fc.nat() }), { minLength: 1, maxLength: 40 })
const orderOf = fc.constantFrom(['a'], ['-a'], ['a', '-b'], ['-b', 'a', '-c'])

function pageOf(rows: readonly Row[]): Page {
  const order = Float64Array.from(rows, (_, index) => index)
  return { kind: 'page', port: 'main', input: 0, count: rows.length, columns: columnsOf(rows), order, eventTime: order, watermark: order }
}

function ranked(ranking: Ranking, rows: readonly Row[]): RankedCells {
  const best: RankedCells = []
  ranking.look(pageOf(rows))
  for (let row = 0; row < rows.length; row++) ranking.take(best, row)
  return best
}

function sorted(rows: readonly Row[], order: readonly string[], n: number): Row[] {
  return rows
    .toSorted((left, right) => {
      for (const { name, falls } of orderColumns(order)) {
        const [one, other] = [left[name] ?? null, right[name] ?? null]
        if (one === null && other === null) continue
        if (one === null || other === null) return one === null ? 1 : -1
        const compared = compareValues(one, other)
        if (compared !== 0) return falls ? -compared : compared
      }
      return 0
    })
    .slice(0, n)
}

const shown = (ranking: Ranking, best: RankedCells): unknown[][] =>
  Array.from({ length: ranking.count(best) }, (_, rank) => best.slice(rank * ranking.width, (rank + 1) * ranking.width))

function saved(ranking: Ranking, best: RankedCells): Uint8Array {
  const writer = new ByteWriter()
  ranking.write(best, writer)
  return writer.take()
}

test('keeps the best rows in their order, and gives them back as they were saved', () => {
  fc.assert(
    fc.property(rowsOf, orderOf, fc.integer({ min: 1, max: 5 }), fc.boolean(), (rows, order, n, isTimed) => {
      const ranking = new Ranking({ n, order: orderColumns(order), kept: ['c', 'a', 'missing'], isTimed })
      const best = ranked(ranking, rows)
      const expected = sorted(rows, order, n).map(row => [
        ...ranking.names.map(name => row[name as 'a'] ?? null),
        ...(isTimed ? [rows.indexOf(row as never), rows.indexOf(row as never)] : []),
      ])
      assert.equal(exactText(shown(ranking, best)), exactText(expected))
      assert.equal(exactText(ranking.read(new ByteReader(saved(ranking, best)))), exactText(best))
    }),
  )
})

test('whole rows are kept where all columns are wanted', () => {
  const ranking = new Ranking({ n: 2, order: orderColumns(['-a']), kept: ['*'], isTimed: false })
  const best = ranked(ranking, [{ a: 1 }, { a: 3, b: 'x' }, { a: 2, c: [1] }])
  assert.equal([ranking.rowOf(best, 0), ranking.rowOf(best, 1)], [{ a: 3, b: 'x' }, { a: 2, c: [1] }]) // prettier-ignore
})

test('what was kept with other columns, or written by an earlier version, is read as far as it goes', () => {
  const order = orderColumns(['a'])
  const [now, whole] = [['a', 'c'], ['*']].map(kept => new Ranking({ n: 3, order, kept, isTimed: true })) as [Ranking, Ranking]
  const before = new Ranking({ n: 3, order, kept: ['a', 'b'], isTimed: true })
  const rows = [{ a: 1, b: 'x', c: 7 }, { a: 2, b: 'y', c: 8 }] // prettier-ignore
  assert.equal(shown(now, now.read(new ByteReader(saved(before, ranked(before, rows))))), [[1, null, 0, 0], [2, null, 1, 1]]) // prettier-ignore
  const fromWhole = now.read(new ByteReader(saved(whole, ranked(whole, rows))))
  assert.equal(shown(now, fromWhole), [[1, 7, 0, 0], [2, 8, 1, 1]]) // prettier-ignore
  const writer = new ByteWriter()
  writer.text(exactText(rows.map((row, index) => ({ values: [row.a], text: exactText(row), stamps: [index, index] }))))
  const bytes = writer.take()
  assert.equal(now.read(new ByteReader(bytes)), fromWhole)
  assert.equal(whole.rowOf(whole.read(new ByteReader(bytes)), 1), rows[1])
})

test.run()
