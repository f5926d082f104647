/** What NATS servers must be before a cluster trusts them: new enough, enough of them, and syncing each write before they say that it is kept. */
import { EventStoreError } from '../event/error.ts'
import { sleep } from '../event/timers.ts'
import { Connection, type NatsOptions, reasonOf } from './jetstream-connection.ts'

export interface ServersOptions {
  readonly replicas: number
  /** `http://host:8222` of the servers' monitoring. Left out: port 8222 of every host that is known. */
  readonly monitors?: readonly string[]
  /** A user of the system account, who is told the settings of all servers. Instead of monitoring ports. */
  readonly systemAccount?: Pick<NatsOptions, 'credentials' | 'nkeySeed'>
  /** Go on with servers that sync now and then, or whose setting can not be seen. */
  readonly allowLazySync?: boolean
}

export interface ServerSeen {
  readonly name: string
  readonly version: string
  readonly sync: 'always' | 'lazy'
}

export interface ServersReport {
  readonly servers: readonly ServerSeen[]
  /** Sentences for people: what this NATS does not promise. Empty when all is as it should be. */
  readonly notPromised: readonly string[]
}

/** Atomic batches are there since 2.12. */
const VERSION_MIN = [2, 12] as const
const PAYLOAD_MIN_BYTES = 1024 * 1024
const SEE_MS = 2000
/** A server that is up is heard of each second. */
const HEARD_MS = 5000
const UNSEEN_MS = 15_000
const MONITOR_PORT = 8222

interface Peer {
  readonly name: string
  readonly offline?: boolean
  /** Nanoseconds since the leader heard of it; 0 for never. Only the leader's own list is right. */
  readonly active?: number
}

/** What a server says of itself, on its monitoring port and in the system account alike. */
interface Varz {
  readonly server_id: string
  readonly server_name: string
  readonly version: string
  readonly max_payload: number
  readonly jetstream?: {
    readonly config?: { readonly sync_always?: boolean; readonly sync_interval?: number }
    readonly meta?: {
      readonly leader?: string
      readonly cluster_size?: number
      readonly replicas?: readonly Peer[]
    }
  }
}

/** Throws INCOMPATIBLE, with what to change, for servers that must not be trusted with acknowledged events. */
export async function checkServers(connection: Connection, nats: NatsOptions, options: ServersOptions): Promise<ServersReport> {
  const { info } = connection.nats
  if (info === undefined) throw new EventStoreError('UNREACHABLE', 'NATS has not told what it is.')
  checkVersion(info.server_name, info.version)
  checkPayload(info.server_name, info.max_payload)
  const keepers = await seen(connection, nats, options)
  for (const each of keepers) {
    checkVersion(each.server_name, each.version)
    checkPayload(each.server_name, each.max_payload)
  }
  checkCount(keepers, options.replicas)
  const servers = keepers.map(each => ({
    name: each.server_name,
    version: each.version,
    sync: each.jetstream?.config?.sync_always === true ? ('always' as const) : ('lazy' as const),
  }))
  const doubts = syncDoubts(servers, keepers)
  if (doubts.length > 0 && options.allowLazySync !== true) {
    throw new EventStoreError('INCOMPATIBLE', `${doubts.join(' ')} ${mend}`, { servers })
  }
  const notPromised = doubts.map(doubt => `${doubt} Acknowledged events may be lost when several servers lose power at once.`)
  if (options.replicas < 3) {
    notPromised.push(
      `Each message is kept by ${options.replicas} server${options.replicas === 1 ? '' : 's'}: a lost disk may lose acknowledged events.`,
    )
  }
  return { servers, notPromised }
}

/** Asks again while some answer and others do not: a server that just went down is not known to be down for some seconds. */
async function seen(connection: Connection, nats: NatsOptions, options: ServersOptions): Promise<Varz[]> {
  const end = connection.clock.monotonic() + UNSEEN_MS
  for (;;) {
    const found =
      options.systemAccount === undefined ? await askMonitors(connection, nats, options) : await askAccount(nats, options.systemAccount)
    const keepers = found.filter(each => each.jetstream?.config !== undefined)
    const isWhole = keepers.length === sizeOf(keepers) || (keepers.length > 0 && hasLeader(keepers) && unseenOf(keepers).length === 0)
    if (keepers.length === 0 || isWhole || connection.clock.monotonic() > end) return keepers
    await sleep(connection.timers, SEE_MS / 4)
  }
}

const mend =
  'Set `jetstream { sync_interval: always }` and `http: 8222` on every NATS server (or name their monitoring ports, or a user of the system account), ' +
  'or allow lazy syncs, and events may be lost.'

