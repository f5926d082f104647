/** The shared log, the bus and the registry on NATS: what a node opens. Files named `jetstream…` are the only ones that know its client. */
import { EventStoreError } from '../event/error.ts'
import { Connection, type NatsOptions } from './jetstream-connection.ts'
import { JetStreamLog } from './jetstream-log.ts'
import { ensureStreams, type LogShape } from './jetstream-streams.ts'
import { checkClusterName, STREAMS_MAX } from './nats-subjects.ts'
import type { SharedLog } from './shared-log.ts'

export type { NatsOptions } from './jetstream-connection.ts'
export type { LogShape } from './jetstream-streams.ts'

/** Streams for a log that is made: few, because each has a leader that elects, and more than one, because each syncs one after another. */
export const streamsFor = (partitions: number): number => Math.min(STREAMS_MAX, partitions)

/** Makes and checks what the cluster needs in NATS; every node does it when it starts. Throws INCOMPATIBLE, UNREACHABLE, UNAUTHENTICATED, INVALID. */
export async function prepareNats(options: NatsOptions & LogShape): Promise<void> {
  checkShape(options)
  const connection = await open(options)
  try {
    await ensureStreams(connection, options)
  } finally {
    await connection.close()
  }
}

/** A connection of its own. Throws UNREACHABLE, UNAUTHENTICATED, INVALID. */
export async function openSharedLog(options: NatsOptions & Pick<LogShape, 'streams'>): Promise<SharedLog> {
  return new JetStreamLog(await open(options), options.streams)
}

function open(options: NatsOptions): Promise<Connection> {
  checkClusterName(options.name)
  return Connection.open(options)
}

function checkShape({ partitions, streams, replicas }: LogShape): void {
  const whole = (field: string, value: number, max: number): void => {
    if (Number.isInteger(value) && value >= 1 && value <= max) return
    throw new EventStoreError('INVALID', `${field} is 1 to ${max}, not ${value}.`, { field })
  }
  whole('partitions', partitions, 4096)
  whole('streams', streams, Math.min(partitions, 64))
  whole('replicas', replicas, 5)
}
