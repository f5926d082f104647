/** Reads a Parquet file as rows; the only door to hyparquet for tables. */
import { parquetReadObjects } from 'hyparquet'
import { compressors } from 'hyparquet-compressors'

/** All rows; integers of 64 bits become numbers when that loses nothing, dates become milliseconds. */
export async function parquetRows(bytes: ArrayBuffer): Promise<Record<string, unknown>[]> {
  const rows = await parquetReadObjects({ file: bytes, compressors })
  return rows.map(row => Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])))
}

function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString()
  return value instanceof Date ? value.getTime() : value
}
