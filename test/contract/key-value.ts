/** What every key-value backend must do. A backend proves itself in one line: `keyValueContract(test, { name, open })`. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isEventStoreError } from '../../event/error.ts'
import type { Bytes, ColumnProfile, KeyValue, OwnedKeyValue, Range } from '../../store/key-value.ts'

/** The columns a backend under test must have. */
export const contractColumns = { log: 'rising', index: 'scattered', meta: 'small' } as const satisfies Record<string, ColumnProfile>
export type ContractColumn = keyof typeof contractColumns

export interface Backend {
  readonly name: string
  /** Opens the database of an empty directory, or of the one it was closed in. */
  open(directory: string): Promise<OwnedKeyValue<ContractColumn>>
}

type Database = OwnedKeyValue<ContractColumn>
type Register = (name: string, run: () => Promise<void>) => void

export const bytes = (text: string): Bytes => new TextEncoder().encode(text)
export const text = (value: Bytes | undefined): string | undefined => (value === undefined ? undefined : new TextDecoder().decode(value))
const texts = (values: readonly (Bytes | undefined)[]): (string | undefined)[] => values.map(text)

/** Runs `work` on a fresh database, closes it and removes what it left. */
export async function withDatabase(backend: Backend, work: (database: Database, directory: string) => void | Promise<void>): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'allsource-key-value-'))
  const database = await backend.open(directory)
  try {
    await work(database, directory)
  } finally {
    await database.close()
    rmSync(directory, { recursive: true, force: true })
  }
}

function put(database: KeyValue<ContractColumn>, rows: Readonly<Record<string, string>>, column: ContractColumn = 'log'): void {
  const batch = database.batch()
  for (const [key, value] of Object.entries(rows)) batch.put(column, bytes(key), bytes(value))
  database.write(batch, { sync: false })
}

const sixRows = { a: '1', b: '2', ba: '3', c: '4', d: '5', e: '6' }

/** A range in words and the keys of `sixRows` it holds, in order. */
const ranges: readonly (readonly [Range, string])[] = [
  [{}, 'a b ba c d e'],
  [{ reverse: true }, 'e d c ba b a'],
  [{ gte: bytes('b') }, 'b ba c d e'],
  [{ gt: bytes('b') }, 'ba c d e'],
  [{ lt: bytes('c') }, 'a b ba'],
  [{ lte: bytes('c') }, 'a b ba c'],
  [{ gte: bytes('b'), lt: bytes('d') }, 'b ba c'],
  [{ gt: bytes('b'), lte: bytes('d'), reverse: true }, 'd c ba'],
  [{ gte: bytes('bb'), lte: bytes('bz') }, ''],
  [{ gte: bytes('c'), lte: bytes('c') }, 'c'],
  [{ gte: bytes('c'), lt: bytes('c') }, ''],
  [{ gte: bytes('d'), lt: bytes('b') }, ''],
  [{ gte: bytes('d'), lt: bytes('b'), reverse: true }, ''],
  [{ gt: bytes('z') }, ''],
  [{ lt: bytes('a'), reverse: true }, ''],
  [{ limit: 0 }, ''],
  [{ limit: 2 }, 'a b'],
  [{ lte: bytes('bb'), reverse: true, limit: 1 }, 'ba'],
  [{ limit: 100 }, 'a b ba c d e'],
  [{ bytes: 1 }, 'a'],
  [{ bytes: 2 }, 'a'],
  [{ bytes: 3 }, 'a b'],
  [{ bytes: 4 }, 'a b'],
  [{ bytes: 5, reverse: true }, 'e d c'],
  [{ bytes: 1000 }, 'a b ba c d e'],
  [{ gte: bytes('b'), cache: false }, 'b ba c d e'],
]

