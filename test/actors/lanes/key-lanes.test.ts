/** Equal keys go to one lane, in whatever columns they come: it is the lane that is asked for the rows of a key when they are read back. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KeyLanes, laneOfKey } from '../../../actors/lanes/key-lanes.ts'
import { columnOf, valueAt } from '../../../operators/columns.ts'
import type { Column, Page } from '../../../operators/flow.ts'
import { aliveRows, columnNamed } from '../../../operators/page.ts'

const value = fc.constantFrom<unknown>(null, 0, -0, 1, -1, 0.5, 1e21, 7, '7', '', 'a', 'é', '\u{1f6eb}', true, false, 7n, [1, 'a'], {
  a: [1],
})

/** The same values in each kind of column that can hold them. */
function columnsFor(values: readonly unknown[]): Column[] {
  const all: Column[] = [{ kind: 'value', values }, columnOf(values)]
  if (values.every(one => one === null || typeof one === 'string')) {
    const texts = values as readonly (string | null)[]
    const start = texts.map((_, at) => texts.slice(0, at).reduce((sum, text) => sum + (text ?? '').length, 0))
    const length = Int32Array.from(texts, text => (text === null ? -1 : text.length))
    all.push({ kind: 'slice', pool: texts.join(''), start: Int32Array.from(start), length })
    const dictionary = ['unused', ...new Set(texts.filter(text => text !== null))]
    all.push({ kind: 'text', codes: Int32Array.from(texts, text => (text === null ? -1 : dictionary.indexOf(text, 1))), dictionary })
  }
  return all
}

function pageOf(columns: readonly (readonly [string, Column])[], count: number, selection?: Int32Array): Page {
  const order = new Float64Array(count)
  return { kind: 'page', port: 'main', input: 0, count, order, columns: new Map(columns), ...(selection && { selection }) }
}

const values = fc.oneof(
  fc.array(value, { maxLength: 20 }),
  fc.array(fc.constantFrom(null, '', 'a', 'é', '7'), { maxLength: 20 }),
  fc.array(fc.constantFrom(null, 0, -0, 7, NaN, Infinity), { maxLength: 20 }),
)

test('each row alive is in the lane of its key, in whatever column that is', () => {
  const property = fc.property(values, fc.integer({ min: 1, max: 9 }), fc.infiniteStream(fc.boolean()), (own, lanes, chance) => {
    const selection = Int32Array.from(own.keys()).filter(() => chance.next().value as boolean)
    for (const column of columnsFor(own))
      for (const fields of [['k'], ['k', 'k'], ['k', 'none']]) {
        const page = pageOf([['k', column]], own.length, selection)
        const split = new KeyLanes(fields, lanes).split(page)
        assert.is(split.length, lanes)
        const found = split.flatMap((rows, lane) => Array.from(rows ?? [], row => [row, lane] as const)).sort(([a], [b]) => a - b)
        const keyAt = (row: number): unknown[] => fields.map(name => valueAt(columnNamed(page, name), row))
        assert.equal(
          found,
          Array.from(aliveRows(page), row => [row, laneOfKey(keyAt(row), lanes)] as const),
        )
        for (const rows of split)
          assert.equal(
            [...(rows ?? [])],
            [...(rows ?? [])].sort((a, b) => a - b),
            'rising',
          )
      }
  })
  fc.assert(property, { seed: 4, numRuns: 400 })
})

test('a dictionary that grows behind a page is known on the next', () => {
  const lanes = new KeyLanes(['k'], 5)
  const dictionary: string[] = []
  for (let i = 0; i < 40; i++) {
    dictionary.push(`key ${i}`)
    const split = lanes.split(pageOf([['k', { kind: 'text', codes: Int32Array.of(i), dictionary }]], 1))
    assert.is(split.findIndex(rows => rows !== undefined), laneOfKey([`key ${i}`], 5)) // prettier-ignore
  }
})

test('keys are spread evenly, also those that are numbered', () => {
  for (const keyAt of [(i: number): unknown => i, (i: number): unknown => 1000 * i, (i: number): unknown => `user-${i}`]) {
    const counts = new Array<number>(4).fill(0)
    for (let i = 0; i < 10_000; i++) (counts[laneOfKey([keyAt(i)], 4)] as number)++
    for (const count of counts) assert.ok(count > 2_200 && count < 2_800, `${count} of 10,000 keys are in one of four lanes`)
  }
})

test.run()
