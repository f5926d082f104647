/**
 * One node's membership: it is heard ten times a second, hears who else is there, and decides with the others who leads each partition. It knows no
 * disk and no user code, only a bus, a registry, a clock and timers, so that it runs in a thread of its own, or with a whole cluster in one.
 */
import { EventStoreError } from '../event/error.ts'
import { decodeHeartbeat, encodeHeartbeat } from './heartbeat.ts'
import { MemberCommands, plainOutcome } from './member-commands.ts'
import { liveIncarnation, MEMBER_KEYS, OwnEntry, replacedError } from './member-entry.ts'
import { type MemberLimits, memberLimits, type MemberOptions } from './member-options.ts'
import { type ClusterStatus, memberStatuses, partitionStatuses, readMemberCommand } from './member-status.ts'
import { MemberTable, readMemberEntry } from './member-table.ts'
import { MemberWords, type Refusal, type Word } from './member-words.ts'
import { PartitionTerms } from './partition-terms.ts'
import type { RegistryEntry } from './registry.ts'
import { isNodeId, readJson, writeJson } from './wire.ts'

/** One heartbeat in so many says how far each partition is applied; the first ones all do. */
const APPLIED_EVERY = 10
const APPLIED_FIRST = 5

export class Member {
  readonly #options: MemberOptions
  readonly #limits: MemberLimits
  readonly #table: MemberTable
  readonly #words: MemberWords
  readonly #terms: PartitionTerms
  readonly #own: OwnEntry
  readonly #commands: MemberCommands
  readonly #applied: number[]
  readonly #stopped = new Set<number>()
  #stamp = 0
  #followsAll = false
  #isLeaving = false
  #isClosed = false
  #beats = 0
  #dueMs = 0
  #stopTimer: (() => void) | undefined
  #unwatch: (() => void) | undefined
  #isListing = false
  #toldMembers = ''
  #toldFollowed = false

