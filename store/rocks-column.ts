/** How each kind of column is set up in RocksDB, and why. */
import type { ColumnProfile } from './key-value.ts'

/** What the binding is told of a column; compression is ours, a block at a time, and so always off here. */
export interface ColumnSettings {
  compression: false
  /** `level` compresses with zstd below the first level whatever `compression` says. */
  compaction?: 'level' | 'universal'
  /** Four write buffers, up to six kept, flushed two at a time; counts for nothing without `compaction`. */
  memtableMemoryBudget?: number
  cacheSize: number
}

const MIB = 1024 * 1024

/** The least that RocksDB takes for a write buffer. */
export const SMALL_BUFFER_BYTES = 64 * 1024

/**
 * A file of the write-ahead log is kept until every column has flushed what it holds of it, and the binding can not set a limit below RocksDB's
 * own (4 × the sum of all write buffers): what is written rarely gets small buffers, and `RocksView` fills those of small columns in time.
 * `rising` has RocksDB's defaults (two buffers of 64 MiB): with one compression on all levels and keys that do not overlap, tables are moved
 * down and never rewritten.
 */
const profiles: Readonly<Record<ColumnProfile, ColumnSettings>> = {
  rising: { compression: false, cacheSize: 32 * MIB },
  scattered: { compression: false, compaction: 'level', memtableMemoryBudget: 8 * MIB, cacheSize: 32 * MIB },
  small: { compression: false, compaction: 'universal', memtableMemoryBudget: 4 * SMALL_BUFFER_BYTES, cacheSize: 2 * MIB },
}

/** RocksDB insists on a column of this name; it stays empty. */
const unused: ColumnSettings = { compression: false, compaction: 'universal', memtableMemoryBudget: 4 * SMALL_BUFFER_BYTES, cacheSize: 0 }

/** Settings of all columns; `cacheBytes` replaces the block cache of each column that is not small. */
export function columnSettings(
  columns: Readonly<Record<string, ColumnProfile>>,
  cacheBytes?: number,
): Readonly<Record<string, ColumnSettings>> {
  const settings: Record<string, ColumnSettings> = { default: unused }
  for (const [name, profile] of Object.entries(columns)) {
    settings[name] = profile === 'small' || cacheBytes === undefined ? profiles[profile] : { ...profiles[profile], cacheSize: cacheBytes }
  }
  return settings
}
