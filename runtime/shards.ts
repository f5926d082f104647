/**
 * The shards of a node: opens their databases on this thread, starts a worker for each, starts it again when it dies, and closes all in the
 * only safe order.
 */
import { MessageChannel, Worker } from 'node:worker_threads'
import { controlOf, type Remote } from '../actors/control.ts'
import { createPort, type ShardPort } from '../actors/port.ts'
import type { Confirmed } from '../actors/replication/confirmations.ts'
import { RingSender } from '../actors/ring-sender.ts'
import { ShardFigures } from '../actors/shard-figures.ts'
import { systemClock } from '../event/clock.ts'
import { EventStoreError, fromPlainError } from '../event/error.ts'
import type { Stamp } from '../event/event.ts'
import type { Limits } from '../event/limits.ts'
import type { Scope } from '../event/scope.ts'
import { siblingModule } from '../event/module-url.ts'
import type { ShardColumn } from '../store/index/keys.ts'
import type { OwnedKeyValue } from '../store/key-value.ts'
import type { LogDamage } from '../store/log/open-shard.ts'
import type { Scavenged } from '../store/log/scavenge.ts'
import { SharedShard, tailSizeFor } from '../store/log/shared.ts'
import type { RocksOwner } from '../store/rocks.ts'
import type { ShardClusterData } from './cluster/shard-replication.ts'
import { witnessFile } from './store-directory.ts'
import type { ShardControl, ShardStats, ShardWorkerData, ShardWorkerReady } from './shard-worker.ts'

export interface ShardsOptions {
  readonly directory: string
  readonly shards: number
  readonly partitions: number
  readonly limits: Limits
  readonly storeId: string
  readonly durability: 'memory' | 'os' | 'disk'
  readonly compression: 'auto' | 'none'
  readonly acceptLoss: boolean
  /** In a cluster: what a shard's worker needs of it, made anew for each start. */
  readonly cluster?: (shard: number) => ShardClusterData
  readonly database: (shard: number) => Promise<RocksOwner<ShardColumn>>
  /** A shard can be written to: at open, and after each restart of its worker. */
  readonly attached: (shard: number, port: ShardPort, highestStamp: number) => void
  /** `forGood`: its worker died too often to be started again. */
  readonly detached: (shard: number, exitCode: number, forGood: boolean) => void
}

/** What a shard is to the node, on disk or in memory. */
export interface NodeShard {
  readonly kv: OwnedKeyValue<ShardColumn>
  readonly shared: SharedShard
  readonly figures: ShardFigures
  /** Takes all events of a tenant out of the log; on disk when it resolves. */
  scavenge(scope: Scope): Promise<Scavenged>
}

const RING_BYTES = 8 * 1024 * 1024
const REQUESTS = 65_536
/** A worker that dies this often within a minute is not started again. */
const RESTARTS_MAX = 5
const RESTARTS_WINDOW_MS = 60_000

/** One shard with its worker. */
export class RunningShard implements NodeShard {
  readonly kv: RocksOwner<ShardColumn>
  readonly shared: SharedShard
  readonly figures: ShardFigures
  highestStamp = 0
  damage: readonly LogDamage[] = []
  readonly #options: ShardsOptions
  readonly #number: number
  #worker!: Worker
  #control!: Remote<ShardControl>
  #exited!: Promise<void>
  #sender: ShardPort | undefined
  #starting: Promise<void> | undefined
  #stopping = false
  #restarts: number[] = []

  constructor(options: ShardsOptions, number: number, kv: RocksOwner<ShardColumn>) {
    this.#options = options
    this.#number = number
    this.kv = kv
    const { shards, partitions, limits } = options
    this.shared = SharedShard.create({ shard: number, shards, partitions, tail: tailSizeFor(limits.segmentEntries, limits.requestEvents) })
    this.figures = ShardFigures.create(this.shared.ranks)
  }

