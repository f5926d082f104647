/** The identity of a store survives only as it was written; who runs a node on it is told while the process lives. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { crc32 } from 'node:zlib'
import { isEventStoreError } from '../../event/error.ts'
import type { EventStoreError } from '../../event/error.ts'
import { holderInWords, removeNodeFile, whoHolds, writeNodeFile } from '../../store/node-file.ts'
import { createStoreFile, expectLayout, readStoreFile, storeFilePath } from '../../store/store-file.ts'

const directory = mkdtempSync(join(tmpdir(), 'allsource-store-file-'))
const clock = { now: () => 1_767_225_600_000, monotonic: () => 0, random: (count: number) => new Uint8Array(count).fill(0xab) }
const make = () => createStoreFile(directory, { partitions: 32, shards: 2 }, clock)

function failureOf(work: () => unknown): EventStoreError {
  try {
    work()
  } catch (error) {
    if (isEventStoreError(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}

test.before.each(() => {
  for (const name of readdirSync(directory)) rmSync(join(directory, name))
})
test.after(() => rmSync(directory, { recursive: true }))

test('what was made is read, and nothing else lies around', () => {
  assert.is(readStoreFile(directory), undefined)
  const made = make()
  assert.is(made.id, 'abababababababab')
  assert.equal(readStoreFile(directory), made)
  assert.equal(readdirSync(directory), ['store.json'])
})

test('every flipped bit and every cut is DAMAGED, but for spaces', () => {
  const made = make()
  const content = readFileSync(storeFilePath(directory))
  for (let at = 0; at < content.length; at++) {
    const flipped = Buffer.from(content)
    flipped[at]! ^= 1 << (at % 7)
    check(flipped, `byte ${at}`)
    check(content.subarray(0, at), `${at} bytes`)
  }

  function check(changed: Buffer, what: string): void {
    writeFileSync(storeFilePath(directory), changed)
    try {
      assert.equal(readStoreFile(directory), made, what)
    } catch (error) {
      assert.ok(isEventStoreError(error, 'DAMAGED') && error.details['file'] === storeFilePath(directory), what)
    }
  }
})

test('another format is INCOMPATIBLE and says which is newer', () => {
  for (const [format, age] of [
    [0, 'older'],
    [2, 'newer'],
  ] as const) {
    const fields = { format, id: 'x', someday: 'another field' }
    const checksum = crc32(JSON.stringify(Object.entries(fields)))
      .toString(16)
      .padStart(8, '0')
    writeFileSync(storeFilePath(directory), JSON.stringify({ ...fields, checksum }))
    const error = failureOf(() => readStoreFile(directory))
    assert.equal([error.code, error.details['age']], ['INCOMPATIBLE', age])
  }
})

test('other numbers of partitions or shards are INCOMPATIBLE with both numbers; what is left out is taken as it is', () => {
  const made = make()
  expectLayout(directory, made, {})
  expectLayout(directory, made, { partitions: 32, shards: 2 })
  const error = failureOf(() => expectLayout(directory, made, { partitions: 16 }))
  assert.equal([error.code, error.details], ['INCOMPATIBLE', { field: 'partitions', expected: 16, actual: 32 }])
  assert.is(failureOf(() => expectLayout(directory, made, { partitions: 32, shards: 4 })).details['field'], 'shards')
})

test('a place that can not be written is READ_ONLY', () => {
  assert.is(failureOf(() => createStoreFile(join(directory, 'none'), { partitions: 1, shards: 1 }, clock)).code, 'READ_ONLY')
})

test('a node is found while its process lives', () => {
  assert.is(whoHolds(directory), undefined)
  writeNodeFile(directory, { http: '127.0.0.1:7070' })
  const { started, ...holder } = whoHolds(directory) ?? {}
  assert.equal(holder, { pid: process.pid, addresses: { http: '127.0.0.1:7070' }, alive: true })
  assert.ok(Date.parse(String(started)) <= Date.now())
  assert.is(holderInWords(directory), 'this process, which serves 127.0.0.1:7070')
  removeNodeFile(directory)
  assert.is(whoHolds(directory), undefined)
})

test('a process that is gone is not alive; its file is left to it, and rubbish is nobody', () => {
  const { pid } = spawnSync(process.execPath, ['--version'])
  writeFileSync(join(directory, 'node.json'), JSON.stringify({ pid, addresses: {} }))
  assert.is(whoHolds(directory)?.alive, false)
  removeNodeFile(directory)
  assert.is(whoHolds(directory)?.pid, pid)
  writeFileSync(join(directory, 'node.json'), '{"pid":')
  assert.is(whoHolds(directory), undefined)
})

test.run()
