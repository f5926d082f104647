/**
 * Nodes that send each other requests: routers over their ports, a bus that loses, repeats and delays, and shards that store when they lead. What is
 * stored is one list a partition for all of them, as a shared log would have it.
 */
import * as assert from 'uvu/assert'
import { LocalPort } from '../../actors/local-port.ts'
import { LedPort } from '../../actors/led-port.ts'
import { RemotePorts } from '../../actors/remote-ports.ts'
import { Router } from '../../actors/router.ts'
import { ShardEntrance } from '../../actors/shard-entrance.ts'
import type { Bus, BusMessage } from '../../cluster/bus.ts'
import { type Envelopes, envelopesOf } from '../../cluster/envelopes.ts'
import type { KnownLeader, Leaders } from '../../cluster/leaders.ts'
import { TextHash } from '../../event/hash.ts'
import { type Limits, limitsWith } from '../../event/limits.ts'
import { emptyOutcome, NOT_LEADER, STORED } from '../../event/outcome.ts'
import { RequestView } from '../../event/request-view.ts'
import { StampClock } from '../../event/stamp.ts'
import { partitionOf } from '../../event/stream-id.ts'
import { ForwardedAppends } from '../../runtime/cluster/forwarded-appends.ts'
import { SharedHorizon } from '../../store/log/horizon.ts'
import { ManualTime } from './manual-time.ts'
import { watched } from './shard-scene.ts'

export const streamHash = new TextHash(1, 2)

/** As one process of a node has them. */
export function envelopes(node: string, incarnation: string): Envelopes {
  return envelopesOf(
    { cluster: 'c', node, incarnation },
    why => assert.unreachable(why),
    () => true,
  )
}

export type Fate = 'pass' | 'lose' | 'twice' | 'late'

/** Carries messages on the next turn, or as a fate says. */
export class FaultyNetwork {
  fate: (from: string, subject: string) => Fate = () => 'pass'
  readonly cut = new Set<string>()
  readonly late: (() => void)[] = []
  readonly #listeners = new Map<string, Set<(message: BusMessage) => void>>()

  bus(node: string): Bus {
    const { cut, late } = this
    return {
      publish: (subject, bytes) => {
        const copy = bytes.slice()
        const deliver = (): void => {
          if (!cut.has(node)) for (const call of this.#listeners.get(subject) ?? []) call({ subject, bytes: copy, reply: () => undefined })
        }
        const fate = this.fate(node, subject)
        if (fate === 'late') late.push(deliver)
        if (fate === 'pass' || fate === 'twice') setImmediate(deliver)
        if (fate === 'twice') setImmediate(() => setImmediate(deliver))
      },
      subscribe: (subject, received) => {
        const listeners = this.#listeners.get(subject) ?? new Set()
        this.#listeners.set(subject, listeners.add(received))
        return () => void listeners.delete(received)
      },
      request: () => Promise.reject(new Error('no requests here')),
      get isConnected(): boolean {
        return !cut.has(node)
      },
      close: async () => undefined,
    }
  }
}

/** What a node believes of who leads. */
export class BelievedLeaders implements Leaders {
  readonly self: string
  readonly #leaders = new Map<number, KnownLeader>()
  readonly #calls = new Set<() => void>()

  /** Nodes that nobody hears. */
  readonly silent = new Set<string>()

  constructor(self: string) {
    this.self = self
  }

  isThere(node: string): boolean {
    return !this.silent.has(node)
  }

  of(partition: number): KnownLeader | null {
    return this.#leaders.get(partition) ?? null
  }

  set(partition: number, leader: KnownLeader | null): void {
    if (leader) this.#leaders.set(partition, leader)
    else this.#leaders.delete(partition)
    for (const call of this.#calls) call()
  }

  changed(call: () => void): () => void {
    this.#calls.add(call)
    return () => void this.#calls.delete(call)
  }
}

export interface StoredRequest {
  readonly id: string
  readonly node: string
}

export interface LedNode {
  readonly name: string
  readonly router: Router
  readonly leaders: BelievedLeaders
  readonly ports: LedPort[]
  readonly entrances: ShardEntrance[]
  readonly stamps: StampClock
  /** Requests that came from elsewhere and were refused for what they are. */
  readonly refused: string[]
  readonly incarnation: () => string
  /** Begins anew as another process, with nothing in its hands. */
  restart(): void
  stop(): void
}

export class LedScene {
  readonly time = new ManualTime()
  readonly network = new FaultyNetwork()
  readonly partitions: number
  readonly limits: Limits
  /** Who really leads, and in which term. */
  readonly truth: KnownLeader[]
  readonly stored: StoredRequest[][]
  readonly nodes = new Map<string, LedNode>()
  /** Processes that each node has had. */
  readonly #lives = new Map<string, number>()
  /** Nodes whose shards do nothing. */
  readonly asleep = new Set<string>()

