/** A private Postgres 15 in a temporary directory, reached by its socket alone; it is asked in one batch and ended. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, globSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Postgres refuses to run as root. */
interface Owner {
  readonly uid?: number
  readonly gid?: number
}

function owner(): Owner {
  if (process.getuid?.() !== 0) return {}
  for (const name of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map(flag => Number(spawnSync('id', [flag, name], { encoding: 'utf8' }).stdout))
    if (uid !== undefined && gid !== undefined && uid > 0) return { uid, gid }
  }
  throw new Error('there is no user postgres or nobody to run Postgres as')
}

/** Where the programs of Postgres 15 lie; without them there is nothing to compare with, which is a failure. */
export function binaries(): string {
  const found = ['/usr/lib/postgresql/15/bin', ...globSync('/usr/{local/,}{lib,lib64,pgsql}{/postgresql,}/15*/bin')].find(path =>
    existsSync(join(path, 'initdb')),
  )
  if (found === undefined) throw new Error('Postgres 15 is missing; on Debian: apt-get install postgresql-15')
  return found
}

export class Postgres {
  readonly #bin: string
  readonly #directory: string
  readonly #owner: Owner
  readonly #server: ChildProcess

  private constructor(parts: { bin: string; directory: string; owner: Owner; server: ChildProcess }) {
    this.#bin = parts.bin
    this.#directory = parts.directory
    this.#owner = parts.owner
    this.#server = parts.server
  }

  static async start(): Promise<Postgres> {
    const bin = binaries()
    const as = owner()
    const directory = mkdtempSync(join(tmpdir(), 'allsource-pg-'))
    if (as.uid !== undefined && as.gid !== undefined) chownSync(directory, as.uid, as.gid)
    const data = join(directory, 'data')
    const options = ['-D', data, '-U', 'postgres', '-A', 'trust', '--locale=C', '-E', 'UTF8', '--no-sync']
    const made = spawnSync(join(bin, 'initdb'), options, { ...as, cwd: directory, encoding: 'utf8' })
    if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
    const settings = ['listen_addresses=', 'fsync=off', 'timezone=UTC', 'max_connections=10', 'shared_buffers=16MB'].flatMap(setting => [
      '-c',
      setting,
    ])
    const server = spawn(join(bin, 'postgres'), ['-D', data, '-k', directory, ...settings], { ...as, cwd: directory, stdio: 'ignore' })
    const postgres = new Postgres({ bin, directory, owner: as, server })
    await postgres.#ready()
    return postgres
  }

  async #ready(): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      if (this.#server.exitCode !== null) throw new Error('Postgres did not start')
      if (spawnSync(join(this.#bin, 'pg_isready'), ['-h', this.#directory, '-U', 'postgres']).status === 0) return
      await sleep(100)
    }
    throw new Error('Postgres was not ready in time')
  }

  /** The lines that a script prints; its first error ends it. */
  run(script: string): string[] {
    const options = ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', '-h', this.#directory, '-U', 'postgres', '-d', 'postgres', '-f', '-']
    const done = spawnSync(join(this.#bin, 'psql'), options, {
      ...this.#owner,
      cwd: this.#directory,
      input: script,
      encoding: 'utf8',
      maxBuffer: 2 ** 30,
    })
    if (done.status !== 0) throw new Error(`psql failed: ${done.stderr.slice(0, 2000)}`)
    return done.stdout.split('\n').filter(line => line !== '')
  }

  async stop(): Promise<void> {
    const ended = new Promise(resolve => this.#server.once('exit', resolve))
    this.#server.kill('SIGINT')
    await ended
    rmSync(this.#directory, { recursive: true, force: true })
  }
}

/** A value as a text constant of SQL that may hold anything. */
export function constant(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return `$sql$${text}$sql$`
}
