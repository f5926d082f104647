/** A node: one store, its event log, and the topologies that run over it, opened in a process of the user's. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { Router } from '../actors/router.ts'
import { EventStoreError } from '../event/error.ts'
import { StampClock } from '../event/stamp.ts'
import { SharedHorizon } from '../store/log/horizon.ts'
import { LogView } from '../store/log/log-view.ts'
import { hashesOf } from '../store/log/open-shard.ts'
import { EventLog } from './event-log.ts'
import { openMemoryShards } from './memory-shards.ts'
import { removeNodeFile, writeNodeFile } from '../store/node-file.ts'
import { openRocks, type RocksOwner } from '../store/rocks.ts'
import type { StateColumn } from '../store/state.ts'
import { type CheckedOptions, checkOptions, type OpenOptions, PARTITIONS_DEFAULT } from './options.ts'
import { type NodeShard, shardDirectory, Shards } from './shards.ts'
import { identityOf, makeDirectory, refuseDamagedWriteAhead, stateDirectory, withHolder } from './store-directory.ts'

const closing = (): EventStoreError => new EventStoreError('CLOSED', 'the node is closed')

/** Opens a store, or makes it. Errors: INVALID, LOCKED, INCOMPATIBLE, DAMAGED, READ_ONLY, NOT_FOUND (with `create: false`). */
export async function openNode(options: OpenOptions): Promise<Node> {
  const checked = checkOptions(options)
  return checked.directory === null ? openInMemory(checked) : openOnDisk(checked, checked.directory)
}

function openInMemory(options: CheckedOptions): Node {
  const partitions = options.partitions ?? PARTITIONS_DEFAULT
  const shards = Math.min(options.shards ?? 1, partitions)
  const storeId = randomBytes(8).toString('hex')
  const { router, horizon } = makeRouter(options, { partitions, shards, storeId })
  const opened = openMemoryShards({
    shards, partitions, storeId,
    limits: options.limits,
    attached: (shard, port) => router.attach(shard, port),
    answered: shard => router.drain(shard),
  })
  return new Node({ options, router, shards: opened, view: viewOf(options, opened, horizon, { partitions, storeId }), stop: async () => undefined, closeDatabases: async () => undefined })
}

interface Identity {
  readonly partitions: number
  readonly storeId: string
}

function makeRouter(options: CheckedOptions, identity: Identity & { shards: number }): { router: Router; horizon: SharedHorizon; stamps: StampClock } {
  const horizon = new SharedHorizon()
  const stamps = new StampClock()
  const router = new Router(identity.shards, { partitions: identity.partitions, limits: options.limits, streamHash: hashesOf(identity.storeId).stream, stamps, horizon, durability: options.durability })
  return { router, horizon, stamps }
}

function viewOf(options: CheckedOptions, shards: readonly NodeShard[], horizon: SharedHorizon, identity: Identity): LogView {
  return new LogView({ shards, horizon, storeId: identity.storeId, partitions: identity.partitions, cacheBytes: options.limits.blockCacheBytes })
}

async function openOnDisk(options: CheckedOptions, directory: string): Promise<Node> {
  makeDirectory(directory, options.create)
  refuseDamagedWriteAhead(stateDirectory(directory))
  const state = await withHolder(directory, () => openRocks<StateColumn>(stateDirectory(directory), { columns: { state: 'scattered', meta: 'small' } }))
  try {
    return await openOverState(options, directory, state)
  } catch (error) {
    await state.close()
    throw error
  }
}

async function openOverState(options: CheckedOptions, directory: string, state: RocksOwner<StateColumn>): Promise<Node> {
  const { id: storeId, partitions, shards } = identityOf(directory, options)
  const { router, horizon, stamps } = makeRouter(options, { partitions, shards, storeId })
  for (let shard = 0; shard < shards; shard++) refuseDamagedWriteAhead(join(directory, shardDirectory(shard)))
  const opened = await Shards.open({
    directory, shards, partitions, storeId,
    limits: options.limits,
    durability: options.durability,
    compression: options.compression,
    acceptLoss: options.acceptLoss,
    attached: (shard, port, highestStamp) => {
      stamps.see(highestStamp)
      router.attach(shard, port)
    },
    detached: shard => router.detach(shard),
  })
  writeNodeFile(directory)
  return new Node({
    options, router,
    shards: opened.all,
    view: viewOf(options, opened.all, horizon, { partitions, storeId }),
    stop: () => opened.stopWorkers(),
    closeDatabases: async () => {
      await opened.closeDatabases()
      await state.close()
      removeNodeFile(directory)
    },
  })
}

interface NodeParts {
  readonly options: CheckedOptions
  readonly router: Router
  readonly view: LogView
  readonly shards: readonly NodeShard[]
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

  /** Answers what was asked, then closes. Appends and reads from now on are CLOSED. A second call is answered by the first. */
  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.router.drained(closing())
    this.shut(closing())
    this.router.stop()
    await this.#parts.stop()
    await this.#parts.closeDatabases()
  }
}
