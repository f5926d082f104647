/**
 * Tells a torn tail from damage in RocksDB's write-ahead files before they are opened: RocksDB itself takes a bad record in the middle for the end
 * and drops, without a word, everything behind it.
 */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { BlockFile, findRecord, isUnknownType, readRecords } from './write-ahead-records.ts'

/**
 * `torn`: the last record is incomplete, as after a crash during a write. `damaged`: something whole begins behind the bad place, or
 * sequences do not join.
 */
export type Verdict = 'clean' | 'torn' | 'damaged'

export interface WriteAheadFile {
  readonly file: string
  readonly bytes: number
  readonly records: number
  /** RocksDB's numbers of the first change and of the one that must follow the last; −1 when there is none. */
  readonly firstSequence: number
  readonly nextSequence: number
  /** Up to here all records are whole. */
  readonly goodBytes: number
  readonly verdict: Verdict
  readonly cause: string
}

/** Where the good part of all files ends: everything before is whole and joined, everything behind is not. */
export interface Cut {
  /** Index into `files`. */
  readonly file: number
  readonly at: number
}

export interface WriteAheadReport {
  readonly directory: string
  readonly verdict: Verdict
  readonly files: readonly WriteAheadFile[]
  /** One sentence that names the file; empty when clean. */
  readonly cause: string
  /** Present exactly when damaged. */
  readonly cut?: Cut
}

/** The write-ahead files of a database, oldest first. */
export function writeAheadFiles(directory: string): string[] {
  return readdirSync(directory)
    .filter(name => /^\d+\.log$/.test(name))
    .toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map(name => join(directory, name))
}

/** Reads all files once, a MiB at a time; no thread may have the database open. */
export function checkWriteAhead(directory: string): WriteAheadReport {
  const files: WriteAheadFile[] = []
  for (const file of writeAheadFiles(directory)) files.push(checkFile(file, lastSequence(files)))
  const torn = files.findLast(file => file.verdict === 'torn')
  const damage = findDamage(files)
  if (damage !== undefined) return { directory, verdict: 'damaged', files, ...damage }
  return {
    directory,
    verdict: torn ? 'torn' : 'clean',
    files,
    cause: torn ? `${torn.file} ends in the middle of a record at byte ${torn.goodBytes}` : '',
  }
}

function lastSequence(files: readonly WriteAheadFile[]): number {
  return files.findLast(file => file.nextSequence >= 0)?.nextSequence ?? -1
}

/** A torn tail is normal only where nothing was written after it; sequences must join from file to file. */
function findDamage(files: readonly WriteAheadFile[]): { cause: string; cut: Cut } | undefined {
  let expected = -1
  for (const [index, file] of files.entries()) {
    if (file.records > 0 && expected >= 0 && file.firstSequence !== expected) {
      const cause = `${file.file} begins at change ${file.firstSequence}, but ${expected} must follow what is before it`
      return { cause, cut: { file: index, at: 0 } }
    }
    const cut = { file: index, at: file.goodBytes }
    if (file.verdict === 'damaged') return { cause: `${file.file} at byte ${file.goodBytes}: ${file.cause}`, cut }
    if (file.verdict === 'torn' && files.slice(index + 1).some(later => later.records > 0 || later.verdict !== 'clean')) {
      return { cause: `${file.file} at byte ${file.goodBytes}: ${file.cause}, though newer files follow`, cut }
    }
    if (file.nextSequence >= 0) expected = file.nextSequence
  }
  return undefined
}

function checkFile(file: string, after: number): WriteAheadFile {
  const blocks = new BlockFile(file)
  try {
    return checkBlocks(file, blocks, after)
  } finally {
    blocks.close()
  }
}

function checkBlocks(file: string, blocks: BlockFile, after: number): WriteAheadFile {
  const seen = { file, bytes: blocks.bytes, records: 0, firstSequence: -1, nextSequence: -1, goodBytes: 0 }
  const records = readRecords(blocks, 0, false)
  for (;;) {
    const { value, done } = records.next()
    if (done) {
      seen.goodBytes = value.at
      if (value.cause === undefined && !value.unfinished) return { ...seen, verdict: 'clean', cause: '' }
      const cause = value.cause ?? 'the last record has no end'
      const expected = Math.max(seen.nextSequence, after, 0)
      // A record is synced before the next begins, and the pages of the last one reach the disk in any order: pieces that only go on
      // with a record prove nothing, one that begins behind the bad place proves that this was not the last.
      const behind = value.cause === undefined ? -1 : findRecord(blocks, value.at + 1, expected)
      if (behind >= 0) return { ...seen, verdict: 'damaged', cause: `${cause}, with whole records behind it` }
      return { ...seen, verdict: isUnknownType(cause) ? 'damaged' : 'torn', cause }
    }
    // Opening may write an empty batch with a number that is used again.
    if (value.count === 0) continue
    if (seen.nextSequence >= 0 && value.sequence !== seen.nextSequence) {
      return {
        ...seen,
        goodBytes: value.start,
        verdict: 'damaged',
        cause: `change ${value.sequence} stands where ${seen.nextSequence} must`,
      }
    }
    if (seen.firstSequence < 0) seen.firstSequence = value.sequence
    seen.nextSequence = value.sequence + value.count
    seen.records++
  }
}
