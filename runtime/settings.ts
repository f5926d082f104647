/** Every setting of a node and of the process that holds it: its values, its default, what it is for. */
import { checkTenant, DEFAULT_TENANT, TENANT_LENGTH_MAX } from '../event/scope.ts'
import { logLevels } from './observe/logger.ts'
import { PARTITIONS_MAX, SHARDS_MAX } from './options.ts'

export interface Kind<Value> {
  /** What a wrong value should have been, for people. */
  readonly expects: string
  readonly placeholder: string
  /** Environment and flags are texts; what is no such value comes back as it was and is refused. */
  readonly fromText: (text: string) => unknown
  readonly accepts: (value: unknown) => value is Value
}

const path: Kind<string> = {
  expects: 'a path',
  placeholder: 'DIR',
  fromText: text => text,
  accepts: (value): value is string => typeof value === 'string' && value.length > 0,
}

export function wholeNumber(least: number, most: number): Kind<number> {
  return {
    expects: most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least}` : `a whole number from ${least} to ${most}`,
    placeholder: 'N',
    fromText: text => (/^\d+$/.test(text) ? Number(text) : text),
    accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  }
}

/** Whether a node is there is found out by who asks it. */
const address: Kind<string> = {
  expects: 'the address of a node, such as http://localhost:7070',
  placeholder: 'URL',
  fromText: text => text,
  accepts: (value): value is string => typeof value === 'string' && /^https?:\/\/\S+$/.test(value) && URL.canParse(value),
}

const tenantName: Kind<string> = {
  expects: `the name of a tenant: 1 to ${TENANT_LENGTH_MAX} letters, digits, ".", "-" and "_"`,
  placeholder: 'NAME',
  fromText: text => text,
  accepts: isTenantName,
}

function isTenantName(value: unknown): value is string {
  try {
    checkTenant(value)
    return true
  } catch {
    return false
  }
}

const text: Kind<string> = {
  expects: 'a text of at least one character',
  placeholder: 'HOST',
  fromText: given => given,
  accepts: (value): value is string => typeof value === 'string' && value.length > 0,
}

const duration: Kind<string> = {
  expects: 'a duration from 1ms up, such as 500ms, 30s or 2m',
  placeholder: 'TIME',
  fromText: text => text,
  accepts: (value): value is string => typeof value === 'string' && /^0*[1-9]\d*(?:ms|s|m|h|d)$/.test(value),
}

function oneOf<const Word extends string>(...words: Word[]): Kind<Word> {
  const isWord = (value: unknown): value is Word => words.some(word => word === value)
  return { expects: `one of ${words.join(', ')}`, placeholder: words.join('|'), fromText: text => text, accepts: isWord }
}

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
  durability: { kind: oneOf('memory', 'os', 'disk'), default: 'disk', summary: 'When a writer is answered: numbered, written, or synced.' },
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
} as const satisfies Record<string, { kind: Kind<string> | Kind<number>; default: string; summary: string }>

export type SettingName = keyof typeof settings
