/** A node: one store, its event log, and the topologies that run over it, opened in a process of the user's. */
import type { Router } from '../actors/router.ts'
import { EventStoreError } from '../event/error.ts'
import type { LogView } from '../store/log/log-view.ts'
import type { KeyValue } from '../store/key-value.ts'
import type { LogDamage } from '../store/log/open-shard.ts'
import type { Deployed, Deployer, DeployOptions } from './deploy/deployer.ts'
import type { ProjectionReader } from './deploy/projection-reader.ts'
import type { TopologyStatus } from './deploy/status.ts'
import { EventLog } from './event-log.ts'
import { type NodeStats, partitionStats, type VerifyReport, verifyShards } from './report.ts'
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
  readonly state: KeyValue<StateColumn>
  /** What could not be read at open. */
  readonly damage: () => readonly LogDamage[]
  readonly diskBytes: () => { readonly total: number; readonly shards: readonly number[] }
  /** Waits for the shards' workers, after their ports were stopped. */
  readonly stop: () => Promise<void>
  readonly closeDatabases: () => Promise<void>
}

export class Node extends EventLog {
  readonly #parts: NodeParts
  #closed: Promise<void> | null = null

  constructor(parts: NodeParts) {
    super({ view: parts.view, router: parts.router, limits: parts.options.limits })
    this.#parts = parts
  }

  /** Runs the topology that a module exports. INVALID names the file and what is wrong with it, or what stands in the way. */
  async deploy(module: URL | string, options?: DeployOptions): Promise<Deployed> {
    this.check()
    return this.#parts.deployer.deploy(module, options)
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

  /** Resolves when a topology has ended or failed. */
  async topologyEnded(name: string): Promise<TopologyStatus> {
    this.check()
    return this.#parts.deployer.topologyEnded(name)
  }

  /** Rows of a projection, folded rows before they are durable included. NOT_FOUND at the first read when no topology writes it. */
  state(projection: string): ProjectionReader {
    this.check()
    return this.#parts.deployer.state(projection)
  }

  async stats(): Promise<NodeStats> {
    this.check()
    const { shards, damage, deployer, diskBytes } = this.#parts
    const partitions = partitionStats(shards, this.view.partitions)
    const bytes = diskBytes()
    return {
      storeId: this.view.storeId,
      events: partitions.reduce((total, { events }) => total + events, 0),
      diskBytes: bytes.total,
      partitions,
      shards: shards.map(({ shared }, shard) => ({
        shard,
        blocks: shared.committedBlocks,
        segments: shared.segment,
        diskBytes: bytes.shards[shard]!,
      })),
      topologies: await deployer.topologies(),
      damage: damage(),
    }
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
    await this.#parts.deployer.close()
    await this.router.drained(closing())
    this.router.stop()
    await this.#parts.stop()
    await this.#parts.closeDatabases()
  }
}
