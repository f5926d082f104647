/** Configuration of a node: file, environment and flags, in rising precedence, checked whole before anything opens. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { EventStoreError } from '../event/error.ts'
import { defaultLimits, type Limits } from '../event/limits.ts'
import { durationMs } from '../operators/duration.ts'
import { hint } from '../topology/nearest.ts'
import { type LogLevel, logLevels } from './observe/logger.ts'
import { type OpenOptions, PARTITIONS_MAX, SHARDS_MAX } from './options.ts'

interface Kind<Value> {
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

function wholeNumber(least: number, most: number): Kind<number> {
  return {
    expects: most === Number.MAX_SAFE_INTEGER ? `a whole number from ${least}` : `a whole number from ${least} to ${most}`,
    placeholder: 'N',
    fromText: text => (/^\d+$/.test(text) ? Number(text) : text),
    accepts: (value): value is number => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most,
  }
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
} as const satisfies Record<string, { kind: Kind<string> | Kind<number>; default: string; summary: string }>

export type SettingName = keyof typeof settings
/** Texts of flags by the name of the setting. */
export type SettingFlags = { readonly [Name in SettingName]?: string | undefined }

const limitKind = wholeNumber(1, Number.MAX_SAFE_INTEGER)
const environmentPrefix = 'ALLSOURCE_'

export function environmentNameOf(key: string): string {
  return (
    environmentPrefix +
    key
      .replace('.', '_')
      .replace(/[A-Z]/g, letter => `_${letter}`)
      .toUpperCase()
  )
}

