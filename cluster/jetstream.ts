/** The shared log, the bus and the registry on NATS: what a node opens. Files named `jetstream…` are the only ones that know its client. */
import { EventStoreError } from '../event/error.ts'
import { Connection, type NatsOptions } from './jetstream-connection.ts'
import { NatsBus } from './jetstream-bus.ts'
import { JetStreamLog } from './jetstream-log.ts'
import { JetStreamRegistry } from './jetstream-registry.ts'
import { checkServers, type ServersOptions, type ServersReport } from './jetstream-servers.ts'
import { ensureBucket, ensureStreams, type LogShape } from './jetstream-streams.ts'
import { checkClusterName } from './nats-subjects.ts'
import type { Bus } from './bus.ts'
import type { Registry } from './registry.ts'
import type { SharedLog } from './shared-log.ts'

export { streamsFor } from './nats-subjects.ts'
export type { NatsOptions } from './jetstream-connection.ts'
export type { ServersOptions, ServersReport } from './jetstream-servers.ts'
export type { LogShape } from './jetstream-streams.ts'

/**
 * Checks the servers, then makes and checks the bucket of the registry; every node does it when it starts. Says what is not promised. Throws
 * INCOMPATIBLE, UNREACHABLE, UNAUTHENTICATED, INVALID.
 */
export async function prepareRegistry(options: NatsOptions & ServersOptions): Promise<ServersReport> {
  whole('replicas', options.replicas, 5)
  const connection = await open(options)
  try {
    const report = await checkServers(connection, options, options)
    await ensureBucket(connection, options.replicas)
    return report
  } finally {
    await connection.close()
  }
}

/** Makes and checks the streams of the log. Throws as `prepareRegistry` does. */
export async function prepareLog(options: NatsOptions & LogShape): Promise<void> {
  checkShape(options)
  const connection = await open(options)
  try {
    await ensureStreams(connection, options)
  } finally {
    await connection.close()
  }
}

export type PrepareOptions = NatsOptions & LogShape & ServersOptions

/** Both, for whoever knows the shape. */
export async function prepareNats(options: PrepareOptions): Promise<ServersReport> {
  const report = await prepareRegistry(options)
  await prepareLog(options)
  return report
}

/** A connection of its own. Throws UNREACHABLE, UNAUTHENTICATED, INVALID. */
export async function openSharedLog(options: NatsOptions & Pick<LogShape, 'streams'>): Promise<SharedLog> {
  return new JetStreamLog(await open(options), options.streams)
}

/** A connection of its own. Throws UNREACHABLE, UNAUTHENTICATED, INVALID. */
export async function openRegistry(options: NatsOptions): Promise<Registry> {
  return new JetStreamRegistry(await open(options))
}

/** A connection of its own. Throws UNREACHABLE, UNAUTHENTICATED, INVALID. */
export async function openBus(options: NatsOptions): Promise<Bus> {
  return new NatsBus(await open(options))
}

function open(options: NatsOptions): Promise<Connection> {
  checkClusterName(options.name)
  return Connection.open(options)
}

function checkShape({ partitions, streams, replicas }: LogShape): void {
  whole('partitions', partitions, 4096)
  whole('streams', streams, Math.min(partitions, 64))
  whole('replicas', replicas, 5)
}

function whole(field: string, value: number, max: number): void {
  if (Number.isInteger(value) && value >= 1 && value <= max) return
  throw new EventStoreError('INVALID', `${field} is 1 to ${max}, not ${value}.`, { field })
}
