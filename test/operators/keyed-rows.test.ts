/** State by key: what is written at barriers, what comes back, and that memory follows the keys that have a value. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { exactText, exactValue, settled } from '../../operators/keyed/exact.ts'
import { KeyedRows, numberFormat } from '../../operators/keyed/keyed-rows.ts'
import { aliveRows, pageOf } from '../../operators/page.ts'
import type { Page, Row } from '../../operators/flow.ts'
import { MemoryState } from '../contract/operator-run.ts'
import { contextWith } from './keyed-inputs.ts'

const pageWith = (rows: readonly Row[], key?: readonly string[]): Page =>
  pageOf(rows, { order: Float64Array.from(rows.keys()), ...(key && { key }) })

const open = (state: MemoryState, by?: readonly string[], meaning: Record<string, unknown> = {}): KeyedRows<number> =>
  new KeyedRows(contextWith(state), { by, meaning, format: numberFormat })

const idOf = (rows: KeyedRows<number>, row: Row): number => {
  const page = pageWith([row])
  return rows.idsOf(page, aliveRows(page))[0] as number
}

const isIncompatible = (error: unknown): boolean => isEventStoreError(error, 'INCOMPATIBLE')

test('any value comes back as it was', () => {
  const values = fc.anything({ withBigInt: true, withDate: true, withTypedArray: false, withNullPrototype: false, withObjectString: false })
  fc.assert(
    fc.property(values, value => {
      const text = exactText(value)
      assert.is(exactText(exactValue(text)), text)
      assert.is(exactText(settled(value)), text)
    }),
    { seed: 4, numRuns: 300 },
  )
  for (const value of [
    NaN,
    Infinity,
    -Infinity,
    -0,
    5n,
    { $: ['number', 'NaN'] },
    { $: 1, a: { $: 2 } },
    Uint8Array.of(0, 255),
    '\ud800',
  ]) {
    assert.equal(exactValue(exactText(value)), value)
    assert.ok(Object.is(typeof exactValue(exactText(value)), typeof value))
  }
  assert.ok(Object.is(exactValue(exactText(-0)), -0))
  assert.is(Object.hasOwn(exactValue(exactText(JSON.parse('{"__proto__":1}'))) as object, '__proto__'), true)
})

test('keys of all kinds stay apart, also after a restart', () => {
  const keys = [null, 1, '1', NaN, 'NaN', Infinity, true, 'true', '', '\ud800', '\ufffd', [1], '[1]', { a: 1 }, 10n, '10']
  const state = new MemoryState()
  const before = open(state, ['key', 'more'])
  for (const [value, key] of keys.entries()) before.put(idOf(before, { key, more: 'x' }), value)
  before.save()
  const after = open(state, ['key', 'more'])
  for (const [value, key] of keys.entries()) assert.is(after.get(idOf(after, { key, more: 'x' })), value, String(value))
  assert.is(after.get(idOf(after, { key: 1, more: 'y' })), undefined)
  assert.is(after.size, keys.length)
})

test('only what changed is written, and what was deleted is gone', () => {
  const state = new MemoryState()
  const rows = open(state, ['key'])
  for (const key of ['a', 'b', 'c']) rows.put(idOf(rows, { key }), 1)
  rows.save()
  const first = state.puts
  rows.put(idOf(rows, { key: 'a' }), 2)
  rows.put(idOf(rows, { key: 'a' }), 3)
  rows.delete(idOf(rows, { key: 'b' }))
  rows.put(idOf(rows, { key: 'd' }), 4)
  rows.delete(idOf(rows, { key: 'd' }))
  rows.save()
  assert.is(state.puts - first, 1)
  rows.save()
  assert.is(state.puts - first, 1)
  rows.put(idOf(rows, { key: 'b' }), 5)
  rows.save()
  const values = Array.from(open(state, ['key']).entries(), ([, value]) => value)
  assert.equal(
    values.sort((a, b) => a - b),
    [1, 3, 5],
  )
})

test('rows kept by other columns, or with another meaning, are refused', () => {
  const state = new MemoryState()
  const rows = open(state, ['key'], { of: ['a'] })
  rows.put(idOf(rows, { key: 1 }), 1)
  rows.save()
  assert.throws(() => open(state, ['other'], { of: ['a'] }), isIncompatible)
  assert.throws(() => open(state, ['key'], { of: ['b'] }), isIncompatible)
  const later = open(state, undefined, { of: ['a'] })
  assert.throws(() => later.idsOf(pageWith([{ key: 1 }], ['other']), Int32Array.of(0)), isIncompatible)
  const fits = later.idsOf(pageWith([{ key: 1 }], ['key']), Int32Array.of(0))
  assert.is(later.get(fits[0] as number), 1)
})

test('numbers of keys are given anew when most keys are gone, and nothing else changes', () => {
  const state = new MemoryState()
  const rows = open(state, ['key', 'more'])
  const count = 70_000
  const page = pageWith(Array.from({ length: count }, (_, key) => ({ key, more: key % 7 })))
  const ids = Int32Array.from(rows.idsOf(page, aliveRows(page)))
  for (const [key, id] of ids.entries()) rows.put(id, key)
  rows.save()
  for (const [key, id] of ids.entries()) if (key % 10 !== 0) rows.delete(id)
  rows.put(ids[30] as number, -30)
  rows.trim()
  assert.is(rows.size, count / 10)
  assert.is(idOf(rows, { key: 'new', more: 0 }), count / 10)
  for (const key of [0, 10, 69_990]) assert.is(rows.get(idOf(rows, { key, more: key % 7 })), key)
  assert.is(rows.get(idOf(rows, { key: 1, more: 1 })), undefined)
  const puts = state.puts
  rows.save()
  assert.is(state.puts - puts, 1)
  assert.is(open(state, ['key', 'more']).size, count / 10)
  assert.is(rows.get(idOf(rows, { key: 30, more: 2 })), -30)
})

test.run()
