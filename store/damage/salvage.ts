/**
 * Opens a way into a database whose write-ahead files are damaged: copies them aside, cuts them where they are whole, and hands out what is whole
 * behind the cut.
 */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { assert } from '../../event/assert.ts'
import type { Clock } from '../../event/clock.ts'
import { BlockFile, findRecord, readRecords } from './write-ahead-records.ts'
import type { Stop } from './write-ahead-records.ts'
import { syncPath } from '../files.ts'
import { writeAheadFiles } from './write-ahead.ts'
import type { WriteAheadReport } from './write-ahead.ts'
import { readWriteBatch } from './write-batch.ts'
import type { BatchRows } from './write-batch.ts'

/** A stretch of a file that could not be read. Sequences are RocksDB's numbers of changes, `nextSequence` −1 when nothing whole follows. */
export interface LostStretch {
  readonly file: string
  readonly at: number
  readonly bytes: number
  readonly firstSequence: number
  readonly nextSequence: number
  readonly cause: string
}

/** Whole batches behind the cut, in order, or a stretch that is lost between them. Read from the quarantine as they are asked for. */
export type Rescued =
  { readonly kind: 'batch'; readonly file: string; readonly batch: BatchRows } | { readonly kind: 'lost'; readonly lost: LostStretch }

export interface Salvage {
  /** Name of the database's directory in the store. */
  readonly database: string
  /** Where the files lie as they were found. */
  readonly quarantine: string
  rescue(): Generator<Rescued>
  /** To be called when all that was rescued is stored and synced; until then `unfinishedSalvages` names this one. */
  finish(): void
}

/** Beside the copies: what was cut, so that a salvage that was interrupted can be taken up again. */
interface Note {
  readonly directory: string
  readonly files: readonly string[]
  readonly cut: { readonly file: number; readonly at: number; readonly sequence: number }
}

const NOTE = 'salvage.json'
const DONE = 'salvage.done'

/** `<store>/quarantine/<time>-<database>`: a folder that does not exist yet. */
export function quarantineFolder(store: string, database: string, clock: Clock): string {
  const time = new Date(clock.now()).toISOString().replaceAll(/[:.]/g, '-')
  const folder = join(store, 'quarantine', `${time}-${basename(database)}`)
  for (let count = 2; ; count++) {
    const free = count === 2 ? folder : `${folder}-${count}`
    if (!existsSync(free)) return free
  }
}

/**
 * Makes a damaged database openable. First all its write-ahead files are copied to `quarantine` and synced; only then the damaged one is cut behind
 * its last whole record and newer ones are removed. What is whole behind the cut is not in the database any more: `rescue` hands it out.
 */
export function salvageWriteAhead(report: WriteAheadReport, quarantine: string): Salvage {
  assert(report.cut !== undefined, 'only damaged files are salvaged')
  const files = writeAheadFiles(report.directory)
  mkdirSync(quarantine, { recursive: true })
  for (const file of files) {
    copyFileSync(file, join(quarantine, basename(file)))
    syncPath(join(quarantine, basename(file)))
  }
  const before = report.files
    .slice(0, report.cut.file + 1)
    .findLast((file, i) => file.nextSequence >= 0 && (i < report.cut!.file || report.cut!.at > 0))
  const cut = { ...report.cut, sequence: before?.nextSequence ?? 0 }
  const note: Note = { directory: report.directory, files: files.map(file => basename(file)), cut }
  writeFileSync(join(quarantine, NOTE), JSON.stringify(note, null, 2))
  for (const path of [join(quarantine, NOTE), quarantine, dirname(quarantine)]) syncPath(path)
  cutFiles(report.directory, note)
  return salvageOf(quarantine, note)
}

/** Salvages of a store that were not finished: their database opens but lacks what `rescue` hands out. */
export function unfinishedSalvages(store: string): Salvage[] {
  const root = join(store, 'quarantine')
  if (!existsSync(root)) return []
  const folders = readdirSync(root).map(name => join(root, name))
  return folders
    .filter(folder => existsSync(join(folder, NOTE)) && !existsSync(join(folder, DONE)))
    .map(folder => salvageOf(folder, JSON.parse(readFileSync(join(folder, NOTE), 'utf8')) as Note))
}

function salvageOf(quarantine: string, note: Note): Salvage {
  return {
    database: basename(note.directory),
    quarantine,
    rescue: () => rescue(quarantine, note),
    finish: () => {
      writeFileSync(join(quarantine, DONE), '')
      syncPath(quarantine)
    },
  }
}

function cutFiles(directory: string, note: Note): void {
  for (const name of note.files.slice(note.cut.file + 1)) rmSync(join(directory, name), { force: true })
  const damaged = join(directory, note.files[note.cut.file]!)
  truncateSync(damaged, note.cut.at)
  syncPath(damaged)
  syncPath(directory)
}

function* rescue(quarantine: string, note: Note): Generator<Rescued> {
  let expected = note.cut.sequence
  for (const [index, name] of note.files.slice(note.cut.file).entries()) {
    const file = join(quarantine, name)
    const blocks = new BlockFile(file)
    try {
      expected = yield* rescueFile(file, blocks, index === 0 ? note.cut.at : 0, expected)
    } finally {
      blocks.close()
    }
  }
}

/** All whole records from `from` on; after each bad place it looks for the next beginning. Returns the sequence that must follow. */
function* rescueFile(file: string, blocks: BlockFile, from: number, after: number): Generator<Rescued, number> {
  let expected = after
  let gap: { at: number; cause: string } | undefined
  for (let at = from; at >= 0 && at < blocks.bytes;) {
    const records = readRecords(blocks, at, true)
    let next = records.next()
    for (; !next.done; next = records.next()) {
      const { start, sequence, count, batch } = next.value
      if (gap !== undefined || (count > 0 && sequence > expected)) {
        yield lostStretch(file, gap ?? { at: start, cause: 'what stood before is in no file' }, { start, expected, sequence })
        gap = undefined
      }
      if (count > 0 && batch !== undefined) yield { kind: 'batch', file, batch: readWriteBatch(batch) }
      expected = Math.max(expected, sequence + count)
    }
    const stop: Stop = next.value
    if (stop.cause === undefined && !stop.unfinished) break
    gap ??= { at: stop.at, cause: stop.cause ?? 'the last record has no end' }
    at = findRecord(blocks, stop.at + 1, expected)
  }
  if (gap !== undefined) yield lostStretch(file, gap, { start: blocks.bytes, expected, sequence: -1 })
  return expected
}

function lostStretch(
  file: string,
  gap: { at: number; cause: string },
  next: { start: number; expected: number; sequence: number },
): Rescued {
  const lost = { file, at: gap.at, bytes: next.start - gap.at, firstSequence: next.expected, nextSequence: next.sequence, cause: gap.cause }
  return { kind: 'lost', lost }
}
