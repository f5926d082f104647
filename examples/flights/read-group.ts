/** Worker of the pool: decodes one row group of the Parquet file straight into the shared columns. */
import { zstdDecompressSync } from 'node:zlib'
import { asyncBufferFromFile, parquetMetadataAsync, parquetRead } from 'hyparquet'
import type { FileMetaData } from 'hyparquet'
import type { GroupAnswer, GroupTask } from './columns.ts'

type Decoded = ArrayLike<unknown>

/** Node's own zstd is several times faster than one written in JavaScript. */
const compressors = { ZSTD: (bytes: Uint8Array): Uint8Array => new Uint8Array(zstdDecompressSync(bytes)) }
/** Milliseconds as plain numbers: a Date for each value would cost more than all the rest. */
const parsers = { timestampFromMicroseconds: (micros: bigint): number => Number(micros) / 1000 }

let metadata: FileMetaData | undefined

export async function readGroup(task: GroupTask): Promise<GroupAnswer> {
  const { columns } = task
  const file = await asyncBufferFromFile(task.path)
  metadata ??= await parquetMetadataAsync(file)
  const airports = { origin: new Codes(), destination: new Codes() }
  const writers: Record<string, (values: Decoded, at: number) => void> = {
    date: (values, at) => copyNumbers('date', values, columns.date, at),
    delay: (values, at) => copyNumbers('delay', values, columns.delay, at),
    distance: (values, at) => copyNumbers('distance', values, columns.distance, at),
    origin: (values, at) => airports.origin.copy('origin', values, columns.origin, at),
    destination: (values, at) => airports.destination.copy('destination', values, columns.destination, at),
  }
  await parquetRead({
    file,
    metadata,
    rowStart: task.firstRow,
    rowEnd: task.firstRow + task.rows,
    columns: Object.keys(writers),
    compressors,
    parsers: parsers as never,
    onChunk: ({ columnName, columnData, rowStart }) => writers[columnName]?.(columnData, rowStart),
  })
  return { origins: airports.origin.names, destinations: airports.destination.names }
}

function copyNumbers(name: string, values: Decoded, into: Float64Array | Int32Array, at: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]
    if (value === null || value === undefined) throw new Error(`${name} of row ${at + i} is null`)
    into[at + i] = Number(value)
  }
}

/** Numbers names as they come. */
class Codes {
  readonly names: string[] = []
  readonly #codes = new Map<string, number>()

  copy(name: string, values: Decoded, into: Uint16Array, at: number): void {
    for (let i = 0; i < values.length; i++) {
      const value = values[i]
      if (typeof value !== 'string') throw new Error(`${name} of row ${at + i} is not a text`)
      into[at + i] = this.#codes.get(value) ?? this.#add(value)
    }
  }

  #add(name: string): number {
    this.#codes.set(name, this.names.length)
    return this.names.push(name) - 1
  }
}
