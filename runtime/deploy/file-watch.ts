/** Watches the files of a module: says once that they have changed, when they have been quiet for a moment. */
import { type FSWatcher, watch } from 'node:fs'
import { dirname, join } from 'node:path'
import { digestOf, type ModuleFiles } from './module-graph.ts'

/** An editor empties a file before it writes it, and saves several at a time. */
const quietMs = 60
/** Files are looked at this often besides: a folder that was replaced says nothing any more, and some file systems never do. */
const lookMs = 2000

export interface FileWatchParts {
  /** The files as they are now. */
  files(): ModuleFiles
  /** Digest of the files that count as seen; those there are when left out. */
  readonly seen?: string | undefined
  /** Something in them is another than when this was called last. */
  changed(): void
}

export class FileWatch {
  readonly #parts: FileWatchParts
  /** By folder: a file that is replaced by another of its name is another file to the system, and the folder stays. */
  readonly #folders = new Map<string, FSWatcher>()
  readonly #look: ReturnType<typeof setInterval>
  #paths: ReadonlySet<string> = new Set()
  #digest: string
  #quiet: ReturnType<typeof setTimeout> | undefined
  #isClosed = false

  constructor(parts: FileWatchParts) {
    this.#parts = parts
    const digest = this.#read()
    this.#digest = parts.seen ?? digest
    if (digest !== this.#digest) this.#soon()
    this.#look = setInterval(() => this.#soon(), lookMs)
    this.#look.unref()
  }

  #read(): string {
    const files = this.#parts.files()
    this.#paths = new Set(files.keys())
    this.#follow(new Set(Array.from(files.keys(), path => dirname(path))))
    return digestOf(files)
  }

  #follow(folders: ReadonlySet<string>): void {
    for (const folder of [...this.#folders.keys()].filter(one => !folders.has(one))) this.#drop(folder)
    for (const folder of folders) if (!this.#folders.has(folder)) this.#begin(folder)
  }

  #begin(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name === null || this.#paths.has(join(folder, name))) this.#soon()
      })
      watcher.on('error', () => this.#drop(folder))
      this.#folders.set(folder, watcher)
    } catch {
      // Not there, or the system has no more watches: then looking now and then must do.
    }
  }

  #drop(folder: string): void {
    this.#folders.get(folder)?.close()
    this.#folders.delete(folder)
  }

  #soon(): void {
    if (this.#isClosed) return
    clearTimeout(this.#quiet)
    this.#quiet = setTimeout(() => this.#compare(), quietMs)
    this.#quiet.unref()
  }

  #compare(): void {
    if (this.#isClosed) return
    const digest = this.#read()
    if (digest === this.#digest) return
    this.#digest = digest
    this.#parts.changed()
  }

  close(): void {
    this.#isClosed = true
    clearInterval(this.#look)
    clearTimeout(this.#quiet)
    for (const folder of [...this.#folders.keys()]) this.#drop(folder)
  }
}
