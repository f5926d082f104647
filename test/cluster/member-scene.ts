/** Members of a cluster in one thread over the loopback parts and virtual time, with shards that begin at once and obey. */
import * as assert from 'uvu/assert'
import { LoopbackCluster, type LoopbackNode } from '../../cluster/loopback.ts'
import type { MemberCalls, MemberOptions } from '../../cluster/member-options.ts'
import type { MemberStatus } from '../../cluster/member-status.ts'
import { Member } from '../../cluster/member.ts'
import type { Leader } from '../../cluster/term-state.ts'
import { preference } from '../../cluster/placement.ts'
import { type EventStoreError, isEventStoreError } from '../../event/error.ts'
import type { Timers } from '../../event/timers.ts'
import { VirtualTime } from '../simulation/virtual-time.ts'

export const CLUSTER = 'shop-1'
export const PARTITIONS = 12

/** One process: what it was told, and the switches of a test. */
export class MemberProcess implements MemberCalls {
  readonly id: string
  readonly node: LoopbackNode
  readonly member: Member
  /** Term a partition that its shard leads. */
  readonly leads = new Map<number, number>()
  readonly leaders = new Map<number, Leader>()
  told: readonly MemberStatus[] = []
  stamps: number[] = []
  isFollowed = false
  failure: EventStoreError | undefined
  /** Stands still: neither timers nor messages. */
  isStopped = false
  readonly #scene: Scene
  #held: (() => void)[] = []

  constructor(scene: Scene, id: string, options: Partial<MemberOptions> = {}) {
    this.id = id
    this.#scene = scene
    const timers: Timers = { after: (ms, call) => scene.time.after(ms, () => this.#unlessStopped(call)) }
    this.node = scene.loopback.node(id, timers)
    const { bus, registry } = this.node
    const incarnation = `${id}.${scene.starts++}`
    const clock = { now: () => scene.time.nowMs, monotonic: () => scene.time.nowMs, random: (count: number) => new Uint8Array(count) }
    const fixed = { cluster: CLUSTER, zone: 'a', format: 1, disk: `disk-${id}`, partitions: PARTITIONS }
    this.member = new Member({ bus, registry, clock, timers, node: id, incarnation, calls: this, ...fixed, ...options })
  }

  resume(): void {
    this.isStopped = false
    for (const call of this.#held.splice(0)) call()
  }

  /** The process is gone, without a word. */
  kill(): void {
    this.node.leave()
    this.isStopped = true
    this.leads.clear()
  }

  lead(partition: number, term: number): void {
    this.#scene.time.after(1, () =>
      this.#unlessStopped(() => {
        this.#scene.begun(partition, term, this.member)
        this.leads.set(partition, term)
        this.member.started(partition, term)
        for (const { member, isStopped } of this.#scene.processes) if (!isStopped) member.record(partition, term)
      }),
    )
  }

  resign(partition: number, term: number, isPlanned: boolean): void {
    this.leads.delete(partition)
    if (isPlanned) this.#scene.time.after(1, () => this.#unlessStopped(() => this.member.resigned(partition, term)))
  }

  leader(partition: number, leader: Leader): void {
    this.leaders.set(partition, leader)
  }

  members(members: readonly MemberStatus[]): void {
    this.told = members
  }

  stamp(stamp: number): void {
    this.stamps.push(stamp)
  }

  followsAll(isFollowed: boolean): void {
    this.isFollowed = isFollowed
  }

  failed(error: EventStoreError): void {
    this.failure = error
  }

  #unlessStopped(call: () => void): void {
    if (this.isStopped) this.#held.push(call)
    else call()
  }
}

export class Scene {
  readonly time = new VirtualTime()
  readonly loopback: LoopbackCluster
  readonly processes: MemberProcess[] = []
  starts = 0
  /** Who began each term of each partition. */
  readonly terms = new Map<string, Member>()

  /** Starts nodes, one after another. */
  async start(...ids: readonly string[]): Promise<MemberProcess[]> {
    const started: MemberProcess[] = []
    for (const id of ids) {
      const process = this.add(id)
      await this.settle(process.member.start())
      started.push(process)
    }
    return started
  }

  add(id: string, options: Partial<MemberOptions> = {}): MemberProcess {
    const process = new MemberProcess(this, id, options)
    this.processes.push(process)
    return process
  }

  constructor(random: () => number = () => 0) {
    this.loopback = new LoopbackCluster({ timers: this.time, random })
  }

  begun(partition: number, term: number, member: Member): void {
    const key = `${partition} ${term}`
    const before = this.terms.get(key)
    if (before !== undefined && before !== member) throw new Error(`partition ${partition}: two led term ${term}`)
    this.terms.set(key, member)
  }

  /** Lets time pass until a promise is settled; its failure is thrown. */
  async settle<Value>(promise: Promise<Value>): Promise<Value> {
    let isSettled = false
    const noted = promise.finally(() => (isSettled = true))
    noted.catch(() => undefined)
    if (!(await this.time.until(() => isSettled, 120_000))) throw new Error('it never came to an end')
    return noted
  }

  async until(isSo: () => boolean, sentence: string): Promise<void> {
    if (!(await this.time.until(isSo, 120_000))) throw new Error(`never: ${sentence}`)
  }

  async pass(ms: number): Promise<void> {
    await this.time.until(() => false, ms)
  }

  /** Every partition is led by one of these, and all of these know by whom. */
  isLedBy(...processes: readonly MemberProcess[]): boolean {
    return Array.from({ length: PARTITIONS }, (_, partition) => partition).every(partition => {
      const leading = processes.filter(({ leads }) => leads.has(partition))
      const [leader] = leading
      const isKnown = ({ leaders }: MemberProcess): boolean =>
        leaders.get(partition)?.node === leader?.id && leaders.get(partition)?.isStarted === true
      return leading.length === 1 && processes.every(isKnown)
    })
  }
}

export const partitions = Array.from({ length: PARTITIONS }, (_, partition) => partition)

/** The nodes that lead when all is well. */
export function homes(nodes: readonly MemberProcess[]): string[] {
  return partitions.map(
    partition =>
      preference(
        partition,
        nodes.map(({ id: node }) => ({ node, zone: 'a' })),
      )[0]!,
  )
}

export function isAtHome(nodes: readonly MemberProcess[]): boolean {
  const at = homes(nodes)
  return partitions.every(partition => nodes.find(({ id }) => id === at[partition])?.leads.has(partition) === true)
}

export async function three(): Promise<[Scene, MemberProcess, MemberProcess, MemberProcess]> {
  const scene = new Scene()
  const [n1, n2, n3] = await scene.start('n1', 'n2', 'n3')
  await scene.until(() => isAtHome([n1!, n2!, n3!]) && scene.isLedBy(n1!, n2!, n3!), 'all leads where it should')
  return [scene, n1!, n2!, n3!]
}

export function rejects(code: Parameters<typeof isEventStoreError>[1]): (error: unknown) => true {
  return error => {
    assert.ok(isEventStoreError(error, code), `${String(error)} is not ${code}`)
    return true
  }
}

export async function fails(scene: Scene, promise: Promise<unknown>, code: Parameters<typeof isEventStoreError>[1]): Promise<void> {
  let failure: unknown
  await scene.settle(promise).catch((error: unknown) => (failure = error))
  rejects(code)(failure)
}
