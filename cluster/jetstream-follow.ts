/**
 * Follows streams of the log. Each has a consumer, made anew behind the last message taken as soon as anything is unusual. The consumer of the
 * package does alike, but waits half a minute before it looks for one that is gone, and does not hold back for a handler that is asynchronous.
 */
import type { ConsumerConfig } from '@nats-io/jetstream'
import { sleep } from '../event/timers.ts'
import { type Connection, reasonOf } from './jetstream-connection.ts'
import { PULL_BYTES, Pulls, type StreamMessage } from './jetstream-pulls.ts'
import { logSubject, partitionOf, streamIndexOf, streamOf } from './nats-subjects.ts'
import type { FollowOptions, Following } from './shared-log.ts'

const MAKE_MS = 2000
const RETRY_MS = 100
/** What a waiting message costs beside its bytes, so that small ones are bounded too. */
const MESSAGE_OVERHEAD = 256
/** A server forgets a consumer that nobody asks for so long. */
const INACTIVE_MS = 5 * 60_000

export interface StreamFollowOptions {
  readonly stream: string
  readonly subjects: readonly string[]
  /** Delivery begins behind this sequence. */
  readonly after: number
  /** The newest message of each subject first, then all that come. */
  readonly lastPerSubject?: true
  readonly message: (message: StreamMessage) => void | Promise<void>
  readonly trouble: (reason: string | null) => void
}

/** Follows all streams that the partitions lie in; one message at a time is with the handler, whichever stream it came from. */
export function followStreams(connection: Connection, streams: number, options: FollowOptions): Following {
  let turn: Promise<void> = Promise.resolve()
  const troubles = new Map<string, string>()
  let told: string | null = null
  const followers = Array.from({ length: streams }, (_, index) => index).flatMap(index => {
    const partitions = options.partitions.filter(partition => streamIndexOf(partition, streams) === index)
    if (partitions.length === 0) return []
    const after = new Map(partitions.map(partition => [partition, options.after(partition)]))
    const stream = streamOf(connection.name, index)
    return new StreamFollower(connection, {
      stream,
      subjects: partitions.map(partition => logSubject(connection.name, partition)),
      after: Math.min(...after.values()),
      message: ({ subject, sequence, bytes }) => {
        const partition = partitionOf(subject)
        if (sequence <= (after.get(partition) ?? 0)) return
        const given = turn.then(() => options.message({ partition, sequence, bytes }))
        turn = given.catch(() => undefined)
        return given
      },
      trouble: reason => {
        if (reason === null) troubles.delete(stream)
        else troubles.set(stream, `${stream}: ${reason}`)
        const now = troubles.size === 0 ? null : [...troubles.values()].join('; ')
        if (now === told) return
        told = now
        options.trouble?.(now)
      },
    })
  })
  return {
    close: async () => {
      await Promise.all(followers.map(follower => follower.close()))
    },
  }
}

export class StreamFollower implements Following {
  private readonly connection: Connection
  private readonly options: StreamFollowOptions
  /** The highest sequence taken from the server. */
  private reached: number
  private readonly waiting: StreamMessage[] = []
  private waitingBytes = 0
  private isClosed = false
  private wake: () => void = () => undefined
  private pulls: Pulls | undefined
  private readonly done: Promise<unknown>

  constructor(connection: Connection, options: StreamFollowOptions) {
    this.connection = connection
    this.options = options
    this.reached = options.after
    this.done = Promise.all([this.take(), this.deliver()])
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.pulls?.lose('closed')
    this.wake()
    await this.done
  }

  /** Keeps a consumer alive until the end. */
  private async take(): Promise<void> {
    while (!this.isClosed) {
      let reason: string
      try {
        reason = await this.takeFromOne()
      } catch (error) {
        reason = reasonOf(error)
      }
      if (this.isClosed) return
      this.options.trouble(reason)
      await sleep(this.connection.timers, RETRY_MS)
    }
  }

  /** Takes from one consumer until it is lost; the answer is why. */
  private async takeFromOne(): Promise<string> {
    const { stream, subjects, lastPerSubject } = this.options
    const consumer = Buffer.from(this.connection.clock.random(12)).toString('hex')
    const config: Partial<ConsumerConfig> & { name: string } = {
      name: consumer,
      filter_subjects: [...subjects],
      ...(lastPerSubject === true && this.reached === 0
        ? { deliver_policy: 'last_per_subject' as const }
        : { deliver_policy: 'by_start_sequence' as const, opt_start_seq: this.reached + 1 }),
      ack_policy: 'none',
      replay_policy: 'instant',
      num_replicas: 1,
      mem_storage: true,
      max_waiting: 8,
      inactive_threshold: INACTIVE_MS * 1e6,
    }
    const request = JSON.stringify({ stream_name: stream, config, action: 'create' })
    const answer = await this.connection.request(`$JS.API.CONSUMER.CREATE.${stream}.${consumer}`, request, MAKE_MS)
    const { error } = answer.json<{ error?: { description: string; err_code: number } }>()
    if (error !== undefined) return `${error.description} (${error.err_code})`
    if (this.isClosed) return 'closed'
    const pulls = new Pulls(this.connection, stream, consumer, {
      took: message => this.took(message),
      mayPull: () => this.waitingBytes < PULL_BYTES,
      heard: () => this.options.trouble(null),
    })
    this.pulls = pulls
    const reason = await pulls.lost
    this.pulls = undefined
    this.connection.jetstream.consumers.delete(stream, consumer).catch(() => undefined)
    return reason
  }

  private took(message: StreamMessage): void {
    // A consumer on a replica that lags behind may begin too early.
    if (message.sequence <= this.reached) return
    this.reached = message.sequence
    this.waiting.push(message)
    this.waitingBytes += message.bytes.length + MESSAGE_OVERHEAD
    this.wake()
  }

  private async deliver(): Promise<void> {
    while (!this.isClosed) {
      const message = this.waiting.shift()
      if (message === undefined) {
        await new Promise<void>(resolve => (this.wake = resolve))
        continue
      }
      await this.give(message)
      this.waitingBytes -= message.bytes.length + MESSAGE_OVERHEAD
      this.pulls?.pull()
    }
  }

  /** A handler that throws gets the same message again: the log goes on only behind what was taken. */
  private async give(message: StreamMessage): Promise<void> {
    while (!this.isClosed) {
      try {
        const given = this.options.message(message)
        if (given !== undefined) await given
        return
      } catch (error) {
        this.options.trouble(`the follower failed: ${reasonOf(error)}`)
        await sleep(this.connection.timers, RETRY_MS)
      }
    }
  }
}
