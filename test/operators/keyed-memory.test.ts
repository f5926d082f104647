/** State by key in less memory than it takes: equal to a map, at any moment of barriers and restarts, and bounded. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { KeyedRows, numberFormat } from '../../operators/keyed/keyed-rows.ts'
import { exactText } from '../../operators/keyed/exact.ts'
import { StateMemory } from '../../operators/keyed/state-memory.ts'
import { aliveRows, pageOf } from '../../operators/page.ts'
import type { Page, Row } from '../../operators/flow.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'
import { MemoryState } from '../contract/operator-run.ts'
import { contextWith, keys } from './keyed-inputs.ts'

const pageWith = (rows: readonly Row[]): Page => pageOf(rows, { order: Float64Array.from(rows.keys()) })

interface World {
  readonly state: MemoryState
  readonly limit: number | undefined
}

const open = ({ state, limit }: World, isOver?: (value: number) => boolean): KeyedRows<number> =>
  new KeyedRows(contextWith(state, { memory: new StateMemory(limit) }), {
    by: ['key'],
    meaning: {},
    format: numberFormat,
    mayLeave: true,
    isOver,
  })

const command = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      does: fc.constantFrom('add' as const, 'remove' as const),
      keys: fc.array(keys, { minLength: 1, maxLength: 5 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ does: fc.constantFrom<'save' | 'restart' | 'list' | 'trim'>('save', 'restart', 'list', 'trim') }) },
)

test('is equal to a map', () => {
  const property = fc.property(fc.array(command, { maxLength: 60 }), fc.constantFrom(undefined, 1, 300, 1000), (commands, limit) => {
    const world = { state: new MemoryState(), limit }
    let rows = open(world)
    const twin = new Map<string, readonly [key: unknown, value: number]>()
    for (const one of commands) {
      if (one.does === 'save') rows.save()
      else if (one.does === 'restart') {
        // What was deleted since the barrier is gone in this state at once, as it would not be in a database.
        rows.save()
        rows = open(world)
      } else if (one.does === 'trim') rows.trim()
      else if (one.does === 'list') {
        const found = Array.from(rows.inOrder(), ({ key, value }) => [key[0], value])
        const expected = [...twin.values()].sort(([a], [b]) => compareKeys([a], [b]))
        assert.equal(found, expected)
      } else if ('keys' in one) {
        const page = pageWith(one.keys.map(key => ({ key })))
        const ids = rows.idsOf(page, aliveRows(page))
        for (const [at, key] of one.keys.entries()) {
          const [id, name] = [ids[at] as number, exactText(key)]
          assert.is(rows.get(id), twin.get(name)?.[1])
          if (one.does === 'remove') {
            rows.delete(id)
            twin.delete(name)
          } else {
            const value = (rows.get(id) ?? 0) + 1
            rows.put(id, value)
            twin.set(name, [key, value])
          }
        }
      }
    }
    rows.save()
    const after = open({ ...world, limit: undefined })
    assert.is(after.size, twin.size)
  })
  fc.assert(property, { seed: 4, numRuns: 600 })
})

test('memory stays within its limit, and what was never seen is not looked for', () => {
  const state = new MemoryState()
  let asked = 0
  const getMany = state.getMany.bind(state)
  state.getMany = keysAsked => {
    asked += keysAsked.length
    return getMany(keysAsked)
  }
  const memory = new StateMemory(100_000)
  const rows = new KeyedRows(contextWith(state, { memory }), { by: ['key'], meaning: {}, format: numberFormat, mayLeave: true })
  const add = (first: number, count: number): void => {
    const page = pageWith(Array.from({ length: count }, (_, at) => ({ key: `key ${first + at}` })))
    const ids = Int32Array.from(rows.idsOf(page, aliveRows(page)))
    for (const id of ids) rows.put(id, (rows.get(id) ?? 0) + 1)
    rows.save()
    assert.ok(memory.usedBytes <= 100_000, String(memory.usedBytes))
  }
  for (let first = 0; first < 20_000; first += 100) add(first, 100)
  assert.ok(rows.size < 1000, String(rows.size))
  assert.ok(asked < 4000, String(asked))
  for (let first = 0; first < 20_000; first += 100) add(first, 100)
  const values = Array.from(rows.inOrder(), ({ value }) => value)
  assert.is(values.length, 20_000)
  assert.ok(values.every(value => value === 2))
})

test('a state that is larger than memory is not read when it is opened, and keys are soon told apart again', () => {
  const state = new MemoryState()
  const rows = open({ state, limit: undefined })
  const page = pageWith(Array.from({ length: 5000 }, (_, key) => ({ key })))
  for (const id of rows.idsOf(page, aliveRows(page))) rows.put(id, 7)
  rows.save()
  const memory = new StateMemory(50_000)
  const again = new KeyedRows(contextWith(state, { memory }), { by: ['key'], meaning: {}, format: numberFormat, mayLeave: true })
  assert.ok(memory.usedBytes <= 26_000, String(memory.usedBytes))
  const many = pageWith(Array.from({ length: 3000 }, (_, key) => ({ key: -1 - (key % 10) })))
  for (let round = 0; round < 2; round++) assert.ok(again.idsOf(many, aliveRows(many)).length >= 3000)
  let asked = 0
  const getMany = state.getMany.bind(state)
  state.getMany = keysAsked => {
    asked += keysAsked.length
    return getMany(keysAsked)
  }
  const unknown = pageWith(Array.from({ length: 1000 }, (_, key) => ({ key: 10_000 + key })))
  again.idsOf(unknown, aliveRows(unknown))
  assert.ok(asked < 100, String(asked))
  const all = pageWith(Array.from({ length: 5000 }, (_, key) => ({ key })))
  for (const id of again.idsOf(all, aliveRows(all)).slice(0, 5000)) assert.is(again.get(id), 7)
})

test('rows that are over leave the disk, though nobody asks for them', () => {
  const state = new MemoryState()
  let time = 0
  const rows = open({ state, limit: 2000 }, value => value < time - 100)
  for (time = 0; time < 3000; time++) {
    const page = pageWith([{ key: time }])
    for (const id of rows.idsOf(page, aliveRows(page)).slice(0, 1)) rows.put(id, time)
    if (time % 10 === 0) rows.save()
  }
  rows.save()
  assert.ok(state.rowsByKey.size < 400, String(state.rowsByKey.size))
})

test('keys saved as texts, by versions before, are read and written anew', () => {
  const state = new MemoryState()
  const text = (kind: number, written: string): Uint8Array => {
    const bytes = Buffer.from(written)
    const head = Buffer.alloc(5)
    head.writeUInt8(kind)
    head.writeUInt32BE(bytes.length, 1)
    return Buffer.concat([head, bytes])
  }
  const number = Buffer.alloc(8)
  number.writeDoubleBE(5)
  state.put(Uint8Array.of(0), text(0, '{"key":["key"]}').subarray(1))
  for (const key of ['["a"]', '[7]', '[null]']) state.put(text(2, key), number)
  const rows = open({ state, limit: undefined })
  rows.save()
  assert.equal(
    Array.from(open({ state, limit: undefined }).inOrder(), ({ key, value }) => [key[0], value]),
    [
      [null, 5],
      [7, 5],
      ['a', 5],
    ],
  )
  assert.is(state.rowsByKey.size, 4)
})

test.run()
