/** `store.json`: what a store is (format, id, partitions, shards), written once and checked at each open. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import type { Clock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import { writeWhole } from './files.ts'

/** Raised when an older version of this program could not read what this one writes. */
export const STORE_FORMAT = 1

export interface StoreFile {
  readonly format: number
  /** 16 hex digits, made with the store. */
  readonly id: string
  readonly partitions: number
  readonly shards: number
  /** ISO 8601. */
  readonly created: string
}

export const storeFilePath = (directory: string): string => join(directory, 'store.json')

/** Over all fields but itself, in their order, so that spaces do not count and later formats may add fields. */
function checksumOf(fields: object): string {
  return crc32(JSON.stringify(Object.entries(fields)))
    .toString(16)
    .padStart(8, '0')
}

/** Makes a new identity and writes it whole. READ_ONLY when the directory can not be written. */
export function createStoreFile(
  directory: string,
  layout: { readonly partitions: number; readonly shards: number; readonly id?: string },
  clock: Clock,
): StoreFile {
  const { partitions, shards, id = Buffer.from(clock.random(8)).toString('hex') } = layout
  const store = { format: STORE_FORMAT, id, partitions, shards, created: new Date(clock.now()).toISOString() }
  const file = storeFilePath(directory)
  try {
    writeWhole(file, Buffer.from(`${JSON.stringify({ ...store, checksum: checksumOf(store) }, null, 2)}\n`))
  } catch (error) {
    throw new EventStoreError('READ_ONLY', `${file} can not be written: ${(error as Error).message}`, { file }, { cause: error })
  }
  return store
}

/** Undefined when there is no such file. DAMAGED when it is not what was written, INCOMPATIBLE when another version wrote it. */
export function readStoreFile(directory: string): StoreFile | undefined {
  const file = storeFilePath(directory)
  if (!existsSync(file)) return undefined
  const { checksum, ...fields } = parseJson(file)
  // Before the format: a flipped digit of it is damage and not another version.
  if (checksum !== checksumOf(fields)) throw damaged(file, 'its checksum does not match')
  const { format, id, partitions, shards, created } = fields
  if (typeof format !== 'number') throw damaged(file, 'it has no format')
  if (format !== STORE_FORMAT) throw otherFormat(file, format)
  const isWhole = typeof id === 'string' && typeof created === 'string' && typeof partitions === 'number' && typeof shards === 'number'
  if (!isWhole) throw damaged(file, 'a field is missing or of another type')
  return { format, id, partitions, shards, created }
}

function otherFormat(file: string, format: number): EventStoreError {
  const age = format > STORE_FORMAT ? 'newer' : 'older'
  const message = `${file} has format ${format}, ${age} than ${STORE_FORMAT}, which this version reads`
  return new EventStoreError('INCOMPATIBLE', message, { file, field: 'format', age, expected: STORE_FORMAT, actual: format })
}

function parseJson(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch (error) {
    throw damaged(file, (error as Error).message)
  }
  throw damaged(file, 'it is not an object')
}

const damaged = (file: string, why: string): EventStoreError => new EventStoreError('DAMAGED', `${file} is damaged: ${why}`, { file })

/** INCOMPATIBLE when the caller asks for other numbers than the store was made with; what is left out is not compared. */
export function expectLayout(directory: string, stored: StoreFile, expected: { partitions?: number; shards?: number }): void {
  for (const field of ['partitions', 'shards'] as const) {
    const wanted = expected[field]
    if (wanted === undefined || wanted === stored[field]) continue
    const message = `${directory} was made with ${stored[field]} ${field}, not ${wanted}; the number is fixed when a store is made`
    throw new EventStoreError('INCOMPATIBLE', message, { field, expected: wanted, actual: stored[field] })
  }
}
