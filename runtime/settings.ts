/** Every setting of a node and of the process that holds it: its values, its default, what it is for. */
import { DEFAULT_TENANT } from '../event/scope.ts'
import { clusterSettings } from './cluster/cluster-settings.ts'
import { logLevels } from './observe/logger.ts'
import { PARTITIONS_MAX, SHARDS_MAX } from './options.ts'
import { address, duration, oneOf, path, type Setting, tenantName, text, wholeNumber } from './setting-kinds.ts'

/** Every setting by its name in the file; the names in the environment and as a flag follow from it. */
export const settings = {
  data: { kind: path, default: './data', summary: 'Directory of the store; in a file, relative to that file.' },
  url: { kind: address, default: 'none', summary: 'Address of a node that commands ask, instead of a directory.' },
  tenant: { kind: tenantName, default: DEFAULT_TENANT, summary: 'Tenant whose streams and topologies commands work on.' },
  partitions: { kind: wholeNumber(1, PARTITIONS_MAX), default: '32', summary: 'Partitions of the log, fixed when the store is made.' },
  shards: {
    kind: wholeNumber(1, SHARDS_MAX),
    default: 'cores, at most 16',
    summary: 'Databases the partitions share, fixed when the store is made.',
  },
  workers: { kind: wholeNumber(1, 64), default: 'cores − 1', summary: 'Threads that run topologies.' },
  durability: {
    kind: oneOf('memory', 'os', 'disk', 'quorum'),
    default: 'disk; quorum in a cluster',
    summary: 'When a writer is answered: numbered, written, synced, or committed by a cluster.',
  },
  compression: { kind: oneOf('auto', 'none'), default: 'auto', summary: 'Whether blocks of events are compressed when it pays.' },
  log: {
    kind: oneOf(...logLevels),
    default: 'info; warn with --until',
    summary: 'How important a line of the log is at least; silent for none.',
  },
  drainTimeout: {
    kind: duration,
    default: '30s',
    summary: 'How long a node that was told to stop may finish what is under way; then its process is ended.',
  },
  epochMs: { kind: wholeNumber(1, 3_600_000), default: '100', summary: 'Milliseconds between two writes of a topology’s state.' },
  host: {
    kind: text,
    default: '127.0.0.1',
    summary: 'Address of this machine that HTTP is served on; the default is for this machine alone.',
  },
  httpPort: { kind: wholeNumber(0, 65_535), default: '7070', summary: 'Port of HTTP; 0 for any that is free.' },
  allowHosts: {
    kind: { ...text, placeholder: 'A,B' },
    default: 'none',
    summary: 'Further names, with commas between, that requests may call the node by, as behind a proxy.',
  },
  advertise: {
    kind: address,
    default: 'where it listens',
    summary: 'Address of the node for others, which the rest of its cluster names when it sends somebody there.',
  },
  ...clusterSettings,
} as const satisfies Record<string, Setting>

export type SettingName = keyof typeof settings
