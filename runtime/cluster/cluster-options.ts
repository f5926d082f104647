/** What a node is told of the cluster it belongs to, checked. */
import { checkClusterName } from '../../cluster/nats-subjects.ts'
import { isNodeId } from '../../cluster/wire.ts'
import { EventStoreError } from '../../event/error.ts'

export const CLUSTER_NAME_DEFAULT = 'allsource'
export const REPLICAS_DEFAULT = 3
/** Odd, so that half of the servers are never a majority. */
export const replicaCounts = [1, 3, 5] as const

export interface ClusterOptions {
  /** NATS servers: `nats://host:port` or `tls://host:port`; others of the same NATS cluster are learned. */
  readonly servers: readonly string[]
  /** This node's name in the cluster, for good: 1 to 64 letters, digits, `-` and `_`. */
  readonly node: string
  /** What fails together with this node, as a room or a data centre; partitions are spread over zones. The same letters as a node's name. */
  readonly zone?: string
  /** Of the cluster: 1 to 48 letters, digits and `-`. Default `allsource`. */
  readonly name?: string
  /** NATS servers that keep each record until the nodes have it. Default 3. */
  readonly replicas?: 1 | 3 | 5
  /** Goes on with NATS servers that do not sync every write, or do not show whether they do; the status says what that means. Default false. */
  readonly allowLazySync?: boolean
  /**
   * Makes the cluster anew out of what lies in the directory, when NATS has lost it: its partitions stop and are led again by `repair`, one by one, at the
   * node whose copy is to count. Does nothing when the cluster is there. Default false.
   */
  readonly restore?: boolean
  /** Addresses of the NATS servers' monitoring, `http://host:8222`. Default: port 8222 of every server. */
  readonly monitors?: readonly string[]
  /** Path of a credentials file for NATS. */
  readonly credentials?: string
  /** Path of a file with the seed of an nkey for NATS. */
  readonly nkeySeed?: string
  /** Paths of PEM files. Any of them asks for TLS. */
  readonly tls?: { readonly ca?: string; readonly certificate?: string; readonly key?: string }
}

export interface CheckedClusterOptions {
  readonly servers: readonly string[]
  readonly node: string
  readonly zone: string | null
  readonly name: string
  readonly replicas: 1 | 3 | 5
  readonly allowLazySync: boolean
  readonly restore: boolean
  /** Null: port 8222 of every server. */
  readonly monitors: readonly string[] | null
  readonly credentials: string | null
  readonly nkeySeed: string | null
  readonly tls: NonNullable<ClusterOptions['tls']> | null
}

export function isNatsAddress(value: unknown): value is string {
  return isAddress(value, /^(?:nats|tls):\/\//)
}

export function isMonitorAddress(value: unknown): value is string {
  return isAddress(value, /^https?:\/\//)
}

/** Credentials in an address would be shown by everything that shows addresses. */
function isAddress(value: unknown, begins: RegExp): boolean {
  if (typeof value !== 'string' || /\s/.test(value) || !begins.test(value) || !URL.canParse(value)) return false
  const { hostname, username, password } = new URL(value)
  return hostname !== '' && username === '' && password === ''
}

export function isClusterName(value: unknown): value is string {
  try {
    checkClusterName(String(value))
    return typeof value === 'string'
  } catch {
    return false
  }
}

export const nodeIdRule = '1 to 64 letters, digits, "-" and "_"'
export const clusterNameRule = '1 to 48 letters, digits and "-", beginning with a letter or digit'

const known = ['servers', 'node', 'zone', 'name', 'replicas', 'allowLazySync', 'restore', 'monitors', 'credentials', 'nkeySeed', 'tls']
const tlsFiles = ['ca', 'certificate', 'key']

/** Throws INVALID naming the option that is not as it should be, as `cluster.node`. */
export function checkClusterOptions(options: ClusterOptions): CheckedClusterOptions {
  checkNames(options, known, 'cluster')
  const {
    servers,
    node,
    zone,
    name = CLUSTER_NAME_DEFAULT,
    replicas = REPLICAS_DEFAULT,
    allowLazySync = false,
    monitors,
    tls,
    restore = false,
  } = options
  const isList = (value: unknown, isOne: (one: unknown) => boolean): boolean =>
    Array.isArray(value) && value.length > 0 && value.every(isOne)
  demand(isList(servers, isNatsAddress), 'servers', 'must be addresses such as nats://host:4222, without a user in them', servers)
  demand(node !== undefined, 'node', 'is missing (--node, ALLSOURCE_NODE): the name of this node in its cluster, for good', null)
  demand(isNodeId(node), 'node', `must be ${nodeIdRule}`, node)
  demand(zone === undefined || isNodeId(zone), 'zone', `must be ${nodeIdRule}`, zone)
  demand(isClusterName(name), 'name', `must be ${clusterNameRule}`, name)
  demand(replicaCounts.includes(replicas), 'replicas', 'must be 1, 3 or 5', replicas)
  demand(typeof allowLazySync === 'boolean', 'allowLazySync', 'must be true or false', allowLazySync)
  demand(typeof restore === 'boolean', 'restore', 'must be true or false', restore)
  demand(monitors === undefined || isList(monitors, isMonitorAddress), 'monitors', 'must be addresses such as http://host:8222', monitors)
  if (tls !== undefined) checkNames(tls, tlsFiles, 'cluster.tls')
  const files = { credentials: options.credentials, nkeySeed: options.nkeySeed }
  for (const [field, file] of [
    ...Object.entries(files),
    ...Object.entries(tls ?? {}).map(([key, value]) => [`tls.${key}`, value] as const),
  ])
    demand(file === undefined || (typeof file === 'string' && file !== ''), field, 'must be the path of a file', file)
  demand(files.credentials === undefined || files.nkeySeed === undefined, 'nkeySeed', 'is not given together with credentials', 'both')
  demand((tls?.certificate === undefined) === (tls?.key === undefined), 'tls', 'needs a certificate and its key together', 'one of them')
  return {
    servers: [...servers],
    node,
    zone: zone ?? null,
    name,
    replicas,
    allowLazySync,
    restore,
    monitors: monitors ? [...monitors] : null,
    credentials: files.credentials ?? null,
    nkeySeed: files.nkeySeed ?? null,
    tls: tls ?? null,
  }
}

function checkNames(given: object, names: readonly string[], place: string): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw new EventStoreError('INVALID', `${place} must be an object`, { field: place })
  for (const one of Object.keys(given))
    if (!names.includes(one))
      throw new EventStoreError('INVALID', `${place} has no option "${one}"; known: ${names.join(', ')}`, { field: `${place}.${one}` })
}

function demand(holds: boolean, option: string, rule: string, given: unknown): void {
  if (holds) return
  throw new EventStoreError('INVALID', `cluster.${option} ${rule}, got ${JSON.stringify(given)}`, { field: `cluster.${option}` })
}
