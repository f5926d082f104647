/** The settings that make a node one of a cluster, and the options of `openNode` that become of them. */
import { isNodeId } from '../../cluster/wire.ts'
import { type Kind, path, type Setting, yesOrNo } from '../setting-kinds.ts'
import {
  CLUSTER_NAME_DEFAULT,
  clusterNameRule,
  type ClusterOptions,
  isClusterName,
  isMonitorAddress,
  isNatsAddress,
  nodeIdRule,
  REPLICAS_DEFAULT,
  replicaCounts,
} from './cluster-options.ts'

const nodeId: Kind<string> = { expects: nodeIdRule, placeholder: 'NAME', fromText: text => text, accepts: isNodeId }
const clusterName: Kind<string> = { expects: clusterNameRule, placeholder: 'NAME', fromText: text => text, accepts: isClusterName }
const natsServers = listOf(isNatsAddress, 'addresses of NATS servers such as nats://host:4222, with commas between, without a user in them')
const monitors = listOf(isMonitorAddress, 'addresses such as http://host:8222, with commas between')
const file: Kind<string> = { ...path, placeholder: 'FILE' }
const replicas: Kind<number> = {
  expects: `one of ${replicaCounts.join(', ')}`,
  placeholder: replicaCounts.join('|'),
  fromText: text => (/^\d$/.test(text) ? Number(text) : text),
  accepts: (value): value is number => replicaCounts.some(count => count === value),
}

function listOf(isOne: (text: string) => boolean, expects: string): Kind<string> {
  const accepts = (value: unknown): value is string => typeof value === 'string' && wordsOf(value).every(isOne)
  return { expects, placeholder: 'URL,URL', fromText: text => text, accepts }
}

const wordsOf = (text: string): string[] => text.split(',').map(word => word.trim())

export const clusterSettings = {
  cluster: {
    kind: natsServers,
    default: 'none',
    summary: 'NATS servers of the cluster that the node belongs to; without, it is one by itself.',
  },
  node: { kind: nodeId, default: 'none', summary: 'Name of the node in its cluster, for good.' },
  zone: { kind: nodeId, default: 'none', summary: 'What fails together with the node, as a room; leaders are spread over zones.' },
  name: { kind: clusterName, default: CLUSTER_NAME_DEFAULT, summary: 'Name of the cluster; those of several can share NATS servers.' },
  replicas: { kind: replicas, default: String(REPLICAS_DEFAULT), summary: 'NATS servers that keep each record.' },
  allowLazySync: {
    kind: yesOrNo,
    default: 'false',
    summary: 'Goes on with NATS servers that do not sync each write, or do not show it; cluster status says what is not promised.',
  },
  restoreCluster: {
    kind: yesOrNo,
    default: 'false',
    summary: 'Makes a cluster that NATS has lost anew out of the directory; its partitions wait for cluster repair.',
  },
  natsMonitor: {
    kind: monitors,
    default: 'port 8222 of each server',
    summary: 'Where NATS servers show their settings: their monitoring.',
  },
  natsCredentials: { kind: file, default: 'none', summary: 'File with credentials (JWT and seed) for NATS.' },
  natsNkey: { kind: file, default: 'none', summary: 'File with the seed of an nkey for NATS.' },
  natsCa: { kind: file, default: 'none', summary: 'PEM file of who signs the NATS servers’ certificates; asks for TLS.' },
  natsCertificate: { kind: file, default: 'none', summary: 'PEM file with the certificate that the node shows NATS.' },
  natsKey: { kind: file, default: 'none', summary: 'PEM file with the key of that certificate.' },
} as const satisfies Record<string, Setting>

export type ClusterSettingName = keyof typeof clusterSettings

export const clusterKeys: ReadonlySet<string> = new Set(Object.keys(clusterSettings))

/** Files, which a configuration file names relative to itself. */
export const clusterFileKeys: ReadonlySet<string> = new Set<ClusterSettingName>([
  'natsCredentials',
  'natsNkey',
  'natsCa',
  'natsCertificate',
  'natsKey',
])

/** What each setting needs beside it; a sentence for the first that is missing. */
const needs: readonly (readonly [keys: readonly ClusterSettingName[], needed: ClusterSettingName])[] = [
  [['cluster'], 'node'],
  [Object.keys(clusterSettings).filter(key => key !== 'cluster') as ClusterSettingName[], 'cluster'],
  [['natsCertificate'], 'natsKey'],
  [['natsKey'], 'natsCertificate'],
]

/** What is wrong with the settings side by side, by the key it is wrong with. */
export function clusterContradictions(
  isGiven: (key: ClusterSettingName) => boolean,
): (readonly [key: ClusterSettingName, problem: string])[] {
  const missing = needs.flatMap(([keys, needed]) =>
    keys.filter(key => isGiven(key) && !isGiven(needed)).map(key => [key, `needs ${needed}`] as const),
  )
  const both = isGiven('natsCredentials') && isGiven('natsNkey')
  return [...missing, ...(both ? [['natsNkey', 'contradicts natsCredentials: name one of them'] as const] : [])]
}

/** Undefined for a node by itself. Each value passed its kind's check. */
export function clusterOptionsOf(values: ReadonlyMap<string, unknown>): ClusterOptions | undefined {
  const value = <Value>(key: ClusterSettingName): Value | undefined => values.get(key) as Value | undefined
  const [servers, monitor] = [value<string>('cluster'), value<string>('natsMonitor')]
  if (servers === undefined) return undefined
  const tls = given({ ca: value<string>('natsCa'), certificate: value<string>('natsCertificate'), key: value<string>('natsKey') })
  const more = given({
    zone: value<string>('zone'),
    name: value<string>('name'),
    replicas: value<1 | 3 | 5>('replicas'),
    allowLazySync: value<boolean>('allowLazySync'),
    restore: value<boolean>('restoreCluster'),
    monitors: monitor === undefined ? undefined : wordsOf(monitor),
    credentials: value<string>('natsCredentials'),
    nkeySeed: value<string>('natsNkey'),
    tls: Object.keys(tls).length > 0 ? tls : undefined,
  })
  return { servers: wordsOf(servers), node: value<string>('node')!, ...more }
}

/** Without what is undefined. */
function given<Values extends object>(values: Values): { [Key in keyof Values]?: Exclude<Values[Key], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never
}
