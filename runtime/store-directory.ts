/** The directory of a store before its databases are opened: what it is, who holds it, and whether its write-ahead files are whole. */
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../event/clock.ts'
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import { checkWriteAhead } from '../store/damage/write-ahead.ts'
import { holderInWords, whoHolds } from '../store/node-file.ts'
import { createStoreFile, expectLayout, readStoreFile, type StoreFile, storeFilePath } from '../store/store-file.ts'
import { type CheckedOptions, defaultShards, PARTITIONS_DEFAULT } from './options.ts'

/** Makes the directory, or refuses one that is not there; NOT_FOUND, READ_ONLY. */
export function makeDirectory(directory: string, create: boolean): void {
  if (existsSync(storeFilePath(directory))) return
  if (!create) throw new EventStoreError('NOT_FOUND', `there is no store in ${directory}`, { directory })
  try {
    mkdirSync(directory, { recursive: true })
  } catch (error) {
    throw new EventStoreError('READ_ONLY', `${directory} can not be made: ${(error as Error).message}`, { directory }, { cause: error })
  }
}

/** What the store is; made when it is new. The caller holds the lock of a database in it, so nobody else makes it at the same time. */
export function identityOf(directory: string, options: CheckedOptions): StoreFile {
  const stored = readStoreFile(directory)
  if (stored) {
    expectLayout(directory, stored, {
      ...(options.partitions === null ? {} : { partitions: options.partitions }),
      ...(options.shards === null ? {} : { shards: options.shards }),
    })
    return stored
  }
  if (readdirSync(directory).some(name => /^shard-\d+$/.test(name))) {
    throw new EventStoreError('DAMAGED', `${storeFilePath(directory)} is missing, though there are shards beside it`, {
      file: storeFilePath(directory),
    })
  }
  const partitions = options.partitions ?? PARTITIONS_DEFAULT
  const shards = Math.min(options.shards ?? defaultShards(partitions), partitions)
  return createStoreFile(directory, { partitions, shards }, systemClock)
}

/** Looks at a database's write-ahead files, which RocksDB would cut at the first bad record without a word. DAMAGED names the file. */
export function refuseDamagedWriteAhead(database: string): void {
  if (!existsSync(database)) return
  const report = checkWriteAhead(database)
  if (report.verdict !== 'damaged') return
  throw new EventStoreError(
    'DAMAGED',
    `${report.cause}; nothing was changed. Restore a backup, or open with acceptLoss to keep what is whole`,
    {
      file: report.files[report.cut!.file]?.file ?? database,
      directory: database,
      at: report.cut!.at,
    },
  )
}

/** Says who holds the directory when a database in it is locked. */
export async function withHolder<T>(directory: string, open: () => Promise<T>): Promise<T> {
  try {
    return await open()
  } catch (error) {
    if (!isEventStoreError(error, 'LOCKED')) throw error
    const holder = whoHolds(directory)
    throw new EventStoreError(
      'LOCKED',
      `${directory} is held by ${holderInWords(directory)}; stop it, or use another directory`,
      { directory, ...(holder?.alive ? { pid: holder.pid } : {}) },
      { cause: error },
    )
  }
}

export const stateDirectory = (directory: string): string => join(directory, 'state')
