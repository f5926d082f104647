/** Looks at the files of a RocksDB database from outside. */
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { EventStoreError } from '../event/error.ts'

/** RocksDB takes a directory without CURRENT for an empty one and would delete the files of the database that was there. */
export function refuseHeadless(directory: string, create: boolean): void {
  const current = join(directory, 'CURRENT')
  if (existsSync(current)) return
  const left = existsSync(directory) && statSync(directory).isDirectory() ? readdirSync(directory) : []
  if (create && !left.some(name => /\.(sst|log)$|^MANIFEST-/.test(name))) return
  throw new EventStoreError('DAMAGED', `${current} is missing`, { file: current, directory })
}

/** Bytes of all its files; one that RocksDB removes meanwhile counts nothing. */
export function sizeOfDirectory(directory: string): number {
  let bytes = 0
  for (const name of readdirSync(directory)) bytes += statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0
  return bytes
}
