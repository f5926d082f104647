/** Databases with known write-ahead files, and ways to harm a copy of them. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeAheadFiles } from '../../store/damage/write-ahead.ts'
import { openRocks } from '../../store/rocks.ts'

export const columns = { log: 'rising', meta: 'small' } as const

export function temporary(): string {
  return mkdtempSync(join(tmpdir(), 'allsource-write-ahead-'))
}

export const keyOf = (row: number): Uint8Array => Uint8Array.of(row >>> 24, row >>> 16, row >>> 8, row)

/** A value that says which row it is of, of a length that makes records cross blocks now and then. */
export function valueOf(row: number): Uint8Array {
  return new Uint8Array(row % 50 === 49 ? 80_000 : 100 + (row % 7) * 300).fill(row & 255)
}

export interface Written {
  readonly directory: string
  readonly rows: number
}

/** `rows` batches of one row each; with `split`, files are changed now and then because a small column fills its buffer. */
export async function writeDatabase(rows: number, options: { split?: boolean } = {}): Promise<Written> {
  const directory = join(temporary(), 'database')
  const database = await openRocks(directory, { columns })
  const batch = database.batch()
  for (let row = 0; row < rows; row++) {
    batch.put('log', keyOf(row), valueOf(row))
    if (options.split && row % 60 === 59) batch.put('meta', keyOf(row), new Uint8Array(300_000).fill(7))
    database.write(batch, { sync: false })
    batch.clear()
  }
  await database.close()
  return { directory, rows }
}

/** Works on a copy, so that one database serves many trials. */
export async function onCopy(written: Written, work: (directory: string) => Promise<void> | void): Promise<void> {
  const copy = temporary()
  try {
    cpSync(written.directory, copy, { recursive: true })
    await work(copy)
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** The largest write-ahead file: where the rows are. */
export function mainFile(directory: string): string {
  return writeAheadFiles(directory).toSorted((a, b) => readFileSync(b).length - readFileSync(a).length)[0]!
}

export function harm(file: string, change: (content: Buffer) => Buffer | void): void {
  const content = readFileSync(file)
  writeFileSync(file, change(content) ?? content)
}
