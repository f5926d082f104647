/** Sequential clients over HTTP, and the history of all they asked and were told. */
import { setTimeout as sleep } from 'node:timers/promises'
import { type ErrorCode, type EventStoreError, isEventStoreError, type Position } from '../../client/index.ts'
import { partitionOf } from '../../event/stream-id.ts'
import type { Operation } from '../simulation/history.ts'
import type { Random } from '../simulation/random.ts'
import type { NodeProcess } from './cluster-process.ts'
import { PARTITIONS } from './cluster-scene.ts'

/** A stream that has so many is left alone: reads are whole, and histories stay short enough for those who search. */
const STREAM_EVENTS = 200
const STREAMS_AT_A_TIME = 24
const PAUSE_MS = 30
const AFTER_FAILURE_MS = 250
const PROBE_MS = 100
const PROBES_MOST = 40

/** After these nothing may be stored, then or later. */
const refusals: readonly ErrorCode[] = ['NOT_LEADER', 'BUSY', 'CLOSED', 'READ_ONLY', 'UNREACHABLE', 'QUOTA', 'DAMAGED']

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })))

const now = (): number => Number(process.hrtime.bigint())

interface Stream {
  readonly name: string
  /** As far as anybody here has heard. */
  version: number
}

export class Clients {
  readonly history: Operation[] = []
  /** What no client of a sound cluster is told, a sentence each. */
  readonly wrong: string[] = []
  /** By result and, where there was an error, its code. */
  readonly counts = new Map<string, number>()
  readonly #nodes: readonly NodeProcess[]
  readonly #random: Random
  readonly #streams: Stream[] = []
  readonly #probes: Stream[]
  #clients = 0
  #made = 0
  #events = 0
  #isStopping = false
  #running: Promise<void>[] = []
  /** Probes without an answer, which nobody waits for any more. */
  readonly #open = new Set<Promise<void>>()

  constructor(nodes: readonly NodeProcess[], random: Random) {
    this.#nodes = nodes
    this.#random = random
    for (let i = 0; i < STREAMS_AT_A_TIME; i++) this.#streams.push(this.#newStream())
    this.#probes = Array.from({ length: PARTITIONS }, (_, partition) => this.#newStream(partition))
  }

  start(count: number): void {
    this.#running = Array.from({ length: count }, () => this.#go(this.#random.fork()))
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    await Promise.all([...this.#running, ...this.#open])
  }

  /** Any partition, or the one that is asked for. */
  #newStream(partition?: number): Stream {
    for (;;) {
      const name = `s${this.#made++}`
      if (partition === undefined || partitionOf(name, PARTITIONS) === partition) return { name, version: 0 }
    }
  }

  async #go(random: Random): Promise<void> {
    let client = this.#clients++
    let position: Position | undefined
    while (!this.#isStopping) {
      const index = random.below(this.#streams.length)
      const stream = this.#streams[index]!
      if (stream.version >= STREAM_EVENTS) this.#streams[index] = this.#newStream()
      const node = random.pick(this.#nodes)
      if (random.chance(0.6)) {
        const { operation, position: at } = await this.#append(client, node, stream, {
          count: random.chance(0.9) ? 1 : 1 + random.below(8),
          expectedVersion: random.chance(0.8) ? stream.version : undefined,
          bytes: random.chance(0.95) ? 100 : 20_000,
        })
        position = at ?? position
        if (operation.result === 'unknown') client = this.#clients++
        // One that is down answers at once.
        if (operation.result === 'fail') await sleep(AFTER_FAILURE_MS)
      } else {
        const share = random.float()
        const level = share < 0.5 ? 'leader' : share < 0.75 || position === undefined ? 'any' : 'atLeast'
        await this.#read(client, node, stream, level, position)
      }
      await sleep(random.below(PAUSE_MS))
    }
  }

