/** RocksDB keeps the contract of backends; its directories, threads and closing order end in codes, never in a signal. */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import type { ErrorCode } from '../../event/error.ts'
import { attachRocks, openRocks } from '../../store/rocks.ts'
import type { RocksOwner } from '../../store/rocks.ts'
import { bytes, contractColumns, keyValueContract, text, withDatabase } from '../contract/key-value.ts'
import type { ContractColumn } from '../contract/key-value.ts'
import { keyValueTwin } from '../contract/key-value-twin.ts'

type Owner = RocksOwner<ContractColumn>
const open = (directory: string): Promise<Owner> => openRocks(directory, { columns: contractColumns })
const rocks = { name: 'rocks', open }

keyValueContract(test, rocks)
keyValueTwin(test, rocks, 60)

const withOwner = (work: (owner: Owner, directory: string) => Promise<void>): Promise<void> =>
  withDatabase(rocks, (database, directory) => work(database as Owner, directory))

async function codeOf(promise: Promise<unknown>): Promise<ErrorCode | undefined> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  return isEventStoreError(error) ? error.code : undefined
}

test('rocks: a second open of the directory is LOCKED and the first goes on', () =>
  withOwner(async (owner, directory) => {
    assert.is(await codeOf(open(directory)), 'LOCKED')
    assert.is(owner.get('log', bytes('a')), undefined)
  }))

test('rocks: a place that can not hold a database is refused by code', async () => {
  assert.is(await codeOf(open('/dev/null')), 'INVALID')
  assert.is(await codeOf(open('/sys/allsource-test')), 'READ_ONLY')
})

test('rocks: other columns are INCOMPATIBLE, a lost CURRENT or a database that should exist is DAMAGED', () =>
  withOwner(async (owner, directory) => {
    await writeFor(owner, 1)
    await owner.close()
    assert.is(await codeOf(openRocks(directory, { columns: { log: 'rising' } })), 'INCOMPATIBLE')
    rmSync(join(directory, 'CURRENT'))
    assert.is(await codeOf(open(directory)), 'DAMAGED')
    assert.is(await codeOf(openRocks(join(directory, 'none'), { columns: contractColumns, create: false })), 'DAMAGED')
  }))

test('rocks: what a process left that ended while it made the database is opened', () =>
  withOwner(async (owner, directory) => {
    await owner.close()
    for (const name of readdirSync(directory)) if (!/^(MANIFEST|LOCK|IDENTITY)/.test(name)) rmSync(join(directory, name))
    const again = await open(directory)
    await writeFor(again, 1)
    await again.close()
  }))

/** Flips one byte of the first file with this ending. */
function flip(directory: string, ending: RegExp, at: number): string {
  const name = readdirSync(directory).find(file => ending.test(file))
  if (name === undefined) throw new Error(`no file like ${String(ending)}`)
  const content = readFileSync(join(directory, name))
  content[at < 0 ? content.length + at : at]! ^= 0x10
  writeFileSync(join(directory, name), content)
  return join(directory, name)
}

test('rocks: a flipped byte of a table is DAMAGED when it is read and names the file', () =>
  withOwner(async (owner, directory) => {
    const batch = owner.batch()
    for (let i = 0; i < 100; i++) batch.put('log', bytes(`key ${i}`), bytes(String(i).repeat(100)))
    owner.write(batch, { sync: true })
    await owner.close()
    // Opening moves the write-ahead log into a table.
    await (await open(directory)).close()
    const file = flip(directory, /\.sst$/, 50)
    const again = await open(directory)
    try {
      again.scan('log', {})
      assert.unreachable()
    } catch (error) {
      assert.ok(isEventStoreError(error, 'DAMAGED'))
      assert.is(error.details['file'], file)
    } finally {
      await again.close()
    }
  }))

test('rocks: a flipped byte of the manifest is DAMAGED on open', () =>
  withOwner(async (owner, directory) => {
    await owner.close()
    flip(directory, /^MANIFEST/, 20)
    assert.is(await codeOf(open(directory)), 'DAMAGED')
  }))

test('rocks: values come as buffers of their own, aligned for typed arrays', () =>
  withOwner(async owner => {
    const batch = owner.batch()
    batch.put('log', bytes('a'), bytes('12345678'))
    owner.write(batch, { sync: false })
    const values = [owner.get('log', bytes('a'))!, owner.scan('log', {}).values[0]!]
    for (const value of values) assert.equal([value.byteOffset, value.buffer.byteLength], [0, 8])
  }))

test('rocks: a second attachment in the same thread reads, writes, and is CLOSED with its owner', () =>
  withOwner(async owner => {
    const attached = attachRocks<ContractColumn>(owner.handle, owner.closed)
    const batch = attached.batch()
    batch.put('log', bytes('a'), bytes('1'))
    attached.write(batch, { sync: true })
    assert.is(text(owner.get('log', bytes('a'))), '1')
    await owner.close()
    for (const call of [() => attached.get('log', bytes('a')), () => attached.write(batch, { sync: true }), () => attached.batch()]) {
      assert.throws(call, (error: unknown) => isEventStoreError(error, 'CLOSED'))
    }
    assert.throws(
      () => attachRocks(owner.handle, owner.closed),
      (error: unknown) => isEventStoreError(error, 'CLOSED'),
    )
  }))

const readerUrl = new URL('./rocks-reader.ts', import.meta.url)

interface Reader {
  readonly worker: Worker
  readonly started: Promise<void>
  /** Rows it read right, or why it stopped. */
  readonly ended: Promise<{ reads: number; wrong: number; code: string } | 'terminated'>
}

function startReader(owner: Owner): Reader {
  const worker = new Worker(readerUrl, { workerData: { handle: owner.handle, closed: owner.closed } })
  const started = new Promise<void>(resolve => worker.once('message', () => resolve()))
  const ended = started.then(
    () =>
      new Promise<{ reads: number; wrong: number; code: string } | 'terminated'>(resolve => {
        worker.once('message', resolve)
        worker.once('exit', () => resolve('terminated'))
      }),
  )
  return { worker, started, ended }
}

/** Writes rounds of rows that always add up, giving the readers their turn in between. */
async function writeFor(owner: Owner, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const batch = owner.batch()
    for (let i = 0; i < 20; i++) batch.put('index', bytes(`row ${i}`), bytes(String(round)))
    owner.write(batch, { sync: round % 10 === 0 })
    await new Promise(resolve => setImmediate(resolve))
  }
}

test('rocks: two threads read whole batches while the owner writes, and are told CLOSED when it closes under them', () =>
  withOwner(async owner => {
    await writeFor(owner, 1)
    const readers = [startReader(owner), startReader(owner)]
    await Promise.all(readers.map(reader => reader.started))
    await writeFor(owner, 300)
    await owner.close()
    for (const reader of readers) {
      const end = await reader.ended
      assert.ok(end !== 'terminated' && end.reads > 0 && end.wrong === 0 && end.code === 'CLOSED', JSON.stringify(end))
    }
  }))

test('rocks: attached threads may be terminated at any moment; the owner goes on and closes', () =>
  withOwner(async owner => {
    await writeFor(owner, 1)
    for (let round = 0; round < 5; round++) {
      const readers = [startReader(owner), startReader(owner)]
      await Promise.all(readers.map(reader => reader.started))
      await writeFor(owner, 10)
      await Promise.all(readers.map(reader => reader.worker.terminate()))
    }
    owner.allExited()
    await writeFor(owner, 5)
    assert.is(text(owner.get('index', bytes('row 0'))), '4')
  }))

test.run()
