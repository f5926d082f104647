/** What `openNode` takes, checked. */
import { availableParallelism } from 'node:os'
import { EventStoreError } from '../event/error.ts'
import { type Limits, limitsWith } from '../event/limits.ts'
import { type Logger, silentLogger } from '../event/logger.ts'
import { type CheckedClusterOptions, checkClusterOptions, type ClusterOptions } from './cluster/cluster-options.ts'

export interface OpenOptions {
  /** Where the store lies; made when it does not exist. Either this or `memory`. */
  readonly directory?: string
  /** Everything in this process's memory and in the calling thread, gone at close. */
  readonly memory?: true
  /** Fixed when the store is made, 1 to 4,096. Default 32. */
  readonly partitions?: number
  /** Directories and worker threads of the log, fixed when the store is made, 1 to 16. Default: cores, at most one a partition. */
  readonly shards?: number
  /** Threads that run pipelines. Default: cores − 1, at least 1. */
  readonly workers?: number
  /** When a writer is answered unless the request says otherwise. Default `disk`; in a cluster it is `quorum` and nothing else. */
  readonly durability?: 'memory' | 'os' | 'disk' | 'quorum'
  readonly limits?: Partial<Limits>
  /** `auto`: blocks are compressed unless the disk takes them faster plain. Default `auto`. */
  readonly compression?: 'auto' | 'none'
  /** How long an epoch of a pipeline is, ms. Default 100. */
  readonly epochMs?: number
  /** Opens a store whose write-ahead files are damaged: copies them to `quarantine/` first, keeps what is valid, lists what is lost. */
  readonly acceptLoss?: boolean
  /** False: topologies that are deployed stand still until the store is opened again with it. Default true. */
  readonly resume?: boolean
  /** False: refuses to make a store that does not exist (NOT_FOUND). Default true. */
  readonly create?: boolean
  /** Told what happens to the node, as a pino logger takes it. Default: nobody is. */
  readonly logger?: Logger
  /** The cluster whose store this is. Left out: the node is one by itself, and needs no NATS. */
  readonly cluster?: ClusterOptions
}

export interface CheckedOptions {
  readonly directory: string | null
  readonly partitions: number | null
  readonly shards: number | null
  readonly workers: number
  /** Of what this node's disk is asked; in a cluster `disk`, beneath the quorum of the shared log. */
  readonly durability: 'memory' | 'os' | 'disk'
  readonly limits: Limits
  readonly compression: 'auto' | 'none'
  readonly epochMs: number
  readonly acceptLoss: boolean
  readonly resume: boolean
  readonly create: boolean
  readonly logger: Logger
  readonly cluster: CheckedClusterOptions | null
}

export const PARTITIONS_DEFAULT = 32
export const PARTITIONS_MAX = 4096
export const SHARDS_MAX = 16

const known = [
  'directory',
  'memory',
  'partitions',
  'shards',
  'workers',
  'durability',
  'limits',
  'compression',
  'epochMs',
  'acceptLoss',
  'resume',
  'create',
  'logger',
  'cluster',
]

/** Throws INVALID naming the option that is not as it should be. */
export function checkOptions(options: OpenOptions): CheckedOptions {
  if (typeof options !== 'object' || options === null)
    throw new EventStoreError('INVALID', 'openNode takes an object of options', { field: 'options' })
  for (const name of Object.keys(options))
    if (!known.includes(name)) throw new EventStoreError('INVALID', `unknown option "${name}"; known: ${known.join(', ')}`, { field: name })
  const { directory, memory } = options
  if (memory !== undefined && memory !== true) throw new EventStoreError('INVALID', 'memory must be true or left out', { field: 'memory' })
  if (memory ? directory !== undefined : typeof directory !== 'string' || directory === '')
    throw new EventStoreError('INVALID', 'openNode needs either a directory or memory: true', { field: 'directory' })
  if (memory && options.cluster !== undefined)
    throw new EventStoreError('INVALID', 'a node of a cluster has a directory: what it acknowledges is on its disk', { field: 'memory' })
  const partitions = whole(options.partitions, 'partitions', PARTITIONS_MAX)
  return {
    directory: memory ? null : directory!,
    partitions,
    shards: whole(options.shards, 'shards', SHARDS_MAX),
    workers: whole(options.workers, 'workers', 64) ?? Math.max(1, availableParallelism() - 1),
    durability: durabilityOf(options),
    limits: limitsWith(options.limits),
    compression: oneOf(options.compression, 'compression', ['auto', 'none']) ?? 'auto',
    epochMs: whole(options.epochMs, 'epochMs', 3_600_000) ?? 100,
    acceptLoss: options.acceptLoss ?? false,
    resume: options.resume ?? true,
    create: options.create ?? true,
    logger: loggerOf(options.logger),
    cluster: options.cluster === undefined ? null : checkClusterOptions(options.cluster),
  }
}

function durabilityOf({ durability, memory, cluster }: OpenOptions): CheckedOptions['durability'] {
  const given = oneOf(durability, 'durability', ['memory', 'os', 'disk', 'quorum'])
  if (cluster === undefined) {
    if (given !== 'quorum') return given ?? (memory ? 'memory' : 'disk')
    throw new EventStoreError('INVALID', 'durability "quorum" needs a cluster; this is a single node', { field: 'durability' })
  }
  if (given === null || given === 'quorum') return 'disk'
  throw new EventStoreError('INVALID', `durability is quorum in a cluster, got ${given}`, { field: 'durability' })
}

function loggerOf(logger: Logger = silentLogger): Logger {
  const missing = (['debug', 'info', 'warn', 'error'] as const).find(level => typeof logger?.[level] !== 'function')
  if (missing === undefined) return logger
  throw new EventStoreError('INVALID', `logger must have the methods debug, info, warn and error; ${missing} is missing`, {
    field: 'logger',
  })
}

function whole(value: number | undefined, field: string, most: number): number | null {
  if (value === undefined) return null
  if (!Number.isSafeInteger(value) || value < 1 || value > most)
    throw new EventStoreError('INVALID', `${field} must be a whole number from 1 to ${most}, got ${String(value)}`, { field })
  return value
}

function oneOf<Value extends string>(value: Value | undefined, field: string, values: readonly Value[]): Value | null {
  if (value === undefined) return null
  if (!values.includes(value))
    throw new EventStoreError('INVALID', `${field} must be one of ${values.join(', ')}, got ${JSON.stringify(value)}`, { field })
  return value
}

/** Default number of shards of a new store. */
export function defaultShards(partitions: number): number {
  return Math.min(availableParallelism(), partitions, SHARDS_MAX)
}
