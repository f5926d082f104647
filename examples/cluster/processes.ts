/** The processes of the example: three NATS servers and three nodes on this machine, each on ports of its own that it keeps. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync } from 'node:fs'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '../..')
const count = 3
const deadlineMs = 120_000

/** A program that can be killed and started again as it was. */
export class Program {
  readonly name: string
  /** Asked over HTTP, it answers 200 when it is ready. */
  readonly ready: string
  readonly log: string
  readonly #words: readonly string[]
  #child: ChildProcess | null = null

  constructor(name: string, { words, log, ready }: { words: readonly string[]; log: string; ready: string }) {
    this.name = name
    this.ready = ready
    this.log = log
    this.#words = words
  }

  async start(): Promise<void> {
    const log = openSync(this.log, 'a')
    const [program, ...words] = this.#words
    this.#child = spawn(program!, words, { stdio: ['ignore', log, log], env: environment() })
    closeSync(log)
    running.add(this.#child)
    await once(this.#child, 'spawn')
  }

  /** SIGKILL unless told otherwise. */
  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child
    if (child === null) return
    this.#child = null
    running.delete(child)
    if (child.exitCode !== null || child.signalCode !== null) return
    const ended = once(child, 'exit')
    child.kill(signal)
    await ended
  }

  /** Throws with the end of its log when it has ended or is not ready in time. */
  async untilReady(): Promise<void> {
    const end = performance.now() + deadlineMs
    for (;;) {
      const answer = await fetch(this.ready, { signal: AbortSignal.timeout(2000) }).catch(() => null)
      await answer?.body?.cancel()
      if (answer?.ok) return
      const hasEnded = this.#child === null || this.#child.exitCode !== null || this.#child.signalCode !== null
      if (hasEnded || performance.now() > end) {
        const lines = (await readFile(this.log, 'utf8')).trimEnd().split('\n').slice(-12)
        throw new Error(`${this.name} ${hasEnded ? 'has ended' : 'is not ready'}; the end of its log:\n${lines.join('\n')}`)
      }
      await sleep(100)
    }
  }
}

/** No variable of whoever runs the example configures its nodes. */
function environment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ALLSOURCE_')))
}

const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})

/** Ports that were free a moment ago; asked for all at once, so that they differ. */
async function freePorts(wanted: number): Promise<number[]> {
  const listeners = await Promise.all(
    Array.from({ length: wanted }, async () => {
      const listener = createServer().listen(0, '127.0.0.1')
      await once(listener, 'listening')
      return listener
    }),
  )
  const ports = listeners.map(listener => (listener.address() as AddressInfo).port)
  await Promise.all(listeners.map(listener => once(listener.close(), 'close')))
  return ports
}

export interface NatsServers {
  readonly programs: readonly Program[]
  readonly urls: readonly string[]
  readonly monitors: readonly string[]
}

/** Three servers that sync every write, as a cluster needs them. */
export async function startNats(directory: string): Promise<NatsServers> {
  const { stdout } = await promisify(execFile)(process.execPath, [join(root, 'scripts/nats-server.ts')])
  const ports = await freePorts(count * 3)
  const port = (server: number, kind: number): number => ports[server * 3 + kind]!
  const servers = Array.from({ length: count }, (_, server) => server)
  const routes = servers.map(server => `nats://127.0.0.1:${port(server, 1)}`)
  const programs = await Promise.all(
    servers.map(async server => {
      const place = join(directory, `nats-${server + 1}`)
      await mkdir(place, { recursive: true })
      const file = join(place, 'nats-server.conf')
      const lines = [
        `server_name: nats-${server + 1}`,
        `listen: "127.0.0.1:${port(server, 0)}"`,
        `http: "127.0.0.1:${port(server, 2)}"`,
        `jetstream { store_dir: ${JSON.stringify(join(place, 'store'))}, sync_interval: always }`,
        `cluster { name: example, listen: "127.0.0.1:${port(server, 1)}", routes: ${JSON.stringify(routes)} }`,
      ]
      await writeFile(file, `${lines.join('\n')}\n`)
      const words = [stdout.trim(), '--config', file]
      const program = new Program(`nats-${server + 1}`, {
        words,
        log: join(place, 'log'),
        ready: `http://127.0.0.1:${port(server, 2)}/healthz`,
      })
      await program.start()
      return program
    }),
  )
  await Promise.all(programs.map(program => program.untilReady()))
  return {
    programs,
    urls: servers.map(server => `nats://127.0.0.1:${port(server, 0)}`),
    monitors: servers.map(server => `http://127.0.0.1:${port(server, 2)}`),
  }
}

export interface ClusterNode {
  readonly program: Program
  readonly name: string
  readonly url: string
}

/** `allsource start --cluster …`, three times. */
export async function startNodes(
  directory: string,
  { nats, partitions }: { nats: NatsServers; partitions: number },
): Promise<ClusterNode[]> {
  const ports = await freePorts(count)
  const nodes = await Promise.all(
    ports.map(async (port, at) => {
      const name = `n${at + 1}`
      const place = join(directory, name)
      await mkdir(place, { recursive: true })
      const url = `http://127.0.0.1:${port}`
      const options = {
        data: join(place, 'store'),
        cluster: nats.urls.join(','),
        'nats-monitor': nats.monitors.join(','),
        node: name,
        name: 'example',
        partitions: String(partitions),
        'http-port': String(port),
      }
      const flags = Object.entries(options).flatMap(([flag, value]) => [`--${flag}`, value])
      const words = [process.execPath, join(root, 'runtime/ops/allsource.mjs'), 'start', ...flags]
      const program = new Program(name, { words, log: join(place, 'log'), ready: `${url}/ready` })
      await program.start()
      return { program, name, url }
    }),
  )
  await Promise.all(nodes.map(({ program }) => program.untilReady()))
  return nodes
}