/** What holds in an open database. */
const whenOpen: Readonly<Record<string, (database: Database) => void>> = {
  'a row that was put is found, another is not': database => {
    put(database, { a: '1' })
    assert.equal(text(database.get('log', bytes('a'))), '1')
    assert.equal(database.get('log', bytes('b')), undefined)
  },
  'a put replaces, a delete removes, the last change of a batch counts': database => {
    put(database, { a: '1', b: '1' })
    const batch = database.batch()
    batch.put('log', bytes('a'), bytes('2'))
    batch.put('log', bytes('a'), bytes('3'))
    batch.put('log', bytes('b'), bytes('4'))
    batch.delete('log', bytes('b'))
    batch.delete('log', bytes('never there'))
    assert.equal(batch.length, 5)
    database.write(batch, { sync: true })
    assert.deepEqual(texts(database.getMany('log', [bytes('a'), bytes('b')])), ['3', undefined])
  },
  'getMany answers in the order asked, with holes': database => {
    put(database, sixRows)
    const keys = ['e', 'nothing', 'a', 'a', 'ba'].map(bytes)
    assert.deepEqual(texts(database.getMany('log', keys)), ['6', undefined, '1', '1', '3'])
    assert.deepEqual(database.getMany('log', []), [])
  },
  'columns do not see each other': database => {
    put(database, { a: 'log' })
    put(database, { a: 'index' }, 'index')
    assert.equal(text(database.get('index', bytes('a'))), 'index')
    assert.equal(database.get('meta', bytes('a')), undefined)
    database.deleteRange('index', bytes('a'), bytes('b'))
    assert.equal(text(database.get('log', bytes('a'))), 'log')
  },
  'every range gives its rows': database => {
    put(database, sixRows)
    for (const [range, expected] of ranges) {
      const { keys, values } = database.scan('log', range)
      assert.equal(texts(keys).join(' '), expected, JSON.stringify(range))
      assert.deepEqual(
        texts(values),
        texts(keys).map(key => sixRows[key as keyof typeof sixRows]),
      )
    }
  },
  'keys are ordered by unsigned bytes': database => {
    const batch = database.batch()
    for (const key of [[0xff], [0x7f], [0], [0, 0], [0x80], [0xff, 0]]) batch.put('meta', Uint8Array.from(key), bytes(''))
    database.write(batch, { sync: false })
    assert.deepEqual(
      database.scan('meta', {}).keys.map(key => [...key]),
      [[0], [0, 0], [0x7f], [0x80], [0xff], [0xff, 0]],
    )
  },
  'values may be empty or large, and are whole': database => {
    const large = new Uint8Array(3_000_000).map((_, i) => i % 251)
    const batch = database.batch()
    batch.put('log', bytes('empty'), new Uint8Array(0))
    batch.put('log', bytes('large'), large)
    database.write(batch, { sync: false })
    assert.equal(database.get('log', bytes('empty'))?.length, 0)
    assert.equal(Buffer.compare(database.get('log', bytes('large'))!, large), 0)
  },
  'a batch copies what it is given and can be used again': database => {
    const key = bytes('k1')
    const value = bytes('v1')
    const batch = database.batch()
    batch.put('log', key, value)
    key.fill(0x78)
    value.fill(0x78)
    database.write(batch, { sync: false })
    batch.clear()
    assert.equal(batch.length, 0)
    batch.put('log', bytes('k2'), bytes('v2'))
    database.write(batch, { sync: false })
    assert.deepEqual(texts(database.scan('log', {}).keys), ['k1', 'k2'])
    assert.equal(text(database.get('log', bytes('k1'))), 'v1')
  },
  'views into larger and shared buffers are taken by their own bounds': database => {
    const shared = new Uint8Array(new SharedArrayBuffer(16)).fill(0x61)
    const batch = database.batch()
    batch.put('log', bytes('__key__').subarray(2, 5), shared.subarray(4, 7))
    database.write(batch, { sync: false })
    assert.equal(text(database.get('log', bytes('key'))), 'aaa')
  },
  'a batch that was not written changes nothing': database => {
    database.batch().put('log', bytes('a'), bytes('1'))
    assert.equal(database.scan('log', {}).keys.length, 0)
    database.write(database.batch(), { sync: true })
    assert.equal(database.scan('log', {}).keys.length, 0)
  },
  'deleteRange takes the lower end with it and leaves the upper': database => {
    put(database, sixRows)
    database.deleteRange('log', bytes('b'), bytes('d'))
    assert.deepEqual(texts(database.scan('log', {}).keys), ['a', 'd', 'e'])
    database.deleteRange('log', bytes('e'), bytes('a'))
    assert.deepEqual(texts(database.scan('log', {}).keys), ['a', 'd', 'e'])
    put(database, { c: 'again' })
    assert.deepEqual(texts(database.scan('log', { reverse: true }).keys), ['e', 'd', 'c', 'a'])
  },
  'what was read does not change when the row does': database => {
    put(database, { a: '1' })
    const { values } = database.scan('log', {})
    put(database, { a: '2' })
    assert.equal(text(values[0]), '1')
  },
  'many rows in any order come back sorted': database => {
    const numbers = Array.from({ length: 3_000 }, (_, i) => (i * 7919) % 3_000)
    const batch = database.batch()
    for (const number of numbers) batch.put('index', bytes(String(number).padStart(5, '0')), bytes(String(number)))
    database.write(batch, { sync: false })
    assert.deepEqual(texts(database.scan('index', {}).values), numbers.toSorted((a, b) => a - b).map(String))
  },
}

