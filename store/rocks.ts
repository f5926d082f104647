/** A key-value backend on RocksDB: one thread opens and owns a directory, other threads attach to it by handle. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { RocksLevel } from '@nxtedition/rocksdb'
import type { ChainedBatch, ColumnOptions, ColumnPointer, QueryOptions } from '@nxtedition/rocksdb'
import { assert } from '../event/assert.ts'
import { EventStoreError } from '../event/error.ts'
import type { Bytes, ColumnProfile, KeyValue, OwnedKeyValue, Range, Rows, WriteBatch } from './key-value.ts'
import { isCrossed } from './key-value.ts'
import { openFailure, readFailure, writeFailure } from './rocks-failure.ts'

const MIB = 1024 * 1024

/**
 * Column settings by profile. The write-ahead log can grow to 4 × the sum of (write buffer × their most), because the binding can not set
 * that limit, so what is written rarely gets small buffers. `rising` has RocksDB's own defaults (64 MiB × 2): with one compression on all
 * levels and keys that do not overlap, files are moved down and never rewritten. `level` turns zstd on below the first levels.
 */
const profiles: Readonly<Record<ColumnProfile, ColumnOptions>> = {
  rising: { compression: false, cacheSize: 32 * MIB },
  scattered: { compression: false, compaction: 'level', memtableMemoryBudget: 16 * MIB, cacheSize: 32 * MIB },
  small: { compression: false, compaction: 'universal', memtableMemoryBudget: MIB, cacheSize: 2 * MIB },
}

/** RocksDB insists on a column of this name; it stays empty. */
const unusedColumn: ColumnOptions = { compression: false, compaction: 'universal', memtableMemoryBudget: MIB / 4, cacheSize: 0 }

/** `closed` holds the flag (word 0) and, on lines of their own, how many calls run at this moment in attached threads. */
const CALL_SLOTS = 32
const SLOT_WORDS = 16
/** Attached threads have exited when the owner closes; for one that has not, its running call is awaited this long. */
const CLOSE_WAIT_MS = 1_000

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

class RocksBatch<Column extends string> implements WriteBatch<Column> {
  readonly chained: ChainedBatch
  readonly #options: ReadonlyMap<string, ColumnOption>
  #length = 0

  constructor(chained: ChainedBatch, options: ReadonlyMap<string, ColumnOption>) {
    this.chained = chained
    this.#options = options
  }

  get length(): number {
    return this.#length
  }

  put(column: Column, key: Bytes, value: Bytes): void {
    assert(key.length > 0, 'a key has at least one byte')
    this.chained._put(key, value, optionOf(this.#options, column))
    this.#length++
  }

  delete(column: Column, key: Bytes): void {
    this.chained._del(key, optionOf(this.#options, column))
    this.#length++
  }

  clear(): void {
    this.chained._clear()
    this.#length = 0
  }
}

type Failure = (error: unknown, directory: string) => EventStoreError | undefined

/** A thread's view of an open database. All calls are synchronous and run on the calling thread. */
class RocksView<Column extends string> implements KeyValue<Column> {
  readonly supports = { durable: true, handles: true }
  readonly closed: Int32Array
  readonly #database: RocksLevel
  readonly #directory: string
  readonly #options: ReadonlyMap<string, ColumnOption>
  readonly #slot: number
  #nothing: ChainedBatch | undefined
  #refused: EventStoreError | undefined

  constructor(database: RocksLevel, closed: Int32Array) {
    this.#database = database
    this.#directory = database.location
    this.#options = new Map(Object.entries(database.columns).map(([name, column]) => [name, { column }]))
    this.closed = closed
    this.#slot = (1 + (Atomics.add(closed, 1, 1) % CALL_SLOTS)) * SLOT_WORDS
  }

  get(column: Column, key: Bytes): Bytes | undefined {
    return this.getMany(column, [key])[0]
  }

  getMany(column: Column, keys: readonly Bytes[]): (Bytes | undefined)[] {
    return this.#call(readFailure, () => {
      const values = this.#database._getManySync(keys, { ...optionOf(this.#options, column), fillCache: true, valueEncoding: 'buffer' })
      for (const value of values) assert(value !== null, 'getMany is not cut off by size or time')
      return values as (Bytes | undefined)[]
    })
  }

  scan(column: Column, range: Range): Rows {
    return this.#call(readFailure, () => {
      const option = optionOf(this.#options, column)
      const keys: Bytes[] = []
      const values: Bytes[] = []
      if (isCrossed(range)) return { keys, values }
      const { rows } = this.#database.querySync({ ...queryOf(range), ...option })
      for (let i = 0; i < rows.length; i += 2) {
        keys.push(rows[i]!)
        values.push(rows[i + 1]!)
      }
      return { keys, values }
    })
  }

  batch(): WriteBatch<Column> {
    return this.#call(readFailure, () => {
      const chained = this.#database._chainedBatch()
      // The database would hold every batch until it closes; ours are freed with their last reference.
      this.#database.detachResource(chained)
      return new RocksBatch<Column>(chained, this.#options)
    })
  }

  write(batch: WriteBatch<Column>, options: { sync: boolean }): void {
    assert(batch instanceof RocksBatch, 'a batch is written to the backend that made it')
    this.#change(() => batch.chained._writeSync(options))
  }

