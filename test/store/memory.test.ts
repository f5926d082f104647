/** The backend in memory keeps the contract; enough rows to cut and join its runs. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compareBytes } from '../../event/compare-bytes.ts'
import { openMemory } from '../../store/memory.ts'
import { contractColumns, keyValueContract } from '../contract/key-value.ts'
import { keyValueTwin } from '../contract/key-value-twin.ts'

const memory = { name: 'memory', open: async () => openMemory({ columns: contractColumns }) }

keyValueContract(test, memory)
keyValueTwin(test, memory, 300)

const number = (value: number): Uint8Array => Uint8Array.of(value >>> 16, value >>> 8, value)

test('memory: ten thousand rows stay in order through scattered puts, deletes and range deletes', () => {
  const database = openMemory({ columns: contractColumns })
  const expected = new Set<number>()
  const batch = database.batch()
  for (let i = 0; i < 20_000; i++) {
    const value = (i * 7919) % 10_007
    if (i % 3 === 2) batch.delete('log', number(value))
    else batch.put('log', number(value), number(i))
    if (i % 3 === 2) expected.delete(value)
    else expected.add(value)
  }
  database.write(batch, { sync: false })
  database.deleteRange('log', number(1_000), number(4_500))
  for (let value = 1_000; value < 4_500; value++) expected.delete(value)
  const { keys } = database.scan('log', {})
  assert.is(keys.length, expected.size)
  assert.ok(keys.every((key, i) => i === 0 || compareBytes(keys[i - 1]!, key) < 0))
  assert.equal(
    database.scan('log', { lt: number(5_000), reverse: true, limit: 3 }).keys.map(key => [...key]),
    [...expected]
      .filter(value => value < 5_000)
      .toSorted((a, b) => b - a)
      .slice(0, 3)
      .map(value => [...number(value)]),
  )
})

test.run()
