/**
 * One pull consumer without acknowledgements, from its first pull to its loss. Lost is: a gap in its numbers, silence, a leader that changed, a
 * connection that broke. What is lost is never mended, but made anew.
 */
import type { Msg, Subscription } from '@nats-io/transport-node'
import { createInbox } from '@nats-io/transport-node'
import { type Connection, reasonOf } from './jetstream-connection.ts'
import { inboxOf } from './nats-subjects.ts'

/** A pull asks for this much; as much again may wait for the handler. */
const PULL_MESSAGES = 256
export const PULL_BYTES = 4 * 1024 * 1024
const PULL_EXPIRES_MS = 10_000
const HEARTBEAT_MS = 1000
/** Silence after which a consumer counts as lost: the server sends a heartbeat each second. */
const SILENCE_MS = 3 * HEARTBEAT_MS

/** What has come from a stream; `sequence` rises. */
export interface StreamMessage {
  readonly subject: string
  readonly sequence: number
  readonly bytes: Uint8Array
}

export interface PullEvents {
  took(message: StreamMessage): void
  mayPull(): boolean
  heard(): void
}

export class Pulls {
  readonly lost: Promise<string>
  lose: (reason: string) => void = () => undefined
  private readonly connection: Connection
  private readonly events: PullEvents
  private readonly next: string
  private readonly inbox: string
  private readonly inboxSubscription: Subscription
  /** The consumer's own number of the next message: a gap means that some were lost on the way. */
  private expected = 1
  /** Messages that the open pull may still bring; 0 when none is open. */
  private open = 0
  private stopWatch: () => void = () => undefined
  private heardAt = 0

  constructor(connection: Connection, stream: string, consumer: string, events: PullEvents) {
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
