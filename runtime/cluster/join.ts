/** Joins a cluster, or makes it: what it is lies in the registry, and a directory that belongs to another is refused before anything opens. */
import { openRegistry, prepareLog, prepareRegistry, type NatsOptions, type ServersReport, streamsFor } from '../../cluster/jetstream.ts'
import type { Registry } from '../../cluster/registry.ts'
import { RECORD_VERSION } from '../../cluster/record.ts'
import { WIRE_VERSION } from '../../cluster/wire.ts'
import { type Clock, systemClock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import { sleep, systemTimers } from '../../event/timers.ts'
import type { CheckedClusterOptions } from './cluster-options.ts'

/** What a cluster is: written once, by the first node. */
export interface ClusterIdentity {
  /** Of records and of what lies between nodes. */
  readonly format: number
  /** The store's id: 16 hexadecimal digits. */
  readonly id: string
  readonly partitions: number
  /** Streams that the log lies in. */
  readonly streams: number
  /** Servers that keep each record. */
  readonly replicas: number
}

export interface Joined {
  readonly identity: ClusterIdentity
  readonly nats: NatsOptions
  readonly report: ServersReport
}

/** What lies in the directory already. */
export interface StoredIdentity {
  readonly id: string
  readonly partitions: number
}

export const CLUSTER_FORMAT = RECORD_VERSION * 1000 + WIRE_VERSION
const KEY = 'cluster'
const TRIES = 50
const AGAIN_MS = 100

export function natsOptionsOf({ servers, name, node, credentials, nkeySeed, tls }: CheckedClusterOptions): NatsOptions {
  return {
    servers,
    name,
    client: `allsource ${node}`,
    ...(credentials !== null && { credentials }),
    ...(nkeySeed !== null && { nkeySeed }),
    ...(tls !== null && { tls }),
  }
}

/**
 * `partitions`: asked for, null for whatever the cluster has. Errors: INCOMPATIBLE (servers, another cluster's or a lone node's directory, other
 * partitions, another format), UNREACHABLE, UNAUTHENTICATED.
 */
export async function joinCluster(
  options: CheckedClusterOptions,
  about: { readonly partitions: number | null; readonly partitionsDefault: number; readonly stored: StoredIdentity | undefined },
): Promise<Joined> {
  const nats = natsOptionsOf(options)
  const { replicas, allowLazySync, monitors } = options
  const report = await prepareRegistry({ ...nats, replicas, allowLazySync, ...(monitors && { monitors }) })
  const registry = await openRegistry(nats)
  try {
    const identity = await identityIn(registry, { ...about, replicas, name: options.name, restore: options.restore })
    await prepareLog({ ...nats, partitions: identity.partitions, streams: identity.streams, replicas })
    return { identity, nats, report }
  } finally {
    await registry.close()
  }
}

type Asked = Parameters<typeof joinCluster>[1] & Pick<CheckedClusterOptions, 'replicas' | 'name' | 'restore'>

/** The cluster's identity; made when there is none and the directory belongs to nobody. */
export async function identityIn(registry: Registry, asked: Asked, clock: Clock = systemClock): Promise<ClusterIdentity> {
  for (let tries = 0; tries < TRIES; tries++) {
    const entry = await registry.read(KEY)
    if (entry) return checked(entry.value, asked)
    if (asked.stored && !asked.restore)
      throw incompatible(
        `the directory holds the store ${asked.stored.id}, but the cluster ${asked.name} does not exist; start the node with an empty directory, ` +
          'or, when NATS has lost the cluster of this store, with --restore-cluster',
        { field: 'data', actual: asked.stored.id },
      )
    const partitions = asked.stored?.partitions ?? asked.partitions ?? asked.partitionsDefault
    const identity: ClusterIdentity = {
      format: CLUSTER_FORMAT,
      id: asked.stored?.id ?? Buffer.from(clock.random(8)).toString('hex'),
      partitions,
      streams: streamsFor(partitions),
      replicas: asked.replicas,
    }
    const written = await registry.write(KEY, identity, 0)
    if (written.kind === 'written') return identity
    // Another node made it at the same time, or nobody knows: what is there counts.
    await sleep(systemTimers, AGAIN_MS)
  }
  throw new EventStoreError('UNREACHABLE', `the registry of the cluster ${asked.name} does not take what the cluster is`)
}

function checked(value: unknown, { partitions, stored, name, replicas }: Asked): ClusterIdentity {
  const identity = value as ClusterIdentity
  if (identity.format !== CLUSTER_FORMAT)
    throw incompatible(`the cluster ${name} has format ${identity.format}; this program works with format ${CLUSTER_FORMAT}`, {
      field: 'format',
      expected: CLUSTER_FORMAT,
      actual: identity.format,
    })
  if (partitions !== null && partitions !== identity.partitions)
    throw incompatible(
      `the cluster ${name} has ${identity.partitions} partitions, not ${partitions}; the number is fixed when it is made`,
      {
        field: 'partitions',
        expected: partitions,
        actual: identity.partitions,
      },
    )
  if (stored && stored.id !== identity.id)
    throw incompatible(
      `the directory holds the store ${stored.id}, but the cluster ${name} is the store ${identity.id}; ` +
        'start the node with the directory it had there, or with an empty one',
      { field: 'data', expected: identity.id, actual: stored.id },
    )
  if (replicas !== identity.replicas)
    throw incompatible(`the cluster ${name} keeps each record on ${identity.replicas} NATS servers, not ${replicas}`, {
      field: 'replicas',
      expected: replicas,
      actual: identity.replicas,
    })
  return identity
}

const incompatible = (message: string, details: Record<string, unknown>): EventStoreError =>
  new EventStoreError('INCOMPATIBLE', message, details)
