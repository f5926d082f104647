/**
 * Follows streams of the log. Each has a pull consumer without acknowledgements, made anew behind the last message taken as soon as anything is
 * unusual: a gap in its numbers, silence, a leader that changed, a connection that was lost. The consumer of the package does alike, but waits half
 * a minute before it looks for one that is gone, and does not hold back for a handler that is asynchronous.
 */
import type { ConsumerConfig } from '@nats-io/jetstream'
import type { Msg, Subscription } from '@nats-io/transport-node'
import { createInbox } from '@nats-io/transport-node'
import { sleep } from '../event/timers.ts'
import { type Connection, reasonOf } from './jetstream-connection.ts'
import { inboxOf, logSubject, partitionOf, streamIndexOf, streamOf } from './nats-subjects.ts'
import type { FollowOptions, Following } from './shared-log.ts'

/** A pull asks for this much; as much again may wait for the handler. */
const PULL_MESSAGES = 256
const PULL_BYTES = 4 * 1024 * 1024
const PULL_EXPIRES_MS = 10_000
const HEARTBEAT_MS = 1000
/** Silence after which a consumer counts as lost: the server sends a heartbeat each second. */
const SILENCE_MS = 3 * HEARTBEAT_MS
const MAKE_MS = 2000
const RETRY_MS = 100
/** A server forgets a consumer that nobody asks for so long; longer than a handler may hold one message. */
const INACTIVE_MS = 5 * 60_000

/** What has come from a stream; `sequence` rises. */
export interface StreamMessage {
  readonly subject: string
  readonly sequence: number
  readonly bytes: Uint8Array
}

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
  private session: Session | undefined
  private readonly done: Promise<unknown>

  constructor(connection: Connection, options: StreamFollowOptions) {
    this.connection = connection
    this.options = options
    this.reached = options.after
    this.done = Promise.all([this.take(), this.deliver()])
  }

  async close(): Promise<void> {
    this.isClosed = true
    this.session?.lose('closed')
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
    const session = new Session(this.connection, stream, consumer, {
      took: message => this.took(message),
      mayPull: () => this.waitingBytes < PULL_BYTES,
      heard: () => this.options.trouble(null),
    })
    this.session = session
    const reason = await session.lost
    this.session = undefined
    this.connection.manager.consumers.delete(stream, consumer).catch(() => undefined)
    return reason
  }

  private took(message: StreamMessage): void {
    // A consumer on a replica that lags behind may begin too early.
    if (message.sequence <= this.reached) return
    this.reached = message.sequence
    this.waiting.push(message)
    this.waitingBytes += message.bytes.length
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
      this.waitingBytes -= message.bytes.length
      this.session?.pull()
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

interface SessionEvents {
  took(message: StreamMessage): void
  mayPull(): boolean
  heard(): void
}

/** One consumer, from its first pull to its loss. */
class Session {
  readonly lost: Promise<string>
  lose: (reason: string) => void = () => undefined
  private readonly connection: Connection
  private readonly events: SessionEvents
  private readonly next: string
  private readonly inbox: string
  private readonly inboxSubscription: Subscription
  /** The consumer's own number of the next message: a gap means that some were lost on the way. */
  private expected = 1
  /** Messages that the open pull may still bring; 0 when none is open. */
  private open = 0
  private stopWatch: () => void = () => undefined
  private heardAt = 0

  constructor(connection: Connection, stream: string, consumer: string, events: SessionEvents) {
    this.connection = connection
    this.events = events
    this.next = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`
    this.inbox = createInbox(inboxOf(connection.name))
    this.lost = new Promise(resolve => (this.lose = resolve))
    this.inboxSubscription = connection.nats.subscribe(this.inbox, {
      callback: (error, message) => {
        if (error !== null) this.lose(reasonOf(error))
        else this.receive(message)
      },
    })
    const stopListening = connection.onChange(() => this.lose('the connection to NATS was lost'))
    void this.lost.then(() => {
      stopListening()
      this.stopWatch()
      this.inboxSubscription.unsubscribe()
    })
    this.watch()
    this.pull()
  }

  /** Asks for more, unless a pull is open or enough waits. */
  pull(): void {
    if (this.open > 0 || !this.events.mayPull() || !this.connection.isConnected) return
    this.open = PULL_MESSAGES
    this.heardAt = this.connection.clock.monotonic()
    const request = { batch: PULL_MESSAGES, max_bytes: PULL_BYTES, expires: PULL_EXPIRES_MS * 1e6, idle_heartbeat: HEARTBEAT_MS * 1e6 }
    try {
      this.connection.nats.publish(this.next, JSON.stringify(request), { reply: this.inbox })
    } catch (error) {
      this.lose(reasonOf(error))
    }
  }

  private receive(message: Msg): void {
    this.heardAt = this.connection.clock.monotonic()
    if (message.subject === this.inbox) {
      this.status(message.headers?.code ?? 0, message.headers?.description ?? '')
      return
    }
    const place = placeOf(message.reply ?? '')
    if (place?.delivered !== this.expected) {
      this.lose(`message ${this.expected} of the consumer was lost`)
      return
    }
    this.expected++
    this.open--
    this.events.heard()
    this.events.took({ subject: message.subject, sequence: place.sequence, bytes: message.data })
    if (this.open === 0) this.pull()
  }

  private status(code: number, description: string): void {
    if (code === 100) {
      this.events.heard()
      return
    }
    // The pull is at its end: nothing came for a while, or what comes next does not fit into it.
    const isEnd = code === 404 || code === 408 || (code === 409 && /batch completed|exceeds maxbytes/i.test(description))
    if (!isEnd) {
      this.lose(`${code} ${description}`)
      return
    }
    this.open = 0
    this.pull()
  }

  private watch(): void {
    this.stopWatch = this.connection.timers.after(HEARTBEAT_MS, () => {
      const silent = this.connection.clock.monotonic() - this.heardAt > SILENCE_MS
      if (this.open > 0 && silent) this.lose(`nothing was heard for ${SILENCE_MS} ms`)
      else this.watch()
    })
  }
}

/** What the reply subject of a delivered message tells: `$JS.ACK.…<sequence in the stream>.<sequence of the consumer>.<time>.<pending>`. */
function placeOf(reply: string): { sequence: number; delivered: number } | undefined {
  const words = reply.split('.')
  // The long form begins with a domain and an account, and may end with a word more.
  const first = words.length === 9 ? 5 : words.length >= 11 ? 7 : undefined
  return first === undefined ? undefined : { sequence: Number(words[first]), delivered: Number(words[first + 1]) }
}