/** What keeps us from saying that every server syncs always; empty when all is well. */
function syncDoubts(servers: readonly ServerSeen[], keepers: readonly Varz[]): string[] {
  const doubts = servers
    .filter(server => server.sync === 'lazy')
    .map(server => `The NATS server ${server.name} acknowledges what it has not synced (sync_interval is not "always").`)
  if (servers.length === 0) return ['The sync setting of the NATS servers can not be seen.']
  const size = sizeOf(keepers)
  // A server that is down can not be asked. Those that are up must be, and more than half of all.
  const unseen = unseenOf(keepers)
  if (unseen.length > 0) doubts.push(`The sync setting of ${unseen.join(', ')} can not be seen.`)
  else if (servers.length * 2 <= size) doubts.push(`The sync setting of only ${servers.length} of ${size} NATS servers can be seen.`)
  return doubts
}

/** Servers that JetStream's leader heard of lately, and the leader itself, that did not answer. NATS calls a killed server offline only much later. */
function unseenOf(keepers: readonly Varz[]): string[] {
  const names = new Set(keepers.map(each => each.server_name))
  const leader = keepers.map(each => each.jetstream?.meta?.leader ?? '').find(name => name !== '')
  if (leader !== undefined && !names.has(leader)) return [leader]
  const peers = keepers.find(each => each.server_name === leader)?.jetstream?.meta?.replicas ?? []
  const isUp = (peer: Peer): boolean => peer.offline !== true && (peer.active ?? 0) > 0 && (peer.active ?? 0) < HEARD_MS * 1e6
  return peers.filter(peer => !names.has(peer.name) && isUp(peer)).map(peer => peer.name)
}

const hasLeader = (keepers: readonly Varz[]): boolean => keepers.some(each => each.jetstream?.meta?.leader === each.server_name)

const sizeOf = (keepers: readonly Varz[]): number => Math.max(1, ...keepers.map(each => each.jetstream?.meta?.cluster_size ?? 1))

function checkVersion(server: string, version: string): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > VERSION_MIN[0] || (major === VERSION_MIN[0] && minor >= VERSION_MIN[1])) return
  throw new EventStoreError('INCOMPATIBLE', `The NATS server ${server} is ${version}; it must be ${VERSION_MIN.join('.')} or newer.`, {
    server,
    version,
  })
}

function checkPayload(server: string, bytes: number): void {
  if (bytes >= PAYLOAD_MIN_BYTES) return
  throw new EventStoreError(
    'INCOMPATIBLE',
    `The NATS server ${server} takes messages of ${bytes} bytes; max_payload must be 1 MiB or more.`,
    {
      server,
      bytes,
    },
  )
}

/** What can not be seen here is refused by NATS itself when the streams are made. */
function checkCount(keepers: readonly Varz[], replicas: number): void {
  const size = sizeOf(keepers)
  if (keepers.length === 0 || size >= replicas) return
  throw new EventStoreError(
    'INCOMPATIBLE',
    `${replicas} replicas need ${replicas} NATS servers with JetStream in one cluster; there ${size === 1 ? 'is 1' : `are ${size}`}.`,
    { servers: size, replicas },
  )
}

async function askMonitors(connection: Connection, { servers }: NatsOptions, { monitors }: ServersOptions): Promise<Varz[]> {
  const known = [...servers, ...(connection.nats.info?.connect_urls ?? [])]
  const places = monitors ?? [...new Set(known.map(hostOf))].map(host => `http://${host}:${MONITOR_PORT}`)
  const answers = await Promise.all(places.map(askMonitor))
  const byId = new Map<string, Varz>()
  for (const answer of answers) if (answer !== undefined) byId.set(answer.server_id, answer)
  return [...byId.values()]
}

async function askMonitor(place: string): Promise<Varz | undefined> {
  try {
    const response = await fetch(new URL('varz', place.endsWith('/') ? place : `${place}/`), { signal: AbortSignal.timeout(SEE_MS) })
    const answer = (await response.json()) as Varz
    return typeof answer.server_id === 'string' && typeof answer.version === 'string' ? answer : undefined
  } catch {
    return undefined
  }
}

/** Every server answers a ping of the system account. */
async function askAccount(nats: NatsOptions, account: Pick<NatsOptions, 'credentials' | 'nkeySeed'>): Promise<Varz[]> {
  const { credentials: _credentials, nkeySeed: _seed, ...others } = nats
  const connection = await Connection.open({ ...others, ...account })
  const found: Varz[] = []
  try {
    for await (const answer of await connection.nats.requestMany('$SYS.REQ.SERVER.PING.VARZ', '', { maxWait: SEE_MS / 2 })) {
      const { data } = answer.json<{ data?: Varz }>()
      if (data !== undefined) found.push(data)
    }
  } catch (error) {
    throw new EventStoreError('INCOMPATIBLE', `The system account of NATS does not answer: ${reasonOf(error)}. ${mend}`)
  } finally {
    await connection.close()
  }
  return found
}

/** The host of `nats://host:4222`, `host:4222` or `[::1]:4222`. */
function hostOf(server: string): string {
  return new URL(server.includes('://') ? server.replace(/^[a-z]+:/, 'http:') : `http://${server}`).hostname
}
