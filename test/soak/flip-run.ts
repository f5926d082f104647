/** Harms copies of a store, one place at a time, and has another process look at each. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import type { Look } from './flip-look.ts'
import { type Baseline, makeStore } from './flip-store.ts'

export interface Harm {
  readonly store: string
  readonly file: string
  readonly kind: string
  readonly how: 'flip' | 'cut' | 'zero'
  readonly at: number
}

export interface Harmed {
  readonly harm: Harm
  readonly look: Look
  /** The harmed file, or its database, is in the words. */
  readonly names: 'file' | 'database' | 'neither'
}

interface Looker {
  readonly child: ChildProcess
  readonly lines: Interface
  /** What to think of it when it ends by itself. */
  readonly ended: Promise<Look>
}

const PAGE = 4096
/** A look takes less than a second; a process that hangs must not hang the test. */
const LOOK_MS = 60_000

export class FlipRun {
  readonly #root: string
  readonly #stores = new Map<string, { directory: string; baseline: Baseline; files: Map<string, string[]> }>()
  #looker: Looker | null = null
  #count = 0

  constructor(root: string) {
    this.#root = root
  }

  /** `closed` and `killed`: the second may have a tail younger than its witness. */
  async make(): Promise<void> {
    for (const name of ['closed', 'killed']) {
      const directory = join(this.#root, name)
      const baseline = await makeStore(directory, name === 'closed')
      this.#stores.set(name, { directory, baseline, files: filesOf(directory) })
    }
  }

  async one(): Promise<Harmed> {
    const harm = this.#choose()
    const directory = join(this.#root, `harmed-${this.#count++}`)
    cpSync(this.#stores.get(harm.store)!.directory, directory, { recursive: true })
    apply(join(directory, harm.file), harm)
    const look = await this.#look(directory, harm.store)
    if (look.class !== 'wrong') rmSync(directory, { recursive: true, force: true })
    const database = harm.file.split('/')[0]!
    const names =
      look.words.includes(`/${harm.file}`) || look.words.includes(harm.file.split('/').at(-1)!)
        ? 'file'
        : look.words.includes(database)
          ? 'database'
          : 'neither'
    return { harm, look, names }
  }

  /** A kind of file first, so that small files have their turn as often as large ones. */
  #choose(): Harm {
    for (;;) {
      const store = Math.random() < 0.7 ? 'closed' : 'killed'
      const { directory, files } = this.#stores.get(store)!
      const kind = pick([...files.keys()])
      const file = pick(files.get(kind)!)
      const bytes = readFileSync(join(directory, file))
      const chance = Math.random()
      const how = chance < 0.7 ? 'flip' : chance < 0.85 ? 'cut' : 'zero'
      if (bytes.length === 0) continue
      const at = Math.floor(Math.random() * bytes.length)
      if (how === 'zero' && pageOf(bytes, at).every(byte => byte === 0)) continue
      return { store, file, kind, how, at }
    }
  }

  async #look(directory: string, store: string): Promise<Look> {
    this.#looker ??= this.#start()
    const { child, lines, ended } = this.#looker
    const answered = once(lines, 'line').then(([line]) => JSON.parse(line as string) as Look)
    const patience = setTimeout(() => child.kill('SIGKILL'), LOOK_MS)
    child.stdin!.write(`${JSON.stringify({ directory, name: store })}\n`)
    const look = await Promise.race([answered, ended])
    clearTimeout(patience)
    if (child.exitCode !== null || child.signalCode !== null) this.#looker = null
    return look
  }

  #start(): Looker {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'flip-look.ts')], { stdio: ['pipe', 'pipe', 'inherit'] })
    for (const [name, { baseline }] of this.#stores) child.stdin.write(`${JSON.stringify({ name, baseline })}\n`)
    const ended = once(child, 'exit').then(([code, signal]): Look => ({
      class: 'wrong',
      words: `the process ended with ${signal ?? code}`,
    }))
    return { child, lines: createInterface({ input: child.stdout }), ended }
  }

  /** False: the process that looked does not end, so a node that was closed or refused left something running. */
  async end(): Promise<boolean> {
    if (!this.#looker) return true
    const { child } = this.#looker
    const exited = once(child, 'exit')
    child.stdin!.end()
    const patience = setTimeout(() => child.kill('SIGKILL'), LOOK_MS)
    const [, signal] = await exited
    clearTimeout(patience)
    return signal === null
  }
}

const pick = <T>(from: readonly T[]): T => from[Math.floor(Math.random() * from.length)]!

const pageOf = (bytes: Buffer, at: number): Buffer => bytes.subarray(at - (at % PAGE), at - (at % PAGE) + PAGE)

function apply(file: string, { how, at }: Harm): void {
  const bytes = readFileSync(file)
  if (how === 'flip') bytes[at]! ^= 1 << Math.floor(Math.random() * 8)
  else if (how === 'zero') pageOf(bytes, at).fill(0)
  writeFileSync(file, how === 'cut' ? bytes.subarray(0, at) : bytes)
}

/** Files by kind, such as `shard .sst` or `witness`. */
function filesOf(directory: string): Map<string, string[]> {
  const files = new Map<string, string[]>()
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!statSync(join(directory, name)).isFile() || /(?:LOCK|node\.json)$/.test(name)) continue
    const kind = kindOf(name)
    files.set(kind, [...(files.get(kind) ?? []), name])
  }
  return files
}

function kindOf(path: string): string {
  const [folder, name] = path.includes('/') ? (path.split('/') as [string, string]) : ['', path]
  const file = /\.(?:log|sst)$/.exec(name)?.[0] ?? name.replace(/-?\d+(?:\.old.*)?$/, '').replace(/\.old\..*$/, '')
  return folder === '' ? file : `${folder.replace(/-\d+$/, '')} ${file}`
}