  constructor(names: readonly string[], options: { partitions?: number; limits?: Partial<Limits> } = {}) {
    this.partitions = options.partitions ?? 4
    this.limits = limitsWith({ commitTimeoutMs: 10_000, ...options.limits })
    this.truth = Array.from({ length: this.partitions }, () => ({ node: names[0]!, incarnation: `${names[0]}-1`, term: 1 }))
    this.stored = this.truth.map(() => [])
    for (const name of names) this.nodes.set(name, this.#open(name))
    for (let partition = 0; partition < this.partitions; partition++) this.believe(partition)
  }

  node(name: string): LedNode {
    return this.nodes.get(name)!
  }

  /** Another leader; nobody knows it yet. */
  elect(partition: number, node: string): void {
    this.truth[partition] = { node, term: this.truth[partition]!.term + 1, incarnation: this.node(node).incarnation() }
  }

  /** Another process takes the place of a node's; it has to take its terms anew. */
  restart(name: string): void {
    this.node(name).restart()
    this.truth.forEach(({ node }, partition) => node === name && this.elect(partition, name))
  }

  /** As after kill -9: another process, which knows who leads and nothing of what the one before had asked. */
  reopen(name: string): void {
    this.node(name).stop()
    this.nodes.set(name, this.#open(name))
    for (let partition = 0; partition < this.partitions; partition++) this.believe(partition, name)
  }

  /** A node, or all of them, learns who leads. */
  believe(partition: number, name?: string): void {
    for (const node of this.nodes.values())
      if (name === undefined || node.name === name) node.leaders.set(partition, this.truth[partition]!)
  }

  #open(name: string): LedNode {
    const { limits, partitions, time, network } = this
    const stamps = new StampClock(0, time)
    const leaders = new BelievedLeaders(name)
    const incarnation = (): string => `${name}-${this.#lives.get(name)}`
    const entrances = [0, 1].map(() => new ShardEntrance(limits.mailboxBytes))
    entrances.forEach(entrance => entrance.attach(this.#shard(name)))
    const bus = network.bus(name)
    const refused: string[] = []
    const receive = (): ForwardedAppends => {
      this.#lives.set(name, (this.#lives.get(name) ?? 0) + 1)
      return new ForwardedAppends({
        self: name,
        incarnation: incarnation(),
        bus,
        envelopes: envelopes(name, incarnation()),
        stamps,
        entrances,
        bounds: { partitions, requestEvents: limits.requestEvents, requestStreams: limits.requestStreams, streamHash },
        requestBytesMax: limits.mailboxBytes,
        refused: (_node, why) => refused.push(why),
      })
    }
    let forwarded = receive()
    const remotes = new RemotePorts({
      self: name,
      incarnation: incarnation(),
      bus,
      envelopes: envelopes(name, incarnation()),
      stamps,
      timers: time,
    })
    const router = new Router(2, { partitions, limits, streamHash, stamps, horizon: new SharedHorizon(), durability: 'os', clock: time })
    const ports = entrances.map(entrance => new LedPort({ leaders, entrance, remotes, stamps, limits, clock: time, timers: time }))
    ports.forEach((port, shard) => router.attach(shard, port))
    const restart = (): void => {
      forwarded.stop()
      for (const entrance of entrances) {
        entrance.detach()
        entrance.attach(this.#shard(name))
      }
      forwarded = receive()
    }
    const stop = (): void => {
      router.stop()
      forwarded.stop()
      remotes.stop()
    }
    return { name, router, leaders, ports, entrances, stamps, refused, incarnation, restart, stop }
  }

  /** Stores what comes while its node leads. */
  #shard(name: string): LocalPort {
    const view = new RequestView()
    const port: LocalPort = new LocalPort({
      bytesMax: this.limits.mailboxBytes,
      run: () => {
        if (this.asleep.has(name)) return
        while (port.peek(view)) {
          const outcome = emptyOutcome()
          const list = this.stored[view.partition]!
          if (this.truth[view.partition]!.node === name) {
            const id = Buffer.from(view.bytes.subarray(view.payload, view.payload + view.payloadBytes)).toString()
            list.push({ id: id.length > 40 ? String(id.length) : id, node: name })
            Object.assign(outcome, { status: STORED, version: list.length, sequence: list.length, stamp: view.firstStamp })
          } else outcome.status = NOT_LEADER
          port.answer(view.request, outcome)
          port.take()
        }
        port.flush(port.published + 1)
      },
    })
    return port
  }

  /** Lets everything go on, and time with it. */
  async run(ms: number, stepMs = 5): Promise<void> {
    for (let at = 0; at < ms; at += stepMs) {
      for (let turn = 0; turn < 4; turn++) await new Promise(resolve => setImmediate(resolve))
      this.time.move(stepMs)
    }
    for (let turn = 0; turn < 4; turn++) await new Promise(resolve => setImmediate(resolve))
  }

  stop(): void {
    for (const node of this.nodes.values()) node.stop()
  }
}

/** A stream of a partition. */
export function streamIn(scene: LedScene, partition: number): string {
  for (let n = 0; ; n++) if (partitionOf(`s${n}`, scene.partitions) === partition) return `s${n}`
}

export function append(scene: LedScene, node: string, partition: number, id: string): ReturnType<typeof watched> {
  return watched(scene.node(node).router.append(streamIn(scene, partition), { type: 'a', data: new TextEncoder().encode(id) }))
}

export const idsOf = (scene: LedScene, partition: number): string[] => scene.stored[partition]!.map(({ id }) => id)
