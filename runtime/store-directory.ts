/** The directory of a store around its databases: what it is, who holds it, and whether it was made to its end. */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../event/clock.ts'
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import { openWitness } from '../store/damage/witness.ts'
import { syncPath } from '../store/files.ts'
import { holderInWords, whoHolds, writeNodeFile } from '../store/node-file.ts'
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

/** There from before the identity is written until all files of a new store are: without it, a file that is missing was lost. */
const makingPath = (directory: string): string => join(directory, 'making')

/** True when there is no store, or one that was not made to its end and so never took an event. */
export const isNewStore = (directory: string): boolean => !existsSync(storeFilePath(directory)) || existsSync(makingPath(directory))

/**
 * What the store is; made when it is new, as that of a cluster if there is one. The caller holds the lock of a database in it, so nobody else makes
 * it at the same time.
 */
export function identityOf(
  directory: string,
  options: CheckedOptions,
  cluster?: { readonly id: string; readonly partitions: number },
): StoreFile {
  const stored = existsSync(makingPath(directory)) ? undefined : readStoreFile(directory)
  if (stored) {
    expectLayout(directory, stored, {
      ...(options.partitions === null ? {} : { partitions: options.partitions }),
      ...(options.shards === null ? {} : { shards: options.shards }),
    })
    return stored
  }
  if (!existsSync(makingPath(directory)) && readdirSync(directory).some(name => /^(?:shard|witness)-\d+$/.test(name))) {
    throw new EventStoreError('DAMAGED', `${storeFilePath(directory)} is missing, though there are shards beside it`, {
      file: storeFilePath(directory),
    })
  }
  const partitions = cluster?.partitions ?? options.partitions ?? PARTITIONS_DEFAULT
  const shards = Math.min(options.shards ?? defaultShards(partitions), partitions)
  orReadOnly(directory, () => {
    writeFileSync(makingPath(directory), '')
    syncPath(directory)
  })
  return createStoreFile(directory, { partitions, shards, ...(cluster && { id: cluster.id }) }, systemClock)
}

/** From the first open on a store has witnesses: one that is missing tells nothing and is damage. */
export function makeWitnesses(directory: string, { partitions, shards }: StoreFile): void {
  for (let shard = 0; shard < shards; shard++) {
    const witness = openWitness(witnessFile(directory, shard))
    witness.write(new Float64Array(ranksOf({ partitions, shards, shard })), { sync: true })
    witness.close()
  }
}

/** All files of a new store are there: from now on one that is missing is damage. */
export function finishStore(directory: string): void {
  orReadOnly(directory, () => {
    rmSync(makingPath(directory))
    syncPath(directory)
  })
}

function orReadOnly(directory: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    throw new EventStoreError('READ_ONLY', `${directory} can not be written: ${(error as Error).message}`, { directory }, { cause: error })
  }
}

/** Tells others which process has the store open. */
export function announce(directory: string): void {
  orReadOnly(directory, () => writeNodeFile(directory))
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
      { directory, ...(holder?.alive ? { pid: holder.pid, addresses: holder.addresses } : {}) },
      { cause: error },
    )
  }
}

export const stateDirectory = (directory: string): string => join(directory, 'state')

export const shardName = (shard: number): string => `shard-${String(shard).padStart(2, '0')}`

export const witnessFile = (directory: string, shard: number): string => join(directory, `witness-${String(shard).padStart(2, '0')}`)

/** Partitions of a shard. */
export const ranksOf = ({ partitions, shards, shard }: { partitions: number; shards: number; shard: number }): number =>
  Math.ceil((partitions - shard) / shards)
