/** The part of `@nxtedition/rocksdb` that `store/rocks.ts` uses; the package has no types of its own. */
declare module '@nxtedition/rocksdb' {
  /** A pointer to a column family; only good for the database it came from. */
  export type ColumnPointer = { readonly pointer: never }

  export interface ColumnOptions {
    compression?: boolean
    /** Sets write buffers from `memtableMemoryBudget`, which counts for nothing without it. */
    compaction?: 'level' | 'universal'
    memtableMemoryBudget?: number
    cacheSize?: number
    optimize?: 'point-lookup'
  }

  interface OpenOptions extends ColumnOptions {
    createIfMissing?: boolean
    walCompression?: boolean
    parallelism?: number
    columns?: Record<string, ColumnOptions>
  }

  export interface QueryOptions {
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

  export interface ChainedBatch {
    _put(key: Uint8Array, value: Uint8Array, options: { column: ColumnPointer }): void
    _del(key: Uint8Array, options: { column: ColumnPointer }): void
    _clear(): void
    _writeSync(options: { sync: boolean }): void
  }

  export class RocksLevel {
    constructor(locationOrHandle: string | bigint, options?: { keyEncoding: 'buffer'; valueEncoding: 'buffer' })
    readonly status: 'opening' | 'open' | 'closing' | 'closed'
    readonly handle: bigint
    readonly location: string
    readonly columns: Readonly<Record<string, ColumnPointer>>
    open(options: OpenOptions): Promise<void>
    close(): Promise<void>
    detachResource(resource: unknown): void
    querySync(options: QueryOptions): { rows: Uint8Array[]; finished: boolean }
    _getManySync(
      keys: readonly Uint8Array[],
      options: { column: ColumnPointer; fillCache: boolean; valueEncoding: 'buffer' },
    ): (Uint8Array | undefined | null)[]
    _chainedBatch(): ChainedBatch
    _clear(options: { column: ColumnPointer; gte: Uint8Array; lt: Uint8Array }, callback: (error: Error | null) => void): void
  }
}
