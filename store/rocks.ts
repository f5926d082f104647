/** A key-value backend on RocksDB: one thread opens and owns a directory, other threads attach to it by handle. */
import binding from '@nxtedition/rocksdb/binding.js'
import type { BatchPointer, ColumnPointer, ColumnPointers, DatabasePointer, IteratorOptions } from '@nxtedition/rocksdb/binding.js'
import { assert } from '../event/assert.ts'
import { EventStoreError } from '../event/error.ts'
import { refuseDamagedManifest } from './damage/manifest.ts'
import { isCrossed } from './key-value.ts'
import type { Bytes, ColumnProfile, KeyValue, OwnedKeyValue, Range, Rows, WriteBatch } from './key-value.ts'
import { columnSettings, SMALL_BUFFER_BYTES } from './rocks-column.ts'
import { makeDirectory, refuseHeadless, sizeOfDirectory } from './rocks-directory.ts'
import { openFailure, readFailure, writeFailure } from './rocks-failure.ts'
import {
  closeShared,
  enterCall,
  forgetCalls,
  isRefused,
  leaveCall,
  makeSharedWords,
  refuseClosed,
  setRefused,
  smallColumnsOf,
  takeSlot,
} from './rocks-shared.ts'

/** All that a range holds: the iterator is not asked twice. */
const ROWS_MAX = 2 ** 32 - 1

/** So much is written before small columns are made to flush what they hold. It bounds the write-ahead log, and so the time to open. */
const FILL_EVERY_BYTES = 64 * 1024 * 1024
/** Never a user's key: it is put and deleted in one batch. */
const FILL_KEY = Buffer.concat([new Uint8Array(16).fill(255), Buffer.from('fill')])

/** Owners are never garbage-collected while open: their finalizer would close the database under attached threads. */
const owners = new Set<RocksOwner<string>>()

export interface RocksOptions<Column extends string> {
  readonly columns: Readonly<Record<Column, ColumnProfile>>
  /** False: a missing database is DAMAGED instead of made. Default true. */
  readonly create?: boolean
  /** Block cache of each `rising` and `scattered` column. Default 32 MiB. */
  readonly cacheBytes?: number
}

interface ColumnOption {
  readonly column: ColumnPointer
}
type ColumnOptions = ReadonlyMap<string, ColumnOption>

class RocksBatch<Column extends string> implements WriteBatch<Column> {
  readonly pointer: BatchPointer = binding.batch_init()
  readonly #options: ColumnOptions
  #length = 0
  bytes = 0

  constructor(options: ColumnOptions) {
    this.#options = options
  }

  get length(): number {
    return this.#length
  }

