/** What a deployer is given by its node, and what users say when they deploy. */
import type { AppendOutbox } from '../../actors/outbox-sender.ts'
import type { Clock } from '../../event/clock.ts'
import type { NewEvent, Stamp, StreamId } from '../../event/event.ts'
import type { AppendAnswer, AppendOptions } from '../../event/event-store.ts'
import type { Limits } from '../../event/limits.ts'
import type { Logger } from '../../event/logger.ts'
import type { Scope } from '../../event/scope.ts'
import type { LogDamage } from '../../store/damage/accepted-losses.ts'
import type { LogView } from '../../store/log/log-view.ts'
import type { StateStore } from '../../store/state.ts'
import type { LogAccess } from '../log-access.ts'
import type { Threads } from './threads.ts'

export type { Deployed, DeployOptions } from '../../event/topologies.ts'

/** What the deployer of one tenant is given. */
export interface DeployerOptions extends DeployingOptions {
  readonly scope: Scope
  /** Appends for the system in this tenant: streams may begin with `$`. */
  readonly append: AppendForSystem
  /** Shared with the deployers of other tenants. */
  readonly threads: Threads
  /** A number above all given before in this node. */
  readonly nextIncarnation: () => number
}

export type AppendForSystem = (stream: StreamId, events: NewEvent | readonly NewEvent[], options?: AppendOptions) => Promise<AppendAnswer>

/** What the deployers of all tenants have in common. */
export interface DeployingOptions {
  /** The log as the calling thread sees it. */
  readonly log: LogView
  /** The `state` database, opened by the calling thread, which closes it after the deployer. */
  readonly state: StateStore
  /** Appends what topologies have made, whose tenant is in the request. */
  readonly appendOutbox: AppendOutbox
  /** The highest stamp given so far. */
  readonly head: () => Stamp
  /** Losses accepted just now: what has folded any of it is folded again. */
  readonly lost?: readonly LogDamage[]
  /** Syncs every shard; left out where an answered append is synced already. */
  readonly syncShards?: () => Promise<void>
  readonly limits: Limits
  readonly epochMs: number
  /** Bytes that the disk of the `state` database has left; left out where it takes none. */
  readonly freeBytes?: () => number
  /** False: what is deployed stands still, and its state is left as it is. */
  readonly resume: boolean
  readonly clock?: Clock
  /** Told what happens to topologies. */
  readonly logger: Logger
}

export interface DeployerThreads {
  /** Pipeline workers at most. */
  readonly workers: number
  readonly log: LogAccess
  /** Of the `state` database. */
  readonly state: { readonly handle: bigint; readonly closed: Int32Array }
}
