/** The disk of the simulation keeps the contract of every backend, and fails as told. */
import assert from 'node:assert/strict'
import { test } from 'uvu'
import { isEventStoreError } from '../../event/error.ts'
import { bytes, contractColumns, keyValueContract, text } from '../contract/key-value.ts'
import { Disk } from './disk.ts'
import { Random } from './random.ts'

const disks = new Map<string, Disk<keyof typeof contractColumns>>()

keyValueContract(test, {
  name: 'simulated disk',
  open: directory => {
    const disk = disks.get(directory) ?? new Disk(contractColumns, new Random(1))
    disks.set(directory, disk)
    return Promise.resolve(disk.open())
  },
})

function put(disk: ReturnType<Disk<'log'>['open']>, key: string, sync: boolean): void {
  const batch = disk.batch()
  batch.put('log', bytes(key), bytes(key))
  disk.write(batch, { sync })
}

test('a crash keeps all that was synced and a front part of the rest', () => {
  const counts = new Set<number>()
  for (let seed = 0; seed < 64; seed++) {
    const disk = new Disk<'log'>({ log: 'rising' }, new Random(seed))
    const open = disk.open()
    put(open, 'a', false)
    put(open, 'b', true)
    put(open, 'c', false)
    put(open, 'd', false)
    disk.crash()
    assert.throws(
      () => open.get('log', bytes('a')),
      error => isEventStoreError(error, 'CLOSED'),
    )
    const left = disk.open().scan('log', {}).keys.map(text).join('')
    assert.ok('abcd'.startsWith(left) && left.length >= 2, left)
    counts.add(left.length)
  }
  assert.deepEqual(
    [...counts].sort((a, b) => a - b),
    [2, 3, 4],
  )
})

test('a process that dies in a write has it or has it not, and is gone', () => {
  const counts = new Set<number>()
  for (let seed = 0; seed < 32; seed++) {
    const disk = new Disk<'log'>({ log: 'rising' }, new Random(seed))
    const open = disk.open()
    let deaths = 0
    disk.died = () => deaths++
    disk.writesUntilDeath = 2
    put(open, 'a', true)
    assert.throws(() => put(open, 'b', true))
    assert.throws(() => put(open, 'c', true))
    assert.equal(deaths, 1)
    counts.add(disk.open().scan('log', {}).keys.length)
  }
  assert.deepEqual(
    [...counts].sort((a, b) => a - b),
    [1, 2],
  )
})

test('a full disk refuses and changes nothing; a flip changes one bit of what is kept and seen', () => {
  const disk = new Disk<'log'>({ log: 'rising' }, new Random(5))
  const open = disk.open()
  put(open, 'a', true)
  disk.isFull = true
  assert.throws(
    () => put(open, 'b', true),
    error => isEventStoreError(error, 'READ_ONLY'),
  )
  assert.equal(open.scan('log', {}).keys.length, 1)
  disk.isFull = false
  assert.equal(disk.flip('log', 1), false)
  assert.equal(disk.flip('log', 0), true)
  const flipped = open.get('log', bytes('a'))!
  assert.equal(flipped.length, 1)
  assert.notEqual(text(flipped), 'a')
  disk.crash()
  assert.deepEqual(disk.open().get('log', bytes('a')), flipped)
})

test.run()
