/** Every limit of the store by name, unit last, with its default. */
import { EventStoreError } from './error.ts'

export const defaultLimits = {
  /** UTF-8 bytes of one event's `data`, as received. */
  eventBytes: 1024 * 1024,
  requestEvents: 10_000,
  /** Streams of one append, those included that are only expected to be at a version. */
  requestStreams: 1000,
  /** Sum of `data` bytes of one append. */
  requestBytes: 8 * 1024 * 1024,
  /** Queries in all conditions of one append. */
  requestConditions: 64,
  /** All conditions of one append, as JSON. */
  conditionBytes: 64 * 1024,
  /** Blocks of events that the conditions of one append may reach over; with `after` they reach back to that position only. */
  conditionBlocks: 4096,
  metadataBytes: 64 * 1024,
  /** Nesting of JSON in `data` and `metadata`. */
  jsonDepth: 64,
  streamIdBytes: 512,
  eventIdBytes: 128,
  eventTypeBytes: 256,
  tags: 64,
  tagBytes: 256,
  /** Events that may wait in one partition's mailbox before an append is answered BUSY. */
  mailboxEvents: 131_072,
  /** Bytes that may wait for one shard before an append is answered BUSY. */
  mailboxBytes: 64 * 1024 * 1024,
  /** Given ids remembered a partition for appends without a numeric expected version. */
  idsRemembered: 10_000_000,
  /** Streams whose versions are kept in memory a shard; more fall back to the index on disk. */
  versionMapStreams: 16_000_000,
  /** Index entries after which the tail of a shard is written out as a segment. */
  segmentEntries: 262_144,
  /** Decoded blocks kept a thread. */
  blockCacheBytes: 64 * 1024 * 1024,
  /** An append whose commit gives no answer for this long is UNKNOWN_OUTCOME. */
  commitTimeoutMs: 30_000,
  /** A commit of a shard that takes longer is counted as slow, and said in the log. */
  slowCommitMs: 1_000,
  /** A partition that carries more than twice the mean for so long is said to be hot. */
  hotPartitionMs: 60_000,
  /** Events a second below which no partition is called hot, however little the others carry. */
  hotPartitionEvents: 100,
  /** A pipeline worker without a sign of life for this long runs user code that does not return: it is ended and started again. */
  silentWorkerMs: 5_000,
  /** Rows of a page between operators. */
  pageRows: 4096,
  /** Workers that one topology may be spread over. */
  topologyWorkers: 64,
  /** Events that may be folded again for one read of a projection as of an earlier time. */
  asOfEvents: 1_000_000,
  /** Bytes that a topology may have changed since its last epoch; at half of it an epoch ends early. */
  dirtyBytes: 64 * 1024 * 1024,
  /**
   * Memory that the state of a topology's steps takes, about: keys that did not change since the last epoch, and were not used for long, are
   * on disk only beyond that. An epoch ends early when half of it has changed.
   */
  stateBytes: 512 * 1024 * 1024,
  /** Memory that the hot rows of one projection take at most. */
  hotBytes: 64 * 1024 * 1024,
  /** Savepoints of one topology. */
  savepoints: 32,
  /** Rows that may have changed since the reader of a subscription to state came for the last one. */
  stateChanges: 1_000_000,
} as const

export type Limits = { readonly [Name in keyof typeof defaultLimits]: number }

/**
 * What the formats have room for: 30 bits for the bytes of an event's data, 16 for its stream and its type in a request, 8 for the bytes of its id,
 * 32 for those of hot rows.
 */
export const limitsMost = {
  eventBytes: 2 ** 29,
  requestEvents: 65_535,
  requestStreams: 65_535,
  requestBytes: 2 ** 30,
  eventIdBytes: 255,
  hotBytes: 2 ** 32,
} as const satisfies Partial<Limits>

/** What the system writes for itself is not held to smaller limits than the defaults, which it is made for. */
export function systemLimits(limits: Limits): Limits {
  const known = systemLimitsOf.get(limits)
  if (known) return known
  const names = Object.keys(limits) as (keyof Limits)[]
  const made = Object.fromEntries(names.map(name => [name, Math.max(limits[name], defaultLimits[name])])) as Limits
  systemLimitsOf.set(limits, made)
  return made
}

const systemLimitsOf = new WeakMap<Limits, Limits>()

/** Defaults with some replaced; refuses unknown names and numbers that are not positive integers. */
export function limitsWith(given: Partial<Limits> = {}): Limits {
  for (const [name, value] of Object.entries(given)) {
    if (!Object.hasOwn(defaultLimits, name))
      throw new EventStoreError('INVALID', `unknown limit "${name}"; known: ${Object.keys(defaultLimits).join(', ')}`, {
        field: `limits.${name}`,
      })
    if (!Number.isSafeInteger(value) || (value as number) < 1)
      throw new EventStoreError('INVALID', `limits.${name} must be a whole number from 1, got ${String(value)}`, {
        field: `limits.${name}`,
      })
    const most = (limitsMost as Partial<Limits>)[name as keyof Limits]
    if (most !== undefined && value > most)
      throw new EventStoreError('INVALID', `limits.${name} can be at most ${most}, got ${value}`, { field: `limits.${name}` })
  }
  return { ...defaultLimits, ...given }
}
