/** Looks at the files of a RocksDB database from outside. */
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { EventStoreError } from '../event/error.ts'

/**
 * RocksDB takes a directory without CURRENT for an empty one and would delete the files of the database that was there. A directory with a
 * manifest alone is let through: it was left by a process that ended while it made the database.
 */
export function refuseHeadless(directory: string, create: boolean): void {
  const current = join(directory, 'CURRENT')
  if (existsSync(current) || (create && !wasMade(directory))) return
  throw new EventStoreError('DAMAGED', `${current} is missing`, { file: current, directory })
}

/** The first write-ahead file is made after CURRENT. */
function wasMade(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).some(name => /\.(sst|log)$/.test(name))
}

/** With its parents where they are missing. Asked for at once, Node says "no such file" when the file system is read-only. */
export function makeDirectory(directory: string): void {
  if (!existsSync(dirname(directory))) mkdirSync(directory, { recursive: true })
  try {
    mkdirSync(directory)
  } catch (error) {
    if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory()) throw error
  }
}

/** Bytes of all its files; one that RocksDB removes meanwhile counts nothing. */
export function sizeOfDirectory(directory: string): number {
  let bytes = 0
  for (const name of readdirSync(directory)) bytes += statSync(join(directory, name), { throwIfNoEntry: false })?.size ?? 0
  return bytes
}
