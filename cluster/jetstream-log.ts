/** The shared log on JetStream: a subject a partition, appended under the condition of its last sequence. */
import { JetStreamApiError } from '@nats-io/jetstream'
import { headers as natsHeaders } from '@nats-io/transport-node'
import { EventStoreError } from '../event/error.ts'
import { type Connection, reasonOf } from './jetstream-connection.ts'
import { followStreams } from './jetstream-follow.ts'
import { logSubject, streamIndexOf, streamOf } from './nats-subjects.ts'
import { type FollowOptions, type Following, type LogAppend, type LogMessage, MESSAGE_BYTES, type SharedLog } from './shared-log.ts'

/** `wrong last sequence: N`, and the same without a number: an append to the subject is still under way, or the leader thinks so. */
const CONFLICTS: ReadonlySet<number> = new Set([10071, 10164])
const NO_MESSAGE = 10037

interface Ack {
  readonly stream?: string
  readonly seq?: number
  readonly error?: { readonly err_code: number; readonly description: string }
}

export class JetStreamLog implements SharedLog {
  private readonly connection: Connection
  private readonly streams: number
  private readonly followings = new Set<Following>()

  constructor(connection: Connection, streams: number) {
    this.connection = connection
    this.streams = streams
  }

  async append(partition: number, after: number, messages: readonly Uint8Array[]): Promise<LogAppend> {
    if (messages.length === 0) return { kind: 'unknown', reason: 'an append of no messages' }
    if (messages.some(message => message.length > MESSAGE_BYTES))
      return { kind: 'unknown', reason: `a message above ${MESSAGE_BYTES} bytes` }
    try {
      return this.outcome(partition, await this.connection.whileConnected(() => this.send(partition, after, messages)))
    } catch (error) {
      return { kind: 'unknown', reason: reasonOf(error) }
    }
  }

  async last(partition: number): Promise<LogMessage | null> {
    const stream = this.stream(partition)
    const subject = logSubject(this.connection.name, partition)
    const call = () => this.connection.manager.streams.getMessage(stream, { last_by_subj: subject })
    try {
      const found = await this.connection.untilAnswered(`last of ${subject}`, call)
      return found === null ? null : { partition, sequence: found.seq, bytes: found.data }
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === NO_MESSAGE) return null
      throw plain(error)
    }
  }

  follow(options: FollowOptions): Following {
    const following = followStreams(this.connection, this.streams, options)
    this.followings.add(following)
    return {
      close: async () => {
        this.followings.delete(following)
        await following.close()
      },
    }
  }

  async trim(partition: number, before: number): Promise<void> {
    const last = await this.last(partition)
    // What is last now stays, whatever was asked: without it the condition of an append would hold for a log that looks empty.
    const seq = Math.min(before, last?.sequence ?? 0)
    if (seq <= 1) return
    const call = () =>
      this.connection.manager.streams.purge(this.stream(partition), { filter: logSubject(this.connection.name, partition), seq })
    try {
      await this.connection.untilAnswered(`trim of partition ${partition}`, call)
    } catch (error) {
      throw plain(error)
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.followings].map(following => following.close()))
    await this.connection.close()
  }

  private stream(partition: number): string {
    return streamOf(this.connection.name, streamIndexOf(partition, this.streams))
  }

  /** Several messages are one atomic batch: the leader keeps them aside until the last one comes, which says that it is. */
  private async send(partition: number, after: number, messages: readonly Uint8Array[]): Promise<Ack> {
    const { nats, clock, timeoutMs } = this.connection
    const subject = logSubject(this.connection.name, partition)
    const batch = messages.length === 1 ? '' : Buffer.from(clock.random(16)).toString('hex')
    const headersOf = (index: number) => {
      const headers = natsHeaders()
      if (index === 0) headers.set('Nats-Expected-Last-Subject-Sequence', String(after))
      if (batch !== '') {
        headers.set('Nats-Batch-Id', batch)
        headers.set('Nats-Batch-Sequence', String(index + 1))
        if (index === messages.length - 1) headers.set('Nats-Batch-Commit', '1')
      }
      return headers
    }
    const end = messages.length - 1
    for (let index = 0; index < end; index++) nats.publish(subject, messages[index]!, { headers: headersOf(index) })
    const answer = await nats.request(subject, messages[end]!, { headers: headersOf(end), timeout: timeoutMs })
    return answer.json<Ack>()
  }

  private outcome(partition: number, ack: Ack): LogAppend {
    if (ack.error !== undefined) {
      if (CONFLICTS.has(ack.error.err_code)) return { kind: 'conflict' }
      return { kind: 'unknown', reason: `${ack.error.description} (${ack.error.err_code})` }
    }
    const stream = this.stream(partition)
    if (ack.stream !== stream || typeof ack.seq !== 'number') {
      return { kind: 'unknown', reason: `an answer of the stream ${String(ack.stream)}, not of ${stream}` }
    }
    return { kind: 'committed', sequence: ack.seq }
  }
}

/** A refusal of JetStream, which a caller does not know, as one of ours. */
function plain(error: unknown): unknown {
  if (!(error instanceof JetStreamApiError)) return error
  return new EventStoreError('UNREACHABLE', `NATS refuses: ${reasonOf(error)}`, { natsCode: error.code })
}
