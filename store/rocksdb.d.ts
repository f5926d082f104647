/** The part of `@nxtedition/rocksdb` that `store/rocks.ts` uses: its native functions. The package has no types of its own. */
declare module '@nxtedition/rocksdb/binding.js' {
  /** Pointers into the native side, each only good for the function that names it. */
  export interface DatabasePointer {
    readonly database: never
  }
  export interface ColumnPointer {
    readonly column: never
  }
  export interface BatchPointer {
    readonly batch: never
  }
  export interface IteratorPointer {
    readonly iterator: never
  }
  export type ColumnPointers = Readonly<Record<string, ColumnPointer>>

  export interface ColumnOptions {
    compression: false
    /** Sets write buffers from `memtableMemoryBudget`, which counts for nothing without it. */
    compaction?: 'level' | 'universal'
    memtableMemoryBudget?: number
    cacheSize?: number
  }

  export interface OpenOptions {
    createIfMissing: boolean
    compression: false
    walCompression: false
    parallelism: number
    columns: Readonly<Record<string, ColumnOptions>>
  }

  export interface IteratorOptions {
    column: ColumnPointer
    gte?: Uint8Array
    gt?: Uint8Array
    lt?: Uint8Array
    lte?: Uint8Array
    reverse: boolean
    limit: number
    highWaterMarkBytes: number
    fillCache: boolean
    keys: true
    values: true
    keyEncoding: 'buffer'
    valueEncoding: 'buffer'
  }

  export interface ReadOptions {
    column: ColumnPointer
    fillCache: boolean
    valueEncoding: 'buffer'
  }

  export interface Rows {
    /** A key, its value, the next key, … */
    readonly rows: Uint8Array[]
    readonly finished: boolean
  }

  interface Binding {
    /** By directory: not yet open. By handle: open, owned elsewhere. */
    db_init(directoryOrHandle: string | bigint): DatabasePointer
    /** Of an open database: answers the columns at once and calls nobody. */
    db_open(
      database: DatabasePointer,
      options: Partial<OpenOptions>,
      done: (error: Error | null, columns: ColumnPointers) => void,
    ): ColumnPointers | undefined
    db_close(database: DatabasePointer, done: (error: Error | null) => void): void
    db_get_handle(database: DatabasePointer): bigint
    db_get_location(database: DatabasePointer): string
    db_get_many_sync(database: DatabasePointer, keys: readonly Uint8Array[], options: ReadOptions): (Uint8Array | undefined | null)[]
    db_clear(database: DatabasePointer, options: { column: ColumnPointer; gte: Uint8Array; lt: Uint8Array }): void
    iterator_init(database: DatabasePointer, options: IteratorOptions): IteratorPointer
    iterator_nextv_sync(iterator: IteratorPointer, rowsMax: number): Rows
    iterator_close(iterator: IteratorPointer): void
    batch_init(): BatchPointer
    batch_put(batch: BatchPointer, key: Uint8Array, value: Uint8Array, options: { column: ColumnPointer }): void
    batch_del(batch: BatchPointer, key: Uint8Array, options: { column: ColumnPointer }): void
    batch_clear(batch: BatchPointer): void
    batch_write(database: DatabasePointer, batch: BatchPointer, options: { sync: boolean }): void
  }

  const binding: Binding
  export default binding
}
