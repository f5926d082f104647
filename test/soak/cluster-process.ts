/** One node of the cluster as people run it: the command `allsource start`, killed, stopped and started again on the same directory and address. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type RemoteTenant } from '../../client/index.ts'
import type { NodePlace } from './cluster-network.ts'
import type { Proxy } from './cluster-proxy.ts'

const program = join(import.meta.dirname, '../../runtime/ops/allsource.mjs')
/** A node that has not begun after this long on a loaded machine never will. */
const READY_MS = 240_000
const ANSWER_MS = 15_000
/** What the command ends with when NATS is not reached, or the one before still holds the directory. */
const UNREACHED = 5

export interface ProcessOptions {
  readonly name: string
  readonly directory: string
  readonly log: string
  readonly place: NodePlace
  readonly port: number
  /** To the NATS servers, and to their monitoring. */
  readonly proxies: readonly Proxy[]
  readonly monitors: readonly Proxy[]
  readonly partitions: number
}

/** It ended instead of serving. */
export class Refused extends Error {
  readonly code: number | null
  constructor(name: string, code: number | null, words: string) {
    super(`${name} ended with ${code}: ${words}`)
    this.code = code
  }
}

export class NodeProcess {
  readonly name: string
  readonly directory: string
  readonly options: ProcessOptions
  /** Asks once; what is not answered is not asked again, so that each answer is that of one request. */
  readonly client: RemoteTenant
  #child: ChildProcess | null = null
  #isMeant = false

  constructor(options: ProcessOptions) {
    this.options = options
    this.name = options.name
    this.directory = options.directory
    this.client = connect({ url: `http://${options.place.host}:${options.port}`, timeoutMs: ANSWER_MS, retry: { attempts: 1 } })
  }

  get isRunning(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** It ended though nobody had told it to. */
  get hasEnded(): boolean {
    return this.#isMeant && !this.isRunning
  }

  /** Until it serves; again and again while it does not reach NATS, as one who watches over processes does. Throws `Refused` for anything else. */
  async start(): Promise<void> {
    const end = performance.now() + READY_MS
    for (;;) {
      try {
        await this.#once(end - performance.now())
        this.#isMeant = true
        return
      } catch (error) {
        if (!(error instanceof Refused) || error.code !== UNREACHED || performance.now() > end) throw error
        await sleep(200)
      }
    }
  }

  async #once(patienceMs: number): Promise<void> {
    const { place, port, proxies, monitors, partitions, log } = this.options
    mkdirSync(this.directory, { recursive: true })
    const servers = proxies.map(proxy => `nats://${place.outside}:${proxy.port}`).join(',')
    const monitor = monitors.map(proxy => `http://${place.outside}:${proxy.port}`).join(',')
    const words = [
      'start',
      '--data',
      this.directory,
      '--cluster',
      servers,
      '--nats-monitor',
      monitor,
      '--node',
      this.name,
      '--name',
      'soak',
    ]
    const numbers = [
      '--partitions',
      String(partitions),
      '--shards',
      '2',
      '--workers',
      '1',
      '--host',
      place.host,
      '--http-port',
      String(port),
    ]
    const [command, ...before] = [...place.command, process.execPath]
    writeFileSync(log, `---- ${new Date().toISOString()}\n`, { flag: 'a' })
    const errors = openSync(log, 'a')
    const from = readFileSync(log).length
    const child = spawn(command!, [...before, program, ...words, ...numbers, '--json'], { stdio: ['ignore', 'pipe', errors] })
    closeSync(errors)
    this.#child = child
    running.add(child)
    child.once('exit', () => running.delete(child))
    const isReady = async (): Promise<boolean> => {
      for await (const line of createInterface({ input: child.stdout! })) if (line.includes('"ready":true')) return true
      return false
    }
    const late = new AbortController()
    const ready = await Promise.race([isReady(), sleep(Math.max(1, patienceMs), undefined, { signal: late.signal, ref: false })])
    late.abort()
    if (ready === true) return
    if (this.isRunning) {
      if (ready === undefined) child.kill('SIGKILL')
      await once(child, 'exit')
    }
    throw new Refused(this.name, ready === undefined ? null : child.exitCode, readFileSync(log).subarray(from).toString('utf8'))
  }

  async kill(): Promise<void> {
    this.#isMeant = false
    if (!this.isRunning) return
    const ended = once(this.#child!, 'exit')
    this.#child!.kill('SIGKILL')
    await ended
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child?.kill(signal)
  }

  /** The last of what it wrote on stderr. */
  lastWords(lines = 8): string {
    return readFileSync(this.options.log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n')
  }
}

/** A driver that dies leaves no nodes behind. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