/** Every call, to be repeated in each state of life. */
const calls: Readonly<Record<string, (database: Database) => unknown>> = {
  get: database => database.get('log', bytes('a')),
  getMany: database => database.getMany('log', [bytes('a')]),
  scan: database => database.scan('log', {}),
  batch: database => database.batch(),
  deleteRange: database => database.deleteRange('log', bytes('a'), bytes('b')),
}

export function keyValueContract(test: Register, backend: Backend): void {
  for (const [name, check] of Object.entries(whenOpen)) test(`${backend.name}: ${name}`, () => withDatabase(backend, check))

  test(`${backend.name}: says what it supports`, () =>
    withDatabase(backend, database => {
      assert.equal(typeof database.handle, database.supports.handles ? 'bigint' : 'undefined')
      assert.equal(database.sizeBytes() > 0, database.supports.durable)
    }))

  for (const [name, call] of Object.entries(calls)) {
    test(`${backend.name}: ${name} works while open and is CLOSED from the call of close on`, () =>
      withDatabase(backend, async database => {
        call(database)
        const closing = database.close()
        assert.throws(
          () => call(database),
          error => isEventStoreError(error, 'CLOSED'),
        )
        await closing
        assert.throws(
          () => call(database),
          error => isEventStoreError(error, 'CLOSED'),
        )
      }))
  }

  test(`${backend.name}: a batch made before closing can not be written after`, () =>
    withDatabase(backend, async database => {
      const batch = database.batch()
      batch.put('log', bytes('a'), bytes('1'))
      await database.close()
      assert.throws(
        () => database.write(batch, { sync: true }),
        error => isEventStoreError(error, 'CLOSED'),
      )
    }))

  test(`${backend.name}: closes once, all closers are answered`, () =>
    withDatabase(backend, async database => {
      await Promise.all([database.close(), database.close()])
      await database.close()
    }))

  test(`${backend.name}: keeps what was written over a close exactly if it is durable`, () =>
    withDatabase(backend, async (database, directory) => {
      put(database, sixRows)
      database.deleteRange('log', bytes('d'), bytes('z'))
      await database.close()
      const again = await backend.open(directory)
      try {
        assert.deepEqual(texts(again.scan('log', {}).keys), database.supports.durable ? ['a', 'b', 'ba', 'c'] : [])
      } finally {
        await again.close()
      }
    }))
}
