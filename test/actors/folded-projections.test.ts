/** Rows that are folded: what shows, where it shows, who is told, and what an epoch changes in an index. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { HotRows } from '../../actors/hot-rows.ts'
import { indexChanges } from '../../actors/index-changes.ts'
import { FoldedProjections, rowKeyText } from '../../actors/projection.ts'
import { makeSlab } from '../../store/hot/layout.ts'
import { SlabReader } from '../../store/hot/slab-reader.ts'
import { openMemory } from '../../store/memory.ts'
import { encodeRowKey, RowKey } from '../../store/row-key.ts'
import { indexKey, indexValue, readIndexed } from '../../store/state-index.ts'
import { joinBytes, projectionPrefix, type StateColumn } from '../../store/state.ts'

test('rows show when their page has gone all the way, deleted ones too; who watches is told once a key', () => {
  const slab = makeSlab(1024 * 1024)
  const reader = new SlabReader(slab)
  const told: (readonly [string, readonly string[]])[] = []
  const hot = new HotRows({ totals: slab }, { epoch: 7, place: { stamp: 5, partition: 1, sequence: 2 } })
  const folded = new FoldedProjections(hot, 7, { has: name => name === 'totals', changed: (name, keys) => void told.push([name, keys]) })
  const look = (key: string): string => reader.look(new RowKey().set([key]))
  folded.put('totals', ['a'], { n: 1 })
  folded.put('totals', ['a'], { n: 2 })
  folded.put('others', ['b'], 3)
  assert.equal([look('a'), reader.place], ['absent', { stamp: 5, partition: 1, sequence: 2 }])
  folded.show({ stamp: 9, partition: 0, sequence: 4 })
  assert.equal([look('a'), reader.text, reader.isDurable, reader.place?.stamp], ['found', '{"n":2}', false, 9])
  assert.equal(told, [['totals', [rowKeyText(['a'])]]])
  folded.seal(8)
  folded.delete('totals', ['a'])
  folded.written(8)
  assert.equal([look('a'), reader.isDurable], ['found', true])
  folded.show(null)
  assert.equal([look('a'), reader.isDurable, reader.place], ['deleted', false, null])
  assert.is(folded.get('totals', ['a'])?.text, undefined)
  folded.seal(9)
  folded.written(9)
  assert.equal([look('a'), reader.isDurable, folded.list('totals')], ['deleted', true, []])
  folded.close()
  assert.equal([look('a'), folded.isClosed], ['closed', true])
})

test('an index follows its rows: new, changed, the same, deleted', () => {
  const store = openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } })
  const indexed = { store, projection: 'orders', fields: ['status'] }
  const write = (rows: Record<string, unknown>): number => {
    const batch = store.batch()
    const folded = new Map(
      Object.entries(rows).map(([id, value]) => [
        rowKeyText([id]),
        { key: [id], text: value === null ? undefined : JSON.stringify(value) },
      ]),
    )
    for (const { isDeleted, key } of indexChanges(indexed, folded)) {
      if (isDeleted) batch.delete('state', key)
      else batch.put('state', key, new Uint8Array(0))
    }
    const changes = batch.length
    for (const { key, text } of folded.values()) {
      const stored = joinBytes(projectionPrefix('orders'), encodeRowKey(key))
      if (text === undefined) batch.delete('state', stored)
      else batch.put('state', stored, Buffer.from(text))
    }
    store.write(batch, { sync: false })
    return changes
  }
  const idsOf = (status: unknown): unknown[] =>
    Array.from(readIndexed(store, 'orders', { field: 'status', value: indexValue({ status }, 'status') }), ({ key }) => key[0])
  assert.is(write({ a: { status: 'open' }, b: { status: 'open' }, c: {} }), 3)
  assert.equal([idsOf('open'), idsOf(null), idsOf('paid')], [['a', 'b'], ['c'], []])
  assert.is(write({ a: { status: 'paid' }, b: { status: 'open', note: 1 }, d: null }), 2)
  assert.equal([idsOf('open'), idsOf('paid')], [['b'], ['a']])
  assert.is(write({ a: null, b: null, c: null }), 3)
  assert.equal([idsOf('open'), idsOf('paid'), idsOf(null)], [[], [], []])
  const key = indexKey('orders', 'status', { value: indexValue({ status: 'open' }, 'status'), key: encodeRowKey(['b']) })
  assert.is(store.get('state', key), undefined)
})

test.run()
