/** The shared log on JetStream: a subject a partition, appended under the condition of its last sequence. */
import { answered, appendTo, lastOf, type Place } from './jetstream-append.ts'
import type { Connection } from './jetstream-connection.ts'
import { followStreams } from './jetstream-follow.ts'
import { logSubject, streamIndexOf, streamOf } from './nats-subjects.ts'
import type { FollowOptions, Following, LogAppend, LogMessage, SharedLog } from './shared-log.ts'

export class JetStreamLog implements SharedLog {
  private readonly connection: Connection
  private readonly streams: number
  private readonly followings = new Set<Following>()

  constructor(connection: Connection, streams: number) {
    this.connection = connection
    this.streams = streams
  }

  append(partition: number, after: number, messages: readonly Uint8Array[]): Promise<LogAppend> {
    return appendTo(this.connection, this.place(partition), after, messages)
  }

  async last(partition: number): Promise<LogMessage | null> {
    const found = await lastOf(this.connection, this.place(partition))
    return found === null ? null : { partition, sequence: found.seq, bytes: found.data }
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
    const { stream, subject } = this.place(partition)
    await answered(this.connection, `trim of ${subject}`, () => this.connection.jetstream.streams.purge(stream, { filter: subject, seq }))
  }

  async close(): Promise<void> {
    await Promise.all([...this.followings].map(following => following.close()))
    await this.connection.close()
  }

  private place(partition: number): Place {
    const { name } = this.connection
    return { stream: streamOf(name, streamIndexOf(partition, this.streams)), subject: logSubject(name, partition) }
  }
}