  /** Starts the worker; resolves when the log's end is read back in. */
  async start(): Promise<void> {
    const { limits, storeId, durability, compression, directory, acceptLoss } = this.#options
    const port = createPort({ ringBytes: RING_BYTES, requests: REQUESTS })
    const transfers = new MessageChannel()
    const control = new MessageChannel()
    const data: ShardWorkerData = {
      handle: this.kv.handle,
      closed: this.kv.closed,
      shared: this.shared.data,
      port,
      transfers: transfers.port2,
      control: control.port2,
      limits,
      storeId,
      durability,
      compression,
      // What is lost later was not accepted.
      acceptLoss: acceptLoss && this.#restarts.length === 0,
      witnessFile: witnessFile(directory, this.#number),
      figures: this.figures.buffer,
      ...(this.#options.cluster && { cluster: this.#options.cluster(this.#number) }),
    }
    const worker = new Worker(siblingModule(import.meta.url, './shard-worker'), {
      workerData: data,
      transferList: [transfers.port2, control.port2, ...(data.cluster ? [data.cluster.member] : [])],
      name: `shard-${this.#number}`,
    })
    this.#worker = worker
    this.#control = controlOf<ShardControl>(control.port1)
    control.port1.unref()
    transfers.port1.unref()
    this.#exited = new Promise(resolve =>
      worker.once('exit', code => {
        control.port1.close()
        transfers.port1.close()
        resolve()
        if (!this.#stopping) this.#died(code)
      }),
    )
    const ready = await this.#ready(worker)
    this.highestStamp = ready.highestStamp
    this.damage = ready.damage
    const post = (buffer: ArrayBuffer): void => transfers.port1.postMessage(buffer, [buffer])
    this.#sender = new RingSender(port, { post, transferBytesMax: limits.mailboxBytes })
    if (!this.#stopping) this.#options.attached(this.#number, this.#sender, ready.highestStamp)
  }

  #ready(worker: Worker): Promise<ShardWorkerReady & { kind: 'ready' }> {
    return new Promise((resolve, reject) => {
      worker.once('message', (message: ShardWorkerReady) => {
        if (message.kind === 'ready') resolve(message)
        else reject(fromPlainError(message as Parameters<typeof fromPlainError>[0]))
      })
      worker.on('error', reject)
      worker.once('exit', code =>
        reject(new EventStoreError('CLOSED', `the worker of shard ${this.#number} ended with ${code} before it was open`)),
      )
    })
  }

  #died(code: number): void {
    const now = systemClock.monotonic()
    this.#restarts = [...this.#restarts.filter(at => now - at < RESTARTS_WINDOW_MS), now]
    const forGood = this.#restarts.length > RESTARTS_MAX
    this.#options.detached(this.#number, code, forGood)
    if (forGood) return
    this.#sender = undefined
    this.#starting = this.start()
    this.#starting.catch(() => undefined)
  }

  stats(): Promise<ShardStats> {
    return this.#control.stats()
  }

  /** Puts what was only written on disk. */
  async sync(): Promise<void> {
    await this.#control.sync()
  }

  async scavenge(scope: Scope): Promise<Scavenged> {
    return this.#control.scavenge(scope)
  }

  /** In a cluster: proves that this node leads a partition; NOT_LEADER. */
  confirm(partition: number, stamp: Stamp): Promise<Confirmed> {
    return this.#control.confirm(partition, stamp)
  }

  /** For tests of what happens when a worker dies. */
  async kill(): Promise<void> {
    await this.#worker.terminate()
  }

  /** Waits until the worker has written its last. One that was just started again has not heard of the end yet. */
  async stop(): Promise<void> {
    this.#stopping = true
    await this.#starting?.catch(() => undefined)
    this.#sender?.stop()
    await this.#exited
  }

  /** The worker has exited. */
  async close(): Promise<void> {
    this.kv.allExited()
    await this.kv.close()
  }

  /** When the node could not open: nothing was asked of the worker yet. */
  async abandon(): Promise<void> {
    this.#stopping = true
    await this.#worker?.terminate()
  }
}

export class Shards {
  readonly all: readonly RunningShard[]

  private constructor(all: readonly RunningShard[]) {
    this.all = all
  }

  static async open(options: ShardsOptions): Promise<Shards> {
    const running: RunningShard[] = []
    try {
      for (let shard = 0; shard < options.shards; shard++) {
        running.push(new RunningShard(options, shard, await options.database(shard)))
      }
      await Promise.all(running.map(shard => shard.start()))
      return new Shards(running)
    } catch (error) {
      await Promise.allSettled(running.map(shard => shard.abandon()))
      await Promise.allSettled(running.map(shard => shard.close()))
      throw error
    }
  }

  async sync(): Promise<void> {
    await Promise.all(this.all.map(shard => shard.sync()))
  }

  /** Ports must be stopped. Workers leave first; the databases are closed by `closeDatabases`, last of all. */
  async stopWorkers(): Promise<void> {
    await Promise.all(this.all.map(shard => shard.stop()))
  }

  async closeDatabases(): Promise<void> {
    await Promise.all(this.all.map(shard => shard.close()))
  }
}