export function flagNameOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, letter => `-${letter.toLowerCase()}`)}`
}

export interface ConfigurationInput {
  readonly flags?: SettingFlags
  /** `--config FILE`; it must exist. Else `ALLSOURCE_CONFIG`, else `allsource.json` of the working directory if there is one. */
  readonly file?: string | undefined
  readonly environment?: Readonly<Record<string, string | undefined>>
  readonly workingDirectory?: string
}

/** What concerns the process that holds a node, and not the node. */
export interface ProcessOptions {
  readonly log?: LogLevel
  readonly drainTimeoutMs: number
}

export interface Configuration {
  readonly options: OpenOptions & { readonly directory: string }
  readonly process: ProcessOptions
  /** Where each value that is not a default came from, by the setting's name. */
  readonly origins: ReadonlyMap<string, string>
}

/** All settings by key, with their values as given, and what is wrong with them. */
interface Findings {
  readonly values: Map<string, unknown>
  readonly origins: Map<string, string>
  readonly problems: { readonly key: string; readonly origin: string; readonly problem: string }[]
}

/** Throws one INVALID that names every mistake and where it stands. */
export function readConfiguration(input: ConfigurationInput = {}): Configuration {
  const workingDirectory = input.workingDirectory ?? process.cwd()
  const environment = input.environment ?? process.env
  const findings: Findings = { values: new Map([['data', resolve(workingDirectory, 'data')]]), origins: new Map(), problems: [] }
  addFile(findings, configurationFile(input, workingDirectory, environment))
  addEnvironment(findings, environment, workingDirectory)
  for (const [key, text] of Object.entries(input.flags ?? {})) {
    if (text !== undefined) addText(findings, key, text, flagNameOf(key), workingDirectory)
  }
  if (findings.problems.length > 0) {
    const lines = findings.problems.map(({ key, origin, problem }) => `${origin}: ${key} ${problem}`)
    throw new EventStoreError('INVALID', `the configuration is not valid: ${lines.join('; ')}`, {
      field: findings.problems[0]?.key,
      problems: findings.problems,
    })
  }
  return { options: optionsOf(findings.values), process: processOf(findings.values), origins: findings.origins }
}

function optionsOf(values: ReadonlyMap<string, unknown>): Configuration['options'] {
  const limits: Record<string, unknown> = {}
  const options: Record<string, unknown> = {}
  for (const [key, value] of values) {
    if (key.startsWith('limits.')) limits[key.slice('limits.'.length)] = value
    else if (!processKeys.has(key)) options[key === 'data' ? 'directory' : key] = value
  }
  if (Object.keys(limits).length > 0) options['limits'] = limits
  // Each value passed its kind's check above, which the types can not follow through a map.
  return options as unknown as Configuration['options']
}

const processKeys: ReadonlySet<string> = new Set<SettingName>(['log', 'drainTimeout'])

function processOf(values: ReadonlyMap<string, unknown>): ProcessOptions {
  const log = logLevels.find(level => level === values.get('log'))
  return {
    ...(log !== undefined && { log }),
    drainTimeoutMs: durationMs(values.get('drainTimeout') ?? settings.drainTimeout.default, 'drainTimeout'),
  }
}

function configurationFile(
  input: ConfigurationInput,
  workingDirectory: string,
  environment: NonNullable<ConfigurationInput['environment']>,
): string | null {
  const named = input.file ?? environment['ALLSOURCE_CONFIG']
  const file = resolve(workingDirectory, named ?? 'allsource.json')
  if (existsSync(file)) return file
  if (named === undefined) return null
  const origin = input.file === undefined ? 'ALLSOURCE_CONFIG' : '--config'
  throw new EventStoreError('INVALID', `${origin}: there is no file ${file}`, { field: 'config', file })
}

function addFile(findings: Findings, file: string | null): void {
  if (file === null) return
  const content = parseFile(file)
  for (const [key, value] of Object.entries(content)) {
    if (key !== 'limits')
      addValue(findings, key, key === 'data' && typeof value === 'string' && value ? resolve(dirname(file), value) : value, file)
    else if (isObject(value)) for (const [name, limit] of Object.entries(value)) addValue(findings, `limits.${name}`, limit, file)
    else findings.problems.push({ key, origin: file, problem: `must be an object of limits by name, got ${JSON.stringify(value)}` })
  }
}

function parseFile(file: string): Record<string, unknown> {
  let content: unknown
  try {
    content = JSON.parse(readFileSync(file, 'utf8'))
  } catch (cause) {
    throw new EventStoreError(
      'INVALID',
      `${file} can not be read as JSON: ${(cause as Error).message}`,
      { field: 'config', file },
      { cause },
    )
  }
  if (isObject(content)) return content
  throw new EventStoreError('INVALID', `${file} must hold one JSON object`, { field: 'config', file })
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/**
 * A name near a known one is a typing mistake and refused. Other names with the prefix are left alone: orchestrators set such
 * variables on their own (a Kubernetes service called "allsource" brings `ALLSOURCE_SERVICE_HOST` and more).
 */
function addEnvironment(findings: Findings, environment: Readonly<Record<string, string | undefined>>, workingDirectory: string): void {
  const keys = new Map(
    [...Object.keys(settings), ...Object.keys(defaultLimits).map(name => `limits.${name}`)].map(key => [environmentNameOf(key), key]),
  )
  const names = [...keys.keys(), 'ALLSOURCE_CONFIG'].map(name => name.slice(environmentPrefix.length))
  for (const [name, text] of Object.entries(environment)) {
    if (!name.startsWith(environmentPrefix) || text === undefined || name === 'ALLSOURCE_CONFIG') continue
    const key = keys.get(name)
    if (key !== undefined) addText(findings, key, text, name, workingDirectory)
    else {
      // Compared without the prefix, which would make every name look near.
      const near = hint(name.slice(environmentPrefix.length), names).replace('did you mean ', `did you mean ${environmentPrefix}`)
      if (near) findings.problems.push({ key: name, origin: 'environment', problem: `is unknown${near}` })
    }
  }
}

function addText(findings: Findings, key: string, text: string, origin: string, workingDirectory: string): void {
  const value = kindOf(key)?.fromText(text)
  addValue(findings, key, key === 'data' && text ? resolve(workingDirectory, text) : value, origin)
}

function addValue(findings: Findings, key: string, value: unknown, origin: string): void {
  const kind = kindOf(key)
  if (!kind) findings.problems.push({ key, origin, problem: `is unknown${hint(key, knownKeys())}` })
  else if (!kind.accepts(value)) findings.problems.push({ key, origin, problem: `must be ${kind.expects}, got ${JSON.stringify(value)}` })
  else {
    findings.values.set(key, value)
    findings.origins.set(key, origin)
  }
}

function knownKeys(): string[] {
  return [...Object.keys(settings), 'limits', ...Object.keys(defaultLimits).map(name => `limits.${name}`)]
}

function kindOf(key: string): Kind<string> | Kind<number> | undefined {
  if (key.startsWith('limits.')) return Object.hasOwn(defaultLimits, key.slice('limits.'.length) as keyof Limits) ? limitKind : undefined
  return Object.hasOwn(settings, key) ? settings[key as SettingName].kind : undefined
}
