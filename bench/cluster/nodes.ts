/** Three nodes of one store over three NATS servers, each a process of its own. */
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { systemClock } from '../../event/clock.ts'
import type { ClusterStatus, HandedOver } from '../../event/cluster.ts'
import type { NatsServers } from '../../test/fixtures/nats-servers.ts'
import { pause } from './load.ts'
import type { Answer, Asks, NodeSettings, Question } from './node-process.ts'

const NODES = ['n1', 'n2', 'n3'] as const
export const PARTITIONS = 32
const SHARDS = 2
const WAIT_MS = 120_000
const LOOK_MS = 20

export class BenchNode {
  readonly settings: NodeSettings
  #child: ChildProcess | null = null
  readonly #asked = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>()
  #id = 0

  constructor(settings: NodeSettings) {
    this.settings = settings
  }

  get id(): string {
    return this.settings.node
  }

  async start(): Promise<void> {
    const child = fork(join(import.meta.dirname, 'node-process.ts'), [JSON.stringify(this.settings)], { stdio: 'inherit' })
    this.#child = child
    running.add(child)
    const ready = new Promise<void>((resolve, reject) => {
      child.on('message', (message: Answer) => {
        if (message.id === 'ready') return resolve()
        const asked = this.#asked.get(message.id)
        this.#asked.delete(message.id)
        if ('error' in message) asked?.reject(new Error(`${this.id}: ${message.error}`))
        else asked?.resolve(message.answer)
      })
      child.once('exit', code => {
        running.delete(child)
        const error = new Error(`${this.id} has ended with ${code}`)
        for (const { reject: refuse } of this.#asked.values()) refuse(error)
        this.#asked.clear()
        reject(error)
      })
    })
    await ready
  }

  ask<Word extends keyof Asks>(word: Word, ask: Asks[Word]['ask']): Promise<Asks[Word]['answer']> {
    const id = ++this.#id
    const answer = new Promise<unknown>((resolve, reject) => this.#asked.set(id, { resolve, reject }))
    this.#child!.send({ id, word, ask } satisfies Question)
    return answer as Promise<Asks[Word]['answer']>
  }

  /** Ends it by SIGKILL. */
  async kill(): Promise<void> {
    const ended = once(this.#child!, 'exit')
    this.#child!.kill('SIGKILL')
    await ended
  }

  /** Its directory is gone as if the machine had been lost; it is not running. */
  async wipe(): Promise<void> {
    await rm(this.settings.directory, { recursive: true, force: true })
  }

  async close(): Promise<void> {
    const ended = once(this.#child!, 'exit')
    await this.ask('close', null)
    await ended
  }
}

export interface BenchNodes {
  readonly nodes: readonly [BenchNode, BenchNode, BenchNode]
  close(): Promise<void>
}

/** Starts all three and waits until every partition is led. */
export async function startNodes(nats: NatsServers, directory: string, name: string): Promise<BenchNodes> {
  const about = { partitions: PARTITIONS, shards: SHARDS, servers: nats.urls, monitors: nats.monitors, name }
  const nodes = NODES.map(node => new BenchNode({ ...about, node, directory: join(directory, name, node) }))
  await Promise.all(nodes.map(node => node.start()))
  await settled(nodes[0]!)
  return {
    nodes: nodes as [BenchNode, BenchNode, BenchNode],
    close: async () => {
      await Promise.all(nodes.map(node => node.close()))
    },
  }
}

export async function until<T>(what: string, look: () => Promise<T | null | false>, waitMs = WAIT_MS): Promise<T> {
  const end = systemClock.monotonic() + waitMs
  for (;;) {
    const found = await look()
    if (found !== null && found !== false) return found
    if (systemClock.monotonic() > end) throw new Error(`not within ${waitMs / 1000} s: ${what}`)
    await pause(LOOK_MS)
  }
}

/** All members are healthy, every partition is led, and no copy lacks more than what is on its way. */
export function settled(node: BenchNode): Promise<ClusterStatus> {
  return until('all nodes are healthy and have caught up', async () => {
    const status = await node.ask('status', null)
    const isSo =
      status.members.length === NODES.length &&
      status.members.every(member => member.health === 'healthy') &&
      status.partitions.every(({ leader, lag }) => leader !== null && Object.values(lag).every(records => records <= 2))
    return isSo && status
  })
}

/** Hands over; tried again while the node that is to lead is not known to have caught up. */
export function handOverTo(asked: BenchNode, ask: Asks['failover']['ask']): Promise<HandedOver[]> {
  return until(`${ask.to} takes over`, () =>
    asked.ask('failover', ask).catch((error: unknown) => {
      if (error instanceof Error && error.message.includes('can not lead')) return null
      throw error
    }),
  )
}

/** A run that dies leaves no node behind. */
const running = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL')
})
