/** What a directed schedule has in hand: two machines with one partition, led and told what to do step by step. */
import assert from 'node:assert/strict'
import { SERVERS } from '../../cluster/loopback.ts'
import { encodeRecord, type LogRecord, type RecordHead } from '../../cluster/record.ts'
import type { LogAppend, SharedLog } from '../../cluster/shared-log.ts'
import { isEventStoreError } from '../../event/error.ts'
import type { AppendOptions } from '../../event/event-store.ts'
import { ownTime } from './own-time.ts'
import type { Process } from './process.ts'
import { type Machine, World } from './world.ts'

/** The partition of every scene. */
export const P = 0

/** Two machines, one partition, no chance. */
export class Scene {
  readonly world = new World({ seed: 1, nodes: 2, partitions: 1, shards: 1 })
  /** Gives the platform's time back. */
  readonly end: () => void
  #term = 0

  constructor() {
    this.end = ownTime(this.world.time)
    for (const machine of this.world.machines) this.world.start(machine)
  }

  get n1(): Machine {
    return this.world.machines[0]!
  }

  get n2(): Machine {
    return this.world.machines[1]!
  }

  of(machine: Machine): Process {
    return machine.process!
  }

  role(machine: Machine): string {
    return this.of(machine).replicas.roleOf(P)
  }

  async until(holds: () => boolean, what: string, limitMs = 20_000): Promise<void> {
    assert.ok(await this.world.time.until(holds, limitMs), what)
  }

  /** Nothing passes between a machine and the servers. */
  cut({ id }: Machine): void {
    const { wire } = this.world.cluster
    wire.cut(SERVERS, id)
    wire.cut(id, SERVERS)
  }

  async lead(machine: Machine, term = this.#term + 1): Promise<void> {
    const { replication } = this.of(machine).shardOf(P)
    this.#term = term
    this.of(machine).time.after(0, () => replication.lead(P, term, 4_000))
    await this.until(() => replication.leads(P) && this.of(machine).replicas.termOf(P) === term, `${machine.id} leads`)
  }

  /** What becomes of an append at a node: `ok`, `duplicate`, or the code of its error. */
  append(machine: Machine, stream = 's', options: AppendOptions = {}): { outcome: string | null } {
    const told: { outcome: string | null } = { outcome: null }
    const process = this.of(machine)
    process.time.after(0, () => {
      void process.router.append(stream, [{ type: 'noted', data: 1 }], options).then(
        ({ duplicate }) => (told.outcome = duplicate ? 'duplicate' : 'ok'),
        (error: unknown) => (told.outcome = isEventStoreError(error) ? error.code : String(error)),
      )
    })
    return told
  }

  async answer(told: { outcome: string | null }): Promise<string | null> {
    await this.until(() => told.outcome !== null, 'an append is answered')
    return told.outcome
  }

  async appended(machine: Machine, stream = 's', options: AppendOptions = {}): Promise<void> {
    assert.equal(await this.answer(this.append(machine, stream, options)), 'ok')
  }

  /** The first machine leads and has appended one event, which the second one has too. */
  async oneCopied(): Promise<void> {
    await this.lead(this.n1)
    await this.appended(this.n1)
    await this.taken(this.n2)
  }

  /** What a node answers whom it is to prove that it leads. */
  confirm(machine: Machine): { answer: 'confirmed' | 'refused' | null } {
    const told: { answer: 'confirmed' | 'refused' | null } = { answer: null }
    const process = this.of(machine)
    process.time.after(0, () => {
      process
        .shardOf(P)
        .replication.confirm(P)
        .then(
          () => (told.answer = 'confirmed'),
          () => (told.answer = 'refused'),
        )
    })
    return told
  }

  get records(): LogRecord[] {
    return this.world.invariants.partitions[P]!.records.map(({ record }) => record)
  }

  async taken(machine: Machine): Promise<void> {
    await this.until(() => this.of(machine).replicas.indexOf(P) === this.records.at(-1)!.index, `${machine.id} has all records`)
  }

  log(machine: Machine): { append: SharedLog['append'] } {
    return this.of(machine).node.log
  }

  /** The next append of a node goes another way; those behind it as ever. */
  once(machine: Machine, way: (append: () => Promise<LogAppend>) => Promise<LogAppend>): void {
    const log = this.log(machine)
    const real = log.append.bind(log)
    log.append = (partition, after, messages) => {
      log.append = real
      return way(() => real(partition, after, messages))
    }
  }

  /** The next append of a node is held, before it lands or before its answer, until told to go. */
  held(machine: Machine, way: (append: () => Promise<LogAppend>, gone: Promise<void>) => Promise<LogAppend>): () => void {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.once(machine, append => way(append, promise))
    return resolve
  }

  /** A record that nobody of this version writes, behind the last one. */
  forge(change: Partial<RecordHead>, blocks: readonly Uint8Array[] = []): void {
    const last = this.records.at(-1)!
    const { cluster, node, incarnation, term, stamp, sequence, crc, index, partition } = last
    const head = { kind: 'closed', partition, index: index + 1, term, previous: crc, stamp, sequence, cluster, node, incarnation } as const
    const { messages } = encodeRecord({ ...head, ...change }, [], blocks)
    const { log } = this.world.cluster
    log.appended = undefined
    log.append(P, log.messagesOf(P).at(-1)!.sequence, messages)
  }

  async stops(machine: Machine, why: RegExp): Promise<void> {
    const reasons: string[] = []
    this.world.listeners.add((at, event) => {
      if (at === machine && event.kind === 'stopped') reasons.push(event.reason)
    })
    await this.until(() => reasons.length > 0, `${machine.id} stops the partition (${String(why)})`)
    assert.match(reasons[0]!, why)
    assert.equal(this.role(machine), 'stopped')
  }
}
