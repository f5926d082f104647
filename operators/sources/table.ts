/** Tables to look rows up in: a file beside the topology's module, as columns with an index over the key. */
import { readFile } from 'node:fs/promises'
import { EventStoreError } from '../../event/error.ts'
import type { Column } from '../flow.ts'
import { columnsOf } from '../page.ts'
import { csvRows } from './csv.ts'

export const tableFormats = ['csv', 'json', 'ndjson', 'parquet'] as const
export type TableFormat = (typeof tableFormats)[number]

/** A table as a topology names it. */
export interface TableUse {
  /** Path or URL (file, http, https, data), resolved against the topology's module. */
  readonly file: string
  /** Column to look up. */
  readonly key: string
  /** Told from the ending of the file when left out. */
  readonly format?: TableFormat
}

export interface Table {
  readonly columns: ReadonlyMap<string, Column>
  /** Row of a key, numbers and texts alike by their text; of equal keys the last row. */
  readonly rowOfKey: ReadonlyMap<string, number>
}

/** Reads the whole table; INVALID when it can not be read, or has no such key. */
export async function readTable(use: TableUse, module: string): Promise<Table> {
  const format = formatOf(use)
  const url = new URL(use.file, module)
  const bytes = await bytesOf(url).catch((cause: unknown) => {
    throw new EventStoreError('INVALID', `can not read the table ${use.file}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      file: use.file,
    })
  })
  const rows = await rowsOf(bytes, format, use)
  const rowOfKey = new Map<string, number>()
  for (const [index, row] of rows.entries()) {
    const key = row[use.key]
    if (key !== null && key !== undefined) rowOfKey.set(keyText(key), index)
  }
  if (rows.length > 0 && rowOfKey.size === 0) {
    const names = Object.keys(rows[0] ?? {}).join(', ')
    throw new EventStoreError('INVALID', `the table ${use.file} has no column ${use.key}, only ${names}`, { file: use.file, key: use.key })
  }
  return { columns: columnsOf(rows), rowOfKey }
}

/** Keys are compared as texts, because CSV has nothing else. */
export function keyText(value: unknown): string {
  return typeof value === 'object' ? JSON.stringify(value) : String(value as string | number | boolean)
}

export function formatOf(use: TableUse): TableFormat {
  const ending = use.file
    .replace(/[?#].*$/, '')
    .split('.')
    .at(-1)
    ?.toLowerCase()
  const name = use.format ?? (ending === 'jsonl' ? 'ndjson' : ending)
  const format = tableFormats.find(one => one === name)
  if (format !== undefined) return format
  throw new EventStoreError('INVALID', `can not tell the format of ${use.file}; give format: one of ${tableFormats.join(', ')}`, {
    file: use.file,
  })
}

async function bytesOf(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  if (url.protocol === 'file:') return readFile(url) as Promise<Uint8Array<ArrayBuffer>>
  if (!['https:', 'http:', 'data:'].includes(url.protocol)) throw new Error(`a table can not be read by ${url.protocol}`)
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url.href} answered ${answer.status}`)
  return new Uint8Array(await answer.arrayBuffer())
}

async function rowsOf(bytes: Uint8Array<ArrayBuffer>, format: TableFormat, use: TableUse): Promise<Record<string, unknown>[]> {
  try {
    if (format === 'parquet') {
      const { parquetRows } = await import('./parquet.ts')
      return await parquetRows(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
    }
    return textRows(new TextDecoder('utf-8', { fatal: true }).decode(bytes), format)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new EventStoreError('INVALID', `the table ${use.file} is not ${format}: ${why}`, { file: use.file })
  }
}

function textRows(text: string, format: 'csv' | 'json' | 'ndjson'): Record<string, unknown>[] {
  if (format === 'csv') return csvRows(text)
  const lines = text.split('\n').filter(line => line.trim() !== '')
  const rows: unknown = format === 'json' ? JSON.parse(text) : lines.map(line => JSON.parse(line) as unknown)
  if (Array.isArray(rows) && rows.every(isRow)) return rows
  throw new TypeError('it must hold a list of objects')
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