  deleteRange(column: Column, gte: Bytes, lt: Bytes): void {
    this.#change(() => {
      // The binding tells of a failure only in a later tick; a synced empty batch tells it now, and makes the removal durable.
      this.#database._clear({ ...optionOf(this.#options, column), gte, lt }, error => {
        if (error) this.#refused ??= writeFailure(error, this.#directory)
      })
      this.#nothing ??= this.#database._chainedBatch()
      this.#nothing._writeSync({ sync: true })
    })
  }

  /** After one refused write nothing is written again until restart: a failed sync must not be tried twice. */
  #change(work: () => void): void {
    if (this.#refused) throw this.#refused
    this.#call((error, directory) => (this.#refused = writeFailure(error, directory)), work)
  }

  /** Says "inside" before it looks at the flag, so that an owner that has set the flag and sees nobody inside may close. */
  #call<Result>(failure: Failure, work: () => Result): Result {
    Atomics.add(this.closed, this.#slot, 1)
    try {
      if (Atomics.load(this.closed, 0) !== 0) throw new EventStoreError('CLOSED', 'the database was closed')
      return work()
    } catch (error) {
      throw failure(error, this.#directory) ?? error
    } finally {
      Atomics.sub(this.closed, this.#slot, 1)
    }
  }
}

/** The opener's view. It stays on the thread that opened it, which must outlive every attached thread: the main thread. */
export class RocksOwner<Column extends string> extends RocksView<Column> implements OwnedKeyValue<Column> {
  readonly handle: bigint
  readonly directory: string
  readonly #database: RocksLevel
  #closing: Promise<void> | undefined

  constructor(database: RocksLevel) {
    super(database, new Int32Array(new SharedArrayBuffer(4 * SLOT_WORDS * (1 + CALL_SLOTS))))
    this.#database = database
    this.handle = database.handle
    this.directory = database.location
    owners.add(this)
  }

  sizeBytes(): number {
    return sizeOfDirectory(this.directory)
  }

  close(): Promise<void> {
    this.#closing ??= this.#closeOnce()
    return this.#closing
  }

  async #closeOnce(): Promise<void> {
    Atomics.store(this.closed, 0, 1)
    await this.#callsEnded()
    await this.#database.close()
    owners.delete(this)
  }

  /** A thread that was terminated inside a call never says that it left, hence the end of patience. */
  async #callsEnded(): Promise<void> {
    for (let waitedMs = 0; waitedMs < CLOSE_WAIT_MS; waitedMs++) {
      let inside = 0
      for (let slot = 1; slot <= CALL_SLOTS; slot++) inside += Atomics.load(this.closed, slot * SLOT_WORDS)
      if (inside === 0) return
      await new Promise(resolve => setTimeout(resolve, 1))
    }
  }
}

/** Opens or makes a database and owns it. LOCKED, READ_ONLY, DAMAGED and INCOMPATIBLE as the table of codes says. */
export async function openRocks<Column extends string>(directory: string, options: RocksOptions<Column>): Promise<RocksOwner<Column>> {
  refuseHeadless(directory, options.create ?? true)
  const database = new RocksLevel(directory, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  try {
    await database.open({
      createIfMissing: options.create ?? true,
      compression: false,
      walCompression: false,
      parallelism: 2,
      columns: { default: unusedColumn, ...columnsOf(options) },
    })
  } catch (error) {
    throw openFailure(error, directory) ?? error
  }
  return new RocksOwner<Column>(database)
}

/** Attaches this thread to a database that another thread owns: `handle` and `closed` of its owner. There is nothing to close here. */
export function attachRocks<Column extends string>(handle: bigint, closed: Int32Array): KeyValue<Column> {
  if (Atomics.load(closed, 0) !== 0) throw new EventStoreError('CLOSED', 'the database was closed')
  const database = new RocksLevel(handle, { keyEncoding: 'buffer', valueEncoding: 'buffer' })
  // Attaching to an open database is done when the call returns; the promise only says so once more.
  database.open({ createIfMissing: false }).catch(() => undefined)
  assert(database.status === 'open', 'a handle belongs to an open database')
  return new RocksView<Column>(database, closed)
}

function columnsOf<Column extends string>(options: RocksOptions<Column>): Record<string, ColumnOptions> {
  const columns: Record<string, ColumnOptions> = {}
  for (const [name, profile] of Object.entries<ColumnProfile>(options.columns)) {
    const cacheSize = profile === 'small' ? undefined : options.cacheBytes
    columns[name] = cacheSize === undefined ? profiles[profile] : { ...profiles[profile], cacheSize }
  }
  return columns
}

/** RocksDB takes a directory without CURRENT for an empty one and would delete the files of the database that was there. */
function refuseHeadless(directory: string, create: boolean): void {
  const current = join(directory, 'CURRENT')
  if (existsSync(current)) return
  const left = existsSync(directory) && statSync(directory).isDirectory() ? readdirSync(directory) : []
  if (create && !left.some(name => /\.(sst|log)$|^MANIFEST-/.test(name))) return
  throw new EventStoreError('DAMAGED', `${current} is missing`, { file: current, directory })
}

function optionOf(options: ReadonlyMap<string, ColumnOption>, column: string): ColumnOption {
  const option = options.get(column)
  assert(option !== undefined, `column "${column}" was opened`)
  return option
}

const asBuffers = { keys: true, values: true, keyEncoding: 'buffer', valueEncoding: 'buffer' } as const

function queryOf(range: Range): Omit<QueryOptions, 'column'> {
  return {
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

function sizeOfDirectory(directory: string): number {
  let bytes = 0
  for (const name of readdirSync(directory)) bytes += statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0
  return bytes
}