  /**
   * Appends to a partition until one is acknowledged, by any node but the one left out: a new client asks each time, so that one that is not answered
   * does not keep the others waiting. False when `giveUp` came first.
   */
  async probe(partition: number, giveUp: AbortSignal, without?: NodeProcess): Promise<boolean> {
    const asked = this.#nodes.filter(node => node !== without)
    const found = new AbortController()
    const over = Promise.race([aborted(found.signal), aborted(giveUp)])
    const open = new Set<Promise<void>>()
    for (let tries = partition; !found.signal.aborted && !giveUp.aborted; tries++) {
      const one = this.#probeOnce(partition, asked[tries % asked.length]!, found).finally(() => {
        open.delete(one)
        this.#open.delete(one)
      })
      open.add(one)
      this.#open.add(one)
      // A few stay without an answer while there is no leader; the next is asked when there is room.
      const wakes = open.size < PROBES_MOST ? [sleep(PROBE_MS)] : open
      await Promise.race([...wakes, over])
    }
    return found.signal.aborted
  }

  async #probeOnce(partition: number, node: NodeProcess, found: AbortController): Promise<void> {
    if (this.#probes[partition]!.version >= STREAM_EVENTS) this.#probes[partition] = this.#newStream(partition)
    const { operation } = await this.#append(this.#clients++, node, this.#probes[partition]!, { count: 1, bytes: 50 })
    if (operation.result === 'ok') found.abort()
    else await sleep(PROBE_MS)
  }

  async #append(
    client: number,
    node: NodeProcess,
    stream: Stream,
    { count, expectedVersion, bytes }: { count: number; expectedVersion?: number | undefined; bytes: number },
  ): Promise<{ operation: Operation; position?: Position }> {
    const ids = Array.from({ length: count }, () => `e${this.#events++}`)
    const events = ids.map(id => ({ id, type: 'tried', data: { id, padding: 'x'.repeat(bytes) } }))
    const start = now()
    const asked = {
      client,
      op: 'append',
      stream: stream.name,
      ...(expectedVersion !== undefined && { expectedVersion }),
      events: ids,
    } as const
    const end = (result: Operation['result'], version?: number): Operation =>
      this.#write({ ...asked, result, ...(version !== undefined && { version }), start, end: now() })
    try {
      const answer = await node.client.appendToStream(stream.name, events, { ...(expectedVersion !== undefined && { expectedVersion }) })
      if (answer.duplicate) throw new Error('an append without a producer was called a duplicate')
      stream.version = Math.max(stream.version, answer.version)
      this.#count('append ok')
      return { operation: end('ok', answer.version), position: answer.position }
    } catch (thrown) {
      const error = this.#expected(thrown, `append to ${stream.name} at ${node.name}`)
      this.#count(`append ${error?.code ?? 'broken'}`)
      if (error?.code === 'WRONG_EXPECTED_VERSION') {
        const actual = Number(error.details['actual'])
        stream.version = Math.max(stream.version, actual)
        return { operation: end('conflict', actual) }
      }
      return { operation: end(error && refusals.includes(error.code) ? 'fail' : 'unknown') }
    }
  }

  async #read(client: number, node: NodeProcess, stream: Stream, level: 'leader' | 'any' | 'atLeast', position?: Position): Promise<void> {
    const start = now()
    const asked = { client, op: 'read', stream: stream.name, level } as const
    try {
      const events = await readIds(node, stream.name, level === 'atLeast' ? { atLeast: position! } : { level })
      this.#count('read ok')
      this.#write({ ...asked, events, result: 'ok', start, end: now() })
    } catch (thrown) {
      const error = this.#expected(thrown, `read of ${stream.name} at ${node.name}`)
      this.#count(`read ${error?.code ?? 'broken'}`)
      this.#write({ ...asked, events: [], result: 'fail', start, end: now() })
    }
  }

  /** The whole stream, once; the history's last word on it. */
  final(stream: string, events: readonly string[]): void {
    const end = now()
    this.#write({ client: this.#clients++, op: 'final', stream, events, result: 'ok', start: end, end })
  }

  get streams(): string[] {
    return [...new Set(this.history.map(({ stream }) => stream))]
  }

  #write(operation: Operation): Operation {
    this.history.push(operation)
    return operation
  }

  #count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  #expected(error: unknown, what: string): EventStoreError | null {
    const known = isEventStoreError(error) ? error : null
    const isFault = known && (refusals.includes(known.code) || ['WRONG_EXPECTED_VERSION', 'UNKNOWN_OUTCOME'].includes(known.code))
    if (!isFault) this.wrong.push(`${what}: ${String(error)}`)
    return known
  }
}

/** Ids of a stream's events; none for a stream that is not there. Throws when a version is missing or an event is not what was written. */
export async function readIds(
  node: NodeProcess,
  stream: string,
  freshness: { readonly level?: 'leader' | 'any'; readonly atLeast?: Position },
): Promise<string[]> {
  const ids: string[] = []
  try {
    for await (const { id, version, data } of node.client.readStream<{ type: 'tried'; data: { id: string } }>(stream, freshness)) {
      ids.push(id)
      if (version !== ids.length) throw new Error(`${stream} has version ${version} as its ${ids.length}. event`)
      if (data.id !== id) throw new Error(`${stream} holds ${id} with the data of ${data.id}`)
    }
    return ids
  } catch (error) {
    if (isEventStoreError(error) && error.code === 'STREAM_NOT_FOUND') return []
    throw error
  }
}
