/** A node: one store, its event log, and the topologies that run over it, opened in a process of the user's. */
import type { Router } from '../actors/router.ts'
import { EventStoreError } from '../event/error.ts'
import type { NodeStats, VerifyReport } from '../event/figures.ts'
import type { Tenant } from '../event/tenant.ts'
import type { LogView } from '../store/log/log-view.ts'
import type { KeyValue } from '../store/key-value.ts'
import type { LogDamage } from '../store/log/open-shard.ts'
import { type DeadLetters, deadLettersOf } from './dead-letters.ts'
import type { Deployed, Deployer, DeployOptions } from './deploy/deployer.ts'
import type { ProjectionReader } from './deploy/projection-reader.ts'
import type { TopologyStatus } from './deploy/status.ts'
import { EventLog } from './event-log.ts'
import { LetterBook } from './letter-book.ts'
import { verifyShards } from './report.ts'
import type { Monitor } from './observe/monitor.ts'
import { partitionStats, refusals, shardStats } from './observe/partition-stats.ts'
import type { StateColumn } from '../store/state.ts'
import { type CheckedOptions } from './options.ts'
import { type NodeShard } from './shards.ts'

const closing = (): EventStoreError => new EventStoreError('CLOSED', 'the node is closed')

export interface NodeParts {
  readonly options: CheckedOptions
  readonly router: Router
  readonly view: LogView
  readonly shards: readonly NodeShard[]
  readonly deployer: Deployer
  readonly monitor: Monitor
  readonly state: KeyValue<StateColumn>
  /** What could not be read at open. */
  readonly damage: () => readonly LogDamage[]
  readonly diskBytes: () => { readonly total: number; readonly shards: readonly number[] }
  /** Waits for the shards' workers, after their ports were stopped. */
  readonly stop: () => Promise<void>
  readonly closeDatabases: () => Promise<void>
}

export class Node extends EventLog implements Tenant {
  readonly #parts: NodeParts
  /** By topology. */
  readonly #letterBooks = new Map<string, LetterBook>()
  #closed: Promise<void> | null = null

  constructor(parts: NodeParts) {
    super({ view: parts.view, router: parts.router, limits: parts.options.limits })
    this.#parts = parts
  }

  /**
   * Runs the topology that a module exports, or that a file (`.yaml`, `.yml`, `.json`) holds. INVALID names the file and what is wrong with it, or what
   * stands in the way.
   */
  async deploy(module: URL | string, options?: DeployOptions): Promise<Deployed> {
    this.check()
    return this.#parts.deployer.deploy(module, options)
  }

  /**
   * Stops a topology after a last epoch; its state is kept, and it stays as it is until it is resumed, over restarts of the node as well. Resolves when it
   * has stopped: its events are appended, and its webhooks are delivered as far as they are taken at the first attempt; the others wait.
   * Does nothing to one that is paused. INVALID when it has ended or failed, NOT_FOUND when there is none.
   */
  async pause(name: string): Promise<void> {
    this.check()
    return this.#parts.deployer.pause(name)
  }

  /** A paused topology goes on where it was. Does nothing to one that runs. INVALID when it has ended or failed, NOT_FOUND when there is none. */
  async resume(name: string): Promise<void> {
    this.check()
    return this.#parts.deployer.resume(name)
  }

  /**
   * Lets a topology, running or paused, fold what is in the log now and then end as with `until: 'head'`: windows close, the last of its outbox is sent.
   * Resolves when that is noted; `topologyEnded` waits for the end. Does nothing to one that ends at a head already. INVALID when it has ended or
   * failed or makes its own rows, NOT_FOUND when there is none.
   */
  async drain(name: string): Promise<void> {
    this.check()
    return this.#parts.deployer.drain(name)
  }

  /** Ends a topology and drops its state. NOT_FOUND when there is none. */
  async undeploy(name: string): Promise<void> {
    this.check()
    return this.#parts.deployer.undeploy(name)
  }

  async topologies(): Promise<TopologyStatus[]> {
    this.check()
    return this.#parts.deployer.topologies()
  }

  /**
   * Resolves when each topology that runs has taken all that is in the log, what they append themselves included, and what came of it is durable, appended
   * and delivered. One that makes its own rows is waited for until it ends; paused, ended and failed ones are not. CLOSED when the node closes before.
   */
  async caughtUp(): Promise<void> {
    this.check()
    return this.#parts.deployer.caughtUp()
  }

  /** Resolves when a topology has ended or failed, however long it is paused before. */
  async topologyEnded(name: string): Promise<TopologyStatus> {
    this.check()
    return this.#parts.deployer.topologyEnded(name)
  }

  /** Rows of a projection, folded rows before they are durable included. NOT_FOUND at the first read when no topology writes it. */
  state(projection: string): ProjectionReader {
    this.check()
    return this.#parts.deployer.state(projection)
  }

  /** Rows that the steps of a topology gave up: to look at, to send back, to put away. */
  deadLetters(topology: string): DeadLetters {
    this.check()
    const book = this.#letterBooks.get(topology) ?? new LetterBook()
    const letters = deadLettersOf({
      topology,
      log: this,
      append: (stream, events, options) => this.router.append(stream, events, options, true),
      limits: this.limits,
      book,
    })
    this.#letterBooks.set(topology, book)
    return letters
  }

  async stats(): Promise<NodeStats> {
    this.check()
    const { damage, deployer, diskBytes, monitor } = this.#parts
    const partitions = partitionStats(monitor)
    const bytes = diskBytes()
    return {
      storeId: this.view.storeId,
      openedAt: monitor.openedAt,
      events: partitions.reduce((total, { events }) => total + events, 0),
      diskBytes: bytes.total,
      partitions,
      shards: shardStats(monitor, bytes.shards),
      topologies: await deployer.topologies(),
      refusals: refusals(monitor),
      damage: damage(),
    }
  }

  /** What watches this node; for metrics and health. */
  get monitor(): Monitor {
    return this.#parts.monitor
  }

  /** Walks everything that is stored and names what is not as it was written. The node goes on serving. */
  async verify(): Promise<VerifyReport> {
    this.check()
    return verifyShards(this.#parts.shards, this.#parts.state, () => this.check())
  }

  /** Answers what was asked, then closes. Appends and reads from now on are CLOSED. A second call is answered by the first. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    this.shut(closing())
    this.monitor.close()
    await this.#parts.deployer.close()
    await this.router.drained(closing())
    this.router.stop()
    await this.#parts.stop()
    await this.#parts.closeDatabases()
  }
}