  constructor(options: MemberOptions) {
    if (!isNodeId(options.node))
      throw new EventStoreError('INVALID', 'the id of a node is 1 to 64 letters, digits, - and _', { field: 'node' })
    this.#options = options
    const { bus, registry, clock, timers, cluster, node, incarnation, zone, format, disk, partitions, calls, terms = {} } = options
    this.#limits = { ...memberLimits, ...options.limits }
    const { deadlineMs, lagRecords, commandMs, askMs } = this.#limits
    this.#applied = Array.from({ length: partitions }, () => 0)
    this.#table = new MemberTable({ node, partitions, deadlineMs, lagRecords })
    const isMember = (id: string, of: string): boolean => this.#table.row(id)?.entry.incarnation === of
    const words = (this.#words = new MemberWords({ bus, cluster, node, incarnation, isMember }))
    const send = (to: string, kind: string, body: unknown): void => words.publish(`node.${to}.term`, kind, writeJson(body))
    this.#terms = new PartitionTerms({ node, incarnation, partitions, registry, clock, terms, calls, send })
    const entry = { node, incarnation, zone, format, disk, address: '', isDraining: false }
    this.#own = new OwnEntry({ registry, timers, entry, live: id => liveIncarnation(words, id, askMs) })
    const setDraining = (isDraining: boolean): Promise<void> => this.#own.change({ isDraining })
    this.#commands = new MemberCommands({ node, table: this.#table, terms: this.#terms, words, timers, commandMs, setDraining })
  }

  /**
   * Joins. Throws INCOMPATIBLE when another process that runs has this node's id, or one of another format runs; UNREACHABLE when the registry does
   * not answer.
   */
  async start(): Promise<void> {
    const { registry, node, clock } = this.#options
    try {
      await this.#own.refuseOtherFormats()
      await this.#own.register()
      this.#listen()
      this.#unwatch = registry.watch(MEMBER_KEYS, entry => this.#registered(entry))
      for (const entry of await registry.list(MEMBER_KEYS)) this.#registered(entry)
      this.#table.register(this.#own.entry, this.#own.revision)
      await this.#terms.open()
    } catch (error) {
      this.#end()
      throw error
    }
    if (this.#isClosed) throw new EventStoreError('CLOSED', `node "${node}" was closed while it started`, { node })
    this.#dueMs = clock.monotonic()
    this.#tick()
  }

  /** This node's shard appended and applied the first record of a term it was told to lead. */
  started(partition: number, term: number): void {
    this.#terms.input(partition, { kind: 'started', term })
  }

  /** The shard does not lead a term any more, or could not begin to. */
  lost(partition: number, term: number): void {
    this.#terms.input(partition, { kind: 'lost', term })
  }

  /** The shard has finished what it had, as it was told. */
  resigned(partition: number, term: number): void {
    this.#terms.input(partition, { kind: 'resigned', term })
  }

  /** The first record of a term was followed; also told once for the last term on disk, before `start`. */
  record(partition: number, term: number): void {
    this.#terms.input(partition, { kind: 'record', term })
  }

  /** How far a partition is applied here. */
  applied(partition: number, index: number): void {
    this.#applied[partition] = index
  }

  /** A partition whose copy here is stopped is not led by this node. */
  stopped(partition: number, isStopped: boolean): void {
    if (isStopped) this.#stopped.add(partition)
    else this.#stopped.delete(partition)
  }

  /** The highest stamp this node has seen. */
  sawStamp(stamp: number): void {
    this.#stamp = Math.max(this.#stamp, stamp)
  }

  /** Somebody reads all partitions in order here, or no longer does. */
  followAll(isFollowed: boolean): void {
    this.#followsAll = isFollowed
  }

  /** Where this node's front ends can be asked from now on; empty for nowhere. Throws CLOSED, UNREACHABLE. */
  advertise(address: string): Promise<void> {
    return this.#own.change({ address })
  }

  /** Throws INVALID, UNREACHABLE, BUSY, NOT_LEADER; see `MemberCommands`. */
  failover(partition: number | 'all', to: string): Promise<void> {
    const all = [...this.#applied.keys()]
    if (partition !== 'all' && !all.includes(partition))
      return Promise.reject(new EventStoreError('INVALID', `there is no partition ${partition}`, { field: 'partition' }))
    return this.#commands.failover(partition === 'all' ? all : [partition], to)
  }

  /** Throws INVALID, UNREACHABLE, BUSY. */
  drain(node: string): Promise<void> {
    return this.#commands.drain(node)
  }

  /** Throws INVALID, UNREACHABLE. */
  resume(node: string): Promise<void> {
    return this.#commands.resume(node)
  }

  status(): ClusterStatus {
    const { cluster, node, clock, partitions } = this.#options
    return {
      cluster,
      node,
      members: memberStatuses(this.#table, clock.monotonic()),
      partitions: partitionStatuses(this.#table, this.#terms, partitions),
      refused: this.#words.refused,
    }
  }

  /** Hands over what it leads, if others can take it within `graceMs`, and is silent from then on. */
  async close(graceMs = 2_000): Promise<void> {
    if (this.#isClosed) return
    // A node that leaves is no candidate, for itself or others.
    this.#isLeaving = true
    for (const [partition] of this.#terms.leads()) this.#terms.input(partition, { kind: 'resign' })
    await this.#commands.untilIdle(graceMs)
    this.#end()
  }

  #end(): void {
    this.#isClosed = true
    this.#stopTimer?.()
    this.#unwatch?.()
    this.#words.close()
    this.#terms.close()
  }

  #listen(): void {
    const { node, format, partitions } = this.#options
    this.#words.listen({ subject: 'heartbeat', kinds: ['heartbeat'], fromAnyone: true, received: word => this.#heard(word) })
    this.#words.listen({
      subject: `node.${node}.who`,
      kinds: ['who'],
      fromAnyone: true,
      received: ({ reply }) => {
        reply('who', { format })
        return undefined
      },
    })
    this.#words.listen({
      subject: `node.${node}.term`,
      kinds: ['take', 'decline'],
      received: ({ kind, node: from, body }) => (this.#terms.received(kind, from, readJson(body)) ? undefined : 'body'),
    })
    this.#words.listen({
      subject: `node.${node}.command`,
      kinds: ['command'],
      received: ({ body, reply }) => {
        const command = readMemberCommand(readJson(body), partitions)
        if (command === null) return 'body'
        void this.#commands.run(command).then(
          () => reply('answer', plainOutcome(null)),
          (error: unknown) => reply('answer', plainOutcome(error)),
        )
        return undefined
      },
    })
  }

  #heard({ node, incarnation, body }: Word): Refusal | undefined {
    const { partitions, format, clock, calls } = this.#options
    const heartbeat = decodeHeartbeat(body, partitions)
    if (heartbeat === null) return 'body'
    if (heartbeat.format !== format) return 'format'
    if (!this.#table.heard(node, incarnation, heartbeat, clock.monotonic())) {
      void this.#listAgain()
      return 'sender'
    }
    if (heartbeat.stamp > this.#stamp) {
      this.#stamp = heartbeat.stamp
      calls.stamp(heartbeat.stamp)
    }
    return undefined
  }

  #tick(): void {
    if (this.#isClosed) return
    const { clock, timers, node } = this.#options
    const nowMs = clock.monotonic()
    const lateMs = Math.max(0, nowMs - this.#dueMs)
    this.#dueMs = nowMs + this.#limits.heartbeatMs
    this.#stopTimer = timers.after(this.#limits.heartbeatMs, () => this.#tick())
    this.#table.tick(nowMs, lateMs)
    this.#beat()
    this.#terms.tick(partition => {
      const lag = this.#table.lag(node, partition)
      const isCaughtUp = lag !== null && lag <= this.#limits.lagRecords
      return this.#table.view(partition, { isEligible: isCaughtUp && !this.#isDraining && !this.#stopped.has(partition) })
    })
    this.#tellMembers()
  }

  get #isDraining(): boolean {
    return this.#isLeaving || this.#own.entry.isDraining
  }

  #beat(): void {
    const { format } = this.#options
    const isFull = this.#beats < APPLIED_FIRST || this.#beats % APPLIED_EVERY === 0
    this.#beats++
    const heartbeat = {
      format,
      leads: this.#terms.leads(),
      ineligible: [...new Set([...this.#stopped, ...this.#terms.yields()])],
      isDraining: this.#isDraining,
      followsAll: this.#followsAll,
      stamp: this.#stamp,
      applied: isFull ? this.#applied : null,
    }
    this.#words.publish('heartbeat', 'heartbeat', encodeHeartbeat(heartbeat))
  }

  #tellMembers(): void {
    const { clock, calls } = this.#options
    const members = memberStatuses(this.#table, clock.monotonic())
    // How long each is silent, and what it leads, change all the time.
    const seen = JSON.stringify(members.map(member => ({ ...member, silentMs: 0, leads: [] })))
    if (seen !== this.#toldMembers) calls.members(members)
    this.#toldMembers = seen
    const isFollowed = this.#followsAll || this.#table.rows.some(({ isHealthy, heartbeat }) => isHealthy && heartbeat?.followsAll === true)
    if (isFollowed !== this.#toldFollowed) calls.followsAll(isFollowed)
    this.#toldFollowed = isFollowed
  }

  #registered({ value, revision }: RegistryEntry): void {
    const entry = readMemberEntry(value)
    if (entry === null || this.#isClosed) return
    if (!this.#own.isReplacedBy(entry)) return this.#table.register(entry, revision)
    // What was there before this node came is no news.
    if (revision < this.#own.revision) return
    const error = replacedError(this.#own.entry, entry)
    this.#end()
    for (const [partition, term] of this.#terms.leads()) this.#options.calls.resign(partition, term, false)
    this.#options.calls.failed(error)
  }

  /** Somebody is heard that the watch has not told of. */
  async #listAgain(): Promise<void> {
    if (this.#isListing) return
    this.#isListing = true
    try {
      for (const entry of await this.#options.registry.list(MEMBER_KEYS)) this.#registered(entry)
    } catch {
      // The next heartbeat of an unknown sender asks again.
    }
    this.#options.timers.after(this.#limits.deadlineMs, () => {
      this.#isListing = false
    })
  }
}
