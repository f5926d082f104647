/** The layout of the state database: epochs go in whole, prefixes list what they should, a drop leaves the others alone. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EpochBytes, applyEpoch } from '../../store/epoch-bytes.ts'
import { openMemory } from '../../store/memory.ts'
import { encodeRowKey } from '../../store/row-key.ts'
import {
  dropTopology,
  encodeTopologyRow,
  outboxNumber,
  outboxPrefix,
  projectionPrefix,
  readProjection,
  readProjectionRow,
  readTopologyRow,
  readTopologyRows,
  scanPrefix,
  type StateColumn,
  type StateStore,
  stepPrefix,
  topologyKey,
  type TopologyRow,
} from '../../store/state.ts'

const open = (): StateStore => openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } })
const NO_KEY = new Uint8Array(0)

function rowOf(projections: string[]): TopologyRow {
  return {
    deployment: 1,
    status: 'running',
    epoch: 1,
    place: null,
    rows: 0,
    sequences: {},
    lanes: {},
    outbox: 0,
    projections,
    counters: {},
  }
}

function write(store: StateStore, fill: (epoch: EpochBytes) => void): void {
  const epoch = new EpochBytes()
  fill(epoch)
  const batch = store.batch()
  applyEpoch(epoch.take(), batch)
  store.write(batch, { sync: true })
}

const keysOf = (store: StateStore, prefix: Uint8Array): string[] =>
  [...scanPrefix(store, 'state', prefix)].map(([key]) => Buffer.from(key).toString())

test('keeps topologies, steps and schema versions apart, names that begin alike included', () => {
  const store = open()
  write(store, epoch => {
    for (const [topology, step, version, key] of [
      ['a', 'b', 1, 'x'],
      ['a', 'b', 2, 'y'],
      ['a', 'bc', 1, 'z'],
      ['ab', 'b', 1, 'v'],
      ['a', 'b', 1, 'w'],
    ] as const)
      // prettier-ignore
      epoch.put('state', stepPrefix(topology, step, version), Buffer.from(key), Buffer.from('1'))
  })
  assert.equal(keysOf(store, stepPrefix('a', 'b', 1)), ['w', 'x'])
  assert.equal(keysOf(store, stepPrefix('a', 'b', 2)), ['y'])
  assert.equal(keysOf(store, stepPrefix('ab', 'b', 1)), ['v'])
  assert.equal(keysOf(store, stepPrefix('a', '', 1)), [])
})

test('the last change of a key in an epoch stays', () => {
  const store = open()
  const prefix = stepPrefix('t', 's', 1)
  write(store, epoch => {
    epoch.put('state', prefix, Buffer.from('k'), Buffer.from('1'))
    epoch.delete('state', prefix, Buffer.from('k'))
    epoch.put('state', prefix, Buffer.from('l'), Buffer.from('1'))
    epoch.put('state', prefix, Buffer.from('l'), Buffer.from('2'))
    epoch.put('state', prefix, Buffer.from('empty'), NO_KEY)
  })
  const rows = [...scanPrefix(store, 'state', prefix)].map(pair => pair.map(bytes => Buffer.from(bytes).toString()))
  assert.equal(rows, [['empty', ''], ['l', '2']]) // prettier-ignore
})

test('an epoch larger than its buffer holds all of it, and taking it leaves nothing', () => {
  const epoch = new EpochBytes()
  const prefix = stepPrefix('t', 's', 1)
  const value = Buffer.alloc(50_000, 7)
  for (let i = 0; i < 50; i++) epoch.put('state', prefix, Buffer.from([i]), value)
  const store = open()
  const batch = store.batch()
  applyEpoch(epoch.take(), batch)
  assert.is(epoch.length, 0)
  assert.is(epoch.take().length, 0)
  store.write(batch, { sync: true })
  const rows = [...scanPrefix(store, 'state', prefix)]
  assert.is(rows.length, 50)
  assert.ok(rows.every(([, stored]) => Buffer.compare(stored, value) === 0))
})

test('lists a projection by prefix and after a key', () => {
  const store = open()
  const keys = [['a', 1], ['a', 2], ['a\0', 1], ['ab', 1], ['b', -1], ['b', 10], ['b', 9]] // prettier-ignore
  write(store, epoch => {
    for (const key of keys) epoch.put('state', projectionPrefix('p'), encodeRowKey(key), Buffer.from(JSON.stringify(key)))
    epoch.put('state', projectionPrefix('pp'), encodeRowKey(['a', 3]), Buffer.from('0'))
  })
  const list = (range?: object): unknown[] =>
    [...readProjection(store, 'p', range)].map(({ key, text }) => (assert.equal(JSON.parse(text), key), key))
  assert.equal(list(), [['a', 1], ['a', 2], ['a\0', 1], ['ab', 1], ['b', -1], ['b', 9], ['b', 10]]) // prettier-ignore
  assert.equal(list({ prefix: ['a'] }), [['a', 1], ['a', 2]]) // prettier-ignore
  assert.equal(list({ prefix: ['b'], after: ['b', -1] }), [['b', 9], ['b', 10]]) // prettier-ignore
  assert.equal(list({ after: ['ab', 1] }), [['b', -1], ['b', 9], ['b', 10]]) // prettier-ignore
  assert.equal(list({ prefix: ['b'], after: ['a', 1] }), [['b', -1], ['b', 9], ['b', 10]]) // prettier-ignore
  assert.equal(list({ after: ['c'] }), [])
  assert.is(readProjectionRow(store, 'p', ['b', 9]), '["b",9]')
  assert.is(readProjectionRow(store, 'p', ['b']), undefined)
})

test('a drop takes what is the topology’s, and only that', () => {
  const store = open()
  const fill = (topology: string, projection: string): void =>
    write(store, epoch => {
      epoch.put('state', stepPrefix(topology, 's', 1), Buffer.from('k'), Buffer.from('1'))
      epoch.put('state', outboxPrefix(topology), outboxNumber(300), Buffer.from('1'))
      epoch.put('state', projectionPrefix(projection), encodeRowKey([1]), Buffer.from('1'))
      epoch.put('meta', topologyKey(topology), NO_KEY, encodeTopologyRow(rowOf([projection])))
    })
  fill('one', 'p')
  fill('oneself', 'pq')
  assert.equal([...readTopologyRows(store).keys()], ['one', 'oneself'])
  dropTopology(store, 'one')
  assert.is(readTopologyRow(store, 'one'), undefined)
  assert.equal([...readTopologyRows(store)], [['oneself', rowOf(['pq'])]])
  assert.is(readProjectionRow(store, 'p', [1]), undefined)
  assert.is(readProjectionRow(store, 'pq', [1]), '1')
  assert.equal(keysOf(store, stepPrefix('oneself', 's', 1)), ['k'])
  assert.is(keysOf(store, outboxPrefix('oneself')).length, 1)
  assert.is(keysOf(store, outboxPrefix('one')).length, 0)
  dropTopology(store, 'never-was')
})

test('rows of the outbox sort by their numbers', () => {
  const numbers = [1, 2, 255, 256, 70_000, 2 ** 40]
  const keys = numbers.map(outboxNumber)
  assert.equal(
    keys.toSorted((a, b) => Buffer.compare(a, b)),
    keys,
  )
})

test.run()
