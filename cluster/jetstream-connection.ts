/** One connection to NATS that comes back by itself, and what every use of it needs: requests that end when it is lost, and calls tried again. */
import { readFileSync } from 'node:fs'
import type { JetStreamManager } from '@nats-io/jetstream'
import { JetStreamApiError, jetstreamManager } from '@nats-io/jetstream'
import type { Authenticator, Msg, MsgHdrs, NatsConnection, NodeConnectionOptions } from '@nats-io/transport-node'
import { connect, credsAuthenticator, errors, nkeyAuthenticator } from '@nats-io/transport-node'
import { type Clock, systemClock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import { sleep, systemTimers, type Timers } from '../event/timers.ts'
import { inboxOf } from './nats-subjects.ts'

export interface NatsOptions {
  /** `nats://host:port`, or `tls://host:port`. Others of the same NATS cluster are learned. */
  readonly servers: readonly string[]
  /** The name of our cluster: the word in its subjects, and the first part of the names of its streams. */
  readonly name: string
  /** Shown by NATS as the name of the connection. */
  readonly client?: string
  /** Path of a credentials file (JWT and seed). */
  readonly credentials?: string
  /** Path of a file with the seed of an nkey. */
  readonly nkeySeed?: string
  /** Paths of PEM files. Any of them asks for TLS. */
  readonly tls?: { readonly ca?: string; readonly certificate?: string; readonly key?: string }
  /** For the first connection; afterwards it is tried for ever. 20,000. */
  readonly connectTimeoutMs?: number
  /** How long an append, a read or a trim may take. 5,000. */
  readonly timeoutMs?: number
  readonly clock?: Clock
  readonly timers?: Timers
}

/** How long one try of a call that may be repeated waits for an answer, in milliseconds: a stream without a leader never answers. */
const TRY_MS = 1000
const RETRY_MS = 50
const DIAL_MS = 2000

export class Connection {
  readonly nats: NatsConnection
  readonly jetstream: JetStreamManager
  readonly name: string
  readonly clock: Clock
  readonly timers: Timers
  readonly timeoutMs: number
  private connected = true
  private losses = new Set<(error: Error) => void>()
  private readonly listeners = new Set<(connected: boolean) => void>()

  private constructor(nats: NatsConnection, jetstream: JetStreamManager, options: NatsOptions) {
    this.nats = nats
    this.jetstream = jetstream
    this.name = options.name
    this.clock = options.clock ?? systemClock
    this.timers = options.timers ?? systemTimers
    this.timeoutMs = options.timeoutMs ?? 5000
    void this.watch()
  }

  /** Throws UNREACHABLE when no server is reached in time, UNAUTHENTICATED when one is and refuses us, INVALID for a file that can not be read. */
  static async open(options: NatsOptions): Promise<Connection> {
    const { clock = systemClock, timers = systemTimers } = options
    const settings = settingsOf(options)
    const end = clock.monotonic() + (options.connectTimeoutMs ?? 20_000)
    // Between two tries nothing else may keep a process that is starting alive.
    const alive = setInterval(() => undefined, DIAL_MS)
    try {
      for (;;) {
        try {
          // Asked once without patience for refusals: a refused client would try the servers of the cluster in turn for ever.
          await (await connect({ ...settings, ignoreAuthErrorAbort: false })).close()
          const nats = await connect(settings)
          return new Connection(nats, await jetstreamManager(nats, { checkAPI: false, timeout: TRY_MS }), options)
        } catch (error) {
          const reason = reasonOf(error)
          const { servers } = options
          if (error instanceof errors.AuthorizationError)
            throw new EventStoreError('UNAUTHENTICATED', `NATS refuses the connection: ${reason}`)
          if (clock.monotonic() > end)
            throw new EventStoreError('UNREACHABLE', `No NATS server answers at ${servers.join(', ')}: ${reason}`, { servers })
          await sleep(timers, RETRY_MS)
        }
      }
    } finally {
      clearInterval(alive)
    }
  }

  get isConnected(): boolean {
    return this.connected && !this.nats.isClosed()
  }

  /** Told each time the connection is lost and found. The answer ends it. */
  onChange(listener: (connected: boolean) => void): () => void {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  /** The promise, or a failure as soon as the connection is lost: no answer comes over another one. */
  whileConnected<T>(started: () => Promise<T>): Promise<T> {
    if (!this.isConnected) return Promise.reject(new Error('not connected to NATS'))
    return new Promise((resolve, reject) => {
      this.losses.add(reject)
      started()
        .finally(() => this.losses.delete(reject))
        .then(resolve, reject)
    })
  }

  request(subject: string, bytes: Uint8Array | string, timeoutMs: number, headers?: MsgHdrs): Promise<Msg> {
    return this.whileConnected(() =>
      this.nats.request(subject, bytes, headers === undefined ? { timeout: timeoutMs } : { timeout: timeoutMs, headers }),
    )
  }

  /**
   * Calls again and again until an answer comes. Only for calls that may be done twice. Throws UNREACHABLE after `timeoutMs`, and at once what the
   * server refuses for good, FORBIDDEN where the user may not ask.
   */
  async untilAnswered<T>(what: string, call: () => Promise<T>, timeoutMs = this.timeoutMs): Promise<T> {
    const end = this.clock.monotonic() + timeoutMs
    for (;;) {
      try {
        return await this.whileConnected(call)
      } catch (error) {
        if (error instanceof JetStreamApiError && !isTemporary(error)) throw error
        if (isForbidden(error)) throw new EventStoreError('FORBIDDEN', `The user of NATS may not do this (${what}): ${reasonOf(error)}`)
        if (this.nats.isClosed()) throw new EventStoreError('CLOSED', 'The connection to NATS is closed.')
        if (this.clock.monotonic() > end) throw new EventStoreError('UNREACHABLE', `NATS does not answer (${what}): ${reasonOf(error)}`)
        await sleep(this.timers, RETRY_MS)
      }
    }
  }

  async close(): Promise<void> {
    await this.nats.close()
    this.changed(false)
  }

  private async watch(): Promise<void> {
    for await (const status of this.nats.status()) {
      if (status.type === 'disconnect') this.changed(false)
      else if (status.type === 'reconnect') this.changed(true)
    }
  }

  private changed(connected: boolean): void {
    if (this.connected === connected) return
    this.connected = connected
    if (!connected) {
      const lost = this.losses
      this.losses = new Set()
      for (const reject of lost) reject(new Error('the connection to NATS was lost'))
    }
    for (const listener of this.listeners) listener(connected)
  }
}

function settingsOf(options: NatsOptions): NodeConnectionOptions {
  const { tls } = options
  const authenticator: Authenticator[] = []
  if (options.credentials !== undefined) authenticator.push(credsAuthenticator(secret('credentials', options.credentials)))
  if (options.nkeySeed !== undefined) authenticator.push(nkeyAuthenticator(trimmed(secret('nkeySeed', options.nkeySeed))))
  return {
    servers: [...options.servers],
    name: options.client ?? `allsource ${options.name}`,
    inboxPrefix: inboxOf(options.name),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 100,
    reconnectJitter: 50,
    reconnectJitterTLS: 50,
    ignoreAuthErrorAbort: true,
    timeout: DIAL_MS,
    // A server that stands still keeps its sockets open: only unanswered pings tell.
    pingInterval: 1000,
    maxPingOut: 2,
    noAsyncTraces: true,
    ...(authenticator.length > 0 ? { authenticator } : {}),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(tls.ca === undefined ? {} : { caFile: tls.ca }),
            ...(tls.certificate === undefined ? {} : { certFile: tls.certificate }),
            ...(tls.key === undefined ? {} : { keyFile: tls.key }),
          },
        }),
  }
}

function secret(field: string, path: string): Uint8Array {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new EventStoreError('INVALID', `${field}: ${path} can not be read: ${reasonOf(error)}`, { field })
  }
}

const trimmed = (bytes: Uint8Array): Uint8Array => Buffer.from(Buffer.from(bytes).toString('latin1').trim(), 'latin1')

/** Answers that look like a failure of the server and are one of its set-up: not clustered, no account, no such feature, a wrong configuration. */
const FINAL: ReadonlySet<number> = new Set([10010, 10035, 10036, 10052, 10074])

/** Cluster not ready, leader unknown, a server restarting: such an answer says nothing about the request. */
const isTemporary = (error: JetStreamApiError): boolean => error.status >= 500 && !FINAL.has(error.code)

const isForbidden = (error: unknown): boolean =>
  error instanceof Error && [error, error.cause].some(each => each instanceof errors.PermissionViolationError)

/** What an error says, with what caused it: the client wraps what it is told. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = error instanceof JetStreamApiError ? ` (${error.code})` : ''
  const cause = error.cause instanceof Error && error.cause.message !== error.message ? `: ${error.cause.message}` : ''
  return `${error.message}${code}${cause}`
}