  put(column: Column, key: Bytes, value: Bytes): void {
    assert(key.length > 0, 'a key has at least one byte')
    binding.batch_put(this.pointer, key, value, optionOf(this.#options, column))
    this.#length++
    this.bytes += key.length + value.length
  }

  delete(column: Column, key: Bytes): void {
    binding.batch_del(this.pointer, key, optionOf(this.#options, column))
    this.#length++
  }

  clear(): void {
    binding.batch_clear(this.pointer)
    this.#length = 0
    this.bytes = 0
  }
}

type Failure = (error: unknown, directory: string) => EventStoreError | undefined

/** A thread's view of an open database. All calls are synchronous and run on the calling thread. */
class RocksView<Column extends string> implements KeyValue<Column> {
  readonly supports = { durable: true, handles: true }
  /** Word 0 is 1 from the call of `close` on. Threads attach with it and `handle`. */
  readonly closed: Int32Array
  readonly directory: string
  readonly #database: DatabasePointer
  readonly #options: ColumnOptions
  readonly #slot: number
  readonly #smallColumns: readonly string[]
  #bytesSinceFill = 0
  #refused: EventStoreError | undefined

  constructor(database: DatabasePointer, columns: ColumnPointers, closed: Int32Array) {
    this.#database = database
    this.#options = new Map(Object.entries(columns).map(([name, column]) => [name, { column }]))
    this.#smallColumns = smallColumnsOf(closed, Object.keys(columns))
    this.directory = binding.db_get_location(database)
    this.closed = closed
    this.#slot = takeSlot(closed)
  }

  get(column: Column, key: Bytes): Bytes | undefined {
    return this.getMany(column, [key])[0]
  }

  getMany(column: Column, keys: readonly Bytes[]): (Bytes | undefined)[] {
    return this.#call(readFailure, () => {
      const options = { ...optionOf(this.#options, column), fillCache: true, valueEncoding: 'buffer' } as const
      const values = binding.db_get_many_sync(this.#database, keys, options)
      for (const value of values) assert(value !== null, 'getMany is not cut off by size or time')
      return values as (Bytes | undefined)[]
    })
  }

  scan(column: Column, range: Range): Rows {
    return this.#call(readFailure, () => {
      const options = iteratorOptions(optionOf(this.#options, column), range)
      const keys: Bytes[] = []
      const values: Bytes[] = []
      if (isCrossed(range)) return { keys, values }
      // Not `db_query`: it follows a null pointer when the thread is terminated while its options are read.
      const iterator = binding.iterator_init(this.#database, options)
      try {
        const { rows } = binding.iterator_nextv_sync(iterator, ROWS_MAX)
        for (let i = 0; i < rows.length; i += 2) {
          keys.push(rows[i]!)
          values.push(rows[i + 1]!)
        }
      } finally {
        binding.iterator_close(iterator)
      }
      return { keys, values }
    })
  }

  batch(): WriteBatch<Column> {
    return this.#call(readFailure, () => new RocksBatch<Column>(this.#options))
  }

  write(batch: WriteBatch<Column>, options: { sync: boolean }): void {
    assert(batch instanceof RocksBatch, 'a batch is written to the backend that made it')
    this.#change(() => {
      binding.batch_write(this.#database, batch.pointer, options)
      this.#bytesSinceFill += batch.bytes
      if (this.#bytesSinceFill >= FILL_EVERY_BYTES) this.#fillSmallColumns()
    })
  }

  /** Two full buffers make a column flush; a row that is put and deleted at once fills one and leaves nothing behind. */
  #fillSmallColumns(): void {
    this.#bytesSinceFill = 0
    const batch = new RocksBatch<string>(this.#options)
    for (const column of this.#smallColumns) {
      batch.put(column, FILL_KEY, new Uint8Array(SMALL_BUFFER_BYTES))
      batch.delete(column, FILL_KEY)
    }
    try {
      for (let round = 0; round < 2; round++) binding.batch_write(this.#database, batch.pointer, { sync: false })
    } catch (error) {
      // The caller's own batch is stored: only the next write hears of this.
      this.#refuse(error, this.directory)
    }
  }

  deleteRange(column: Column, gte: Bytes, lt: Bytes): void {
    this.#change(() => binding.db_clear(this.#database, { ...optionOf(this.#options, column), gte, lt }))
  }

  #change(work: () => void): void {
    if (isRefused(this.closed)) {
      refuseClosed(this.closed)
      throw this.#refused ?? new EventStoreError('READ_ONLY', `${this.directory} refused a write before`, { directory: this.directory })
    }
    this.#call((error, directory) => this.#refuse(error, directory), work)
  }

  #refuse(error: unknown, directory: string): EventStoreError | undefined {
    const refused = writeFailure(error, directory)
    if (refused === undefined) return undefined
    this.#refused = refused
    setRefused(this.closed)
    return refused
  }

  #call<Result>(failure: Failure, work: () => Result): Result {
    enterCall(this.closed, this.#slot)
    try {
      refuseClosed(this.closed)
      return work()
    } catch (error) {
      throw failure(error, this.directory) ?? error
    } finally {
      leaveCall(this.closed, this.#slot)
    }
  }
}

/** The opener's view. It stays on the thread that opened it, which must outlive every attached thread: the main thread. */
export class RocksOwner<Column extends string> extends RocksView<Column> implements OwnedKeyValue<Column> {
  readonly handle: bigint
  readonly #database: DatabasePointer
  #closing: Promise<void> | undefined

  constructor(database: DatabasePointer, columns: ColumnPointers, profiles: Readonly<Record<string, ColumnProfile>>) {
    super(
      database,
      columns,
      makeSharedWords(Object.keys(columns), column => profiles[column] === 'small'),
    )
    this.#database = database
    this.handle = binding.db_get_handle(database)
    owners.add(this)
  }

  /** Tells that every attached thread has exited, so that `close` does not wait for calls a terminated thread never ended. */
  allExited(): void {
    forgetCalls(this.closed)
  }

  sizeBytes(): number {
    return sizeOfDirectory(this.directory)
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce()
    return this.#closing
  }

  async #closeOnce(): Promise<void> {
    await closeShared(this.closed)
    await new Promise<void>((resolve, reject) => {
      // After a refused write RocksDB says so once more; it is closed all the same.
      binding.db_close(this.#database, error =>
        error && !isRefused(this.closed) ? reject(writeFailure(error, this.directory) ?? error) : resolve(),
      )
    })
    owners.delete(this)
  }
}

/** Opens or makes a database and owns it. LOCKED, READ_ONLY, DAMAGED and INCOMPATIBLE as the table of codes says. */
export async function openRocks<Column extends string>(directory: string, options: RocksOptions<Column>): Promise<RocksOwner<Column>> {
  const createIfMissing = options.create ?? true
  try {
    if (createIfMissing) makeDirectory(directory)
    refuseHeadless(directory, createIfMissing)
    refuseDamagedManifest(directory)
    const database = binding.db_init(directory)
    const columns = columnSettings(options.columns, options.cacheBytes)
    const pointers = await new Promise<ColumnPointers>((resolve, reject) => {
      const done = (error: Error | null, opened: ColumnPointers): void => (error ? reject(error) : resolve(opened))
      binding.db_open(database, { createIfMissing, compression: false, walCompression: false, parallelism: 2, columns }, done)
    })
    return new RocksOwner<Column>(database, pointers, options.columns)
  } catch (error) {
    throw openFailure(error, directory) ?? error
  }
}

/** Attaches this thread to a database that another thread owns: `handle` and `closed` of its owner. There is nothing to close here. */
export function attachRocks<Column extends string>(handle: bigint, closed: Int32Array): KeyValue<Column> {
  refuseClosed(closed)
  const database = binding.db_init(handle)
  const columns = binding.db_open(database, {}, () => undefined)
  assert(columns !== undefined, 'a handle belongs to an open database')
  return new RocksView<Column>(database, columns, closed)
}

function optionOf(options: ColumnOptions, column: string): ColumnOption {
  const option = options.get(column)
  assert(option !== undefined, `column "${column}" was opened`)
  return option
}

const asBuffers = { keys: true, values: true, keyEncoding: 'buffer', valueEncoding: 'buffer' } as const

function iteratorOptions(option: ColumnOption, range: Range): IteratorOptions {
  return {
    ...option,
    ...asBuffers,
    ...(range.gte && { gte: range.gte }),
    ...(range.gt && { gt: range.gt }),
    ...(range.lt && { lt: range.lt }),
    ...(range.lte && { lte: range.lte }),
    reverse: range.reverse ?? false,
    limit: range.limit ?? -1,
    // The binding stops after the row that goes above the mark, the contract after the row that reaches it.
    highWaterMarkBytes: Math.min(Math.max((range.bytes ?? 2 ** 31) - 1, 0), 2 ** 31 - 1),
    fillCache: range.cache ?? true,
  }
}
