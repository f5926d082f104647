/** The streams of a log and the bucket of a registry: made when they are not there, and compared with what they must be when they are. */
import type { StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { JetStreamApiError } from '@nats-io/jetstream'
import { EventStoreError } from '../event/error.ts'
import { type Connection, reasonOf } from './jetstream-connection.ts'
import { bucketStream, keySubject, streamOf, subjectsOf } from './nats-subjects.ts'

export interface LogShape {
  /** Partitions of the log, 1 to 4,096. */
  readonly partitions: number
  /** Streams they lie in: partition p in stream p mod `streams`. */
  readonly streams: number
  /** Servers that keep each message: 1 to 5, odd. */
  readonly replicas: number
}

/** Writes of a key that are kept, so that whoever watches is told of several in a row. */
const BUCKET_HISTORY = 16
const NO_STREAM = 10059
const NAME_IN_USE = 10058
const NO_PEERS = 10005
const NOT_CLUSTERED = 10074
const SUBJECTS_OVERLAP = 10065

/** What nobody may have changed: a stream that forgets by itself, or that answers from a replica, is no log. */
const keepsAll = {
  storage: 'file',
  retention: 'limits',
  discard: 'new',
  max_age: 0,
  max_bytes: -1,
  max_msgs: -1,
  sealed: false,
} as const

/** Makes and checks the streams of the log; done again it changes nothing. Throws INCOMPATIBLE for what is there and differs, UNREACHABLE. */
export async function ensureStreams(connection: Connection, shape: LogShape): Promise<void> {
  const { name } = connection
  for (let index = 0; index < shape.streams; index++) {
    await ensureStream(connection, {
      ...keepsAll,
      name: streamOf(name, index),
      subjects: subjectsOf(name, index, shape),
      num_replicas: shape.replicas,
      max_msgs_per_subject: -1,
      allow_atomic: true,
      allow_direct: false,
      allow_rollup_hdrs: false,
      deny_delete: true,
      deny_purge: false,
    })
  }
}

/** The same for the bucket of the registry, which says what shape the log has. */
export async function ensureBucket(connection: Connection, replicas: number): Promise<void> {
  const { name } = connection
  await ensureStream(connection, {
    ...keepsAll,
    name: bucketStream(name),
    subjects: [keySubject(name, '>')],
    num_replicas: replicas,
    // The layout of a NATS bucket, so that its tools can read it.
    max_msgs_per_subject: BUCKET_HISTORY,
    allow_direct: false,
    allow_rollup_hdrs: true,
    deny_delete: true,
    deny_purge: false,
  })
}

type Wanted = Partial<StreamConfig> & { readonly name: string }

async function ensureStream(connection: Connection, wanted: Wanted): Promise<void> {
  const found = (await infoOf(connection, wanted.name)) ?? (await make(connection, wanted))
  const different = differences(wanted, found.config)
  if (different.length === 0) return
  throw new EventStoreError('INCOMPATIBLE', `The stream ${wanted.name} of NATS is not as this cluster needs it: ${different.join('; ')}.`, {
    stream: wanted.name,
    different,
  })
}

async function infoOf(connection: Connection, name: string): Promise<StreamInfo | undefined> {
  try {
    return await connection.untilAnswered(`stream ${name}`, () => connection.jetstream.streams.info(name), connection.timeoutMs * 4)
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === NO_STREAM) return undefined
    throw refusal(error, name)
  }
}

async function make(connection: Connection, wanted: Wanted): Promise<StreamInfo> {
  const call = async (): Promise<StreamInfo> => {
    try {
      return await connection.jetstream.streams.add({ ...wanted, subjects: [...(wanted.subjects ?? [])] })
    } catch (error) {
      // Servers that are known and not there at the moment: they may come. Not an answer for good, so it is asked again.
      if (error instanceof JetStreamApiError && error.code === NO_PEERS && /offline/.test(error.message)) throw new Error(reasonOf(error))
      throw error
    }
  }
  try {
    return await connection.untilAnswered(`making ${wanted.name}`, call, connection.timeoutMs * 4)
  } catch (error) {
    // Another node made it meanwhile, or an answer was lost: what is there is compared.
    const found = error instanceof JetStreamApiError && error.code === NAME_IN_USE ? await infoOf(connection, wanted.name) : undefined
    if (found !== undefined) return found
    throw refusal(error, wanted.name)
  }
}

function refusal(error: unknown, stream: string): unknown {
  if (!(error instanceof JetStreamApiError)) return error
  const reason = reasonOf(error)
  if (error.code === NO_PEERS || error.code === NOT_CLUSTERED) {
    return new EventStoreError('INCOMPATIBLE', `NATS has not enough JetStream servers for the replicas of ${stream}: ${reason}.`, {
      stream,
    })
  }
  if (error.code === SUBJECTS_OVERLAP) {
    return new EventStoreError('INCOMPATIBLE', `Another stream of NATS takes the subjects of ${stream}: ${reason}.`, { stream })
  }
  return new EventStoreError('INCOMPATIBLE', `NATS refuses the stream ${stream}: ${reason}.`, { stream, natsCode: error.code })
}

/** Each difference as a sentence, `replicas is 1, not 3`. */
export function differences(wanted: Partial<StreamConfig>, found: Partial<StreamConfig>): string[] {
  const sentences: string[] = []
  for (const [field, value] of Object.entries(wanted)) {
    const there = found[field as keyof StreamConfig] ?? (typeof value === 'boolean' ? false : undefined)
    const same = Array.isArray(value) ? sameTexts(value as string[], there as string[] | undefined) : there === value
    if (!same) sentences.push(`${field} is ${shown(there)}, not ${shown(value)}`)
  }
  for (const field of ['mirror', 'sources', 'subject_transform', 'republish'] as const) {
    if (found[field] !== undefined) sentences.push(`${field} is set`)
  }
  const mode = (found as { persist_mode?: string }).persist_mode
  if (mode !== undefined && mode !== 'default') sentences.push(`persist_mode is ${mode}, not default`)
  return sentences
}

const sameTexts = (one: readonly string[], other: readonly string[] | undefined): boolean =>
  one.length === other?.length && [...one].sort().join(' ') === [...other].sort().join(' ')

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.length > 2 ? `${value.length} subjects (${value[0]} to ${value.at(-1)})` : value.join(', ')
  return value === undefined ? 'not set' : JSON.stringify(value)
}
