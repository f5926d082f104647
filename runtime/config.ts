/** Configuration of a node: file, environment and flags, in rising precedence, checked whole before anything opens. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { EventStoreError } from '../event/error.ts'
import { defaultLimits, type Limits } from '../event/limits.ts'
import { DEFAULT_TENANT } from '../event/scope.ts'
import { durationMs } from '../operators/duration.ts'
import { hint } from '../topology/nearest.ts'
import { type LogLevel, logLevels } from './observe/logger.ts'
import type { OpenOptions } from './options.ts'
import type { ServeOptions } from './serve.ts'
import { clusterContradictions, clusterFileKeys, clusterKeys, clusterOptionsOf } from './cluster/cluster-settings.ts'
import { type Setting, wholeNumber } from './setting-kinds.ts'
import { type SettingName, settings } from './settings.ts'

export { type SettingName, settings } from './settings.ts'

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
  /** Of a node to ask, when it was named later than a directory was, or alone. */
  readonly url: string | undefined
  readonly tenant: string
  /** How the node is asked from elsewhere, when a command serves it. */
  readonly serving: ServeOptions
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
  const isElsewhere = urlCounts(findings)
  checkTogether(findings)
  if (findings.problems.length > 0) {
    const lines = findings.problems.map(({ key, origin, problem }) => `${origin}: ${key} ${problem}`)
    throw new EventStoreError('INVALID', `the configuration is not valid: ${lines.join('; ')}`, {
      field: findings.problems[0]?.key,
      problems: findings.problems,
    })
  }
  const { values, origins } = findings
  const url = isElsewhere ? (values.get('url') as string) : undefined
  return {
    options: optionsOf(values),
    url,
    tenant: (values.get('tenant') as string | undefined) ?? DEFAULT_TENANT,
    serving: servingOf(values),
    process: processOf(values),
    origins,
  }
}

/** Of a directory and an address the one counts that stands above: flag, environment, file. Side by side they contradict each other. */
function urlCounts({ origins, problems }: Findings): boolean {
  const [data, url] = [origins.get('data'), origins.get('url')]
  if (url === undefined || data === undefined) return url !== undefined
  if (rankOf(url) === rankOf(data))
    problems.push({ key: 'url', origin: url, problem: `contradicts ${data}: name a directory or the address of a node, not both` })
  return rankOf(url) > rankOf(data)
}

/** Settings that need others, or that say two things about one. */
function checkTogether({ origins, problems }: Findings): void {
  const isMistaken = (key: string): boolean => problems.some(problem => problem.key === key)
  for (const [key, problem] of clusterContradictions(one => origins.has(one) || isMistaken(one))) {
    const origin = origins.get(key) ?? 'configuration'
    // The environment is every command's, and most open no node: one that does hears that its name is missing.
    if (key !== 'cluster' || !origin.startsWith(environmentPrefix)) problems.push({ key, origin, problem })
  }
}

const rankOf = (origin: string): number => (origin.startsWith('--') ? 2 : origin.startsWith(environmentPrefix) ? 1 : 0)

/** Where else a command may find its store. */
const elsewhereKeys: ReadonlySet<string> = new Set(['url', 'tenant'])

function optionsOf(values: ReadonlyMap<string, unknown>): Configuration['options'] {
  const limits: Record<string, unknown> = {}
  const options: Record<string, unknown> = {}
  for (const [key, value] of values) {
    if (key.startsWith('limits.')) limits[key.slice('limits.'.length)] = value
    else if (!elsewhereKeys.has(key) && !servingKeys.has(key) && !processKeys.has(key) && !clusterKeys.has(key))
      options[key === 'data' ? 'directory' : key] = value
  }
  if (Object.keys(limits).length > 0) options['limits'] = limits
  const cluster = clusterOptionsOf(values)
  if (cluster !== undefined) options['cluster'] = cluster
  // Each value passed its kind's check above, which the types can not follow through a map.
  return options as unknown as Configuration['options']
}

const servingKeys: ReadonlySet<string> = new Set<SettingName>(['host', 'httpPort', 'allowHosts', 'advertise'])

function servingOf(values: ReadonlyMap<string, unknown>): ServeOptions {
  const [host, port, names, advertise] = ['host', 'httpPort', 'allowHosts', 'advertise'].map(key => values.get(key))
  return {
    ...(typeof host === 'string' && { host }),
    ...(typeof port === 'number' && { port }),
    ...(typeof names === 'string' && { allowedHosts: names.split(',').map(name => name.trim()) }),
    ...(typeof advertise === 'string' && { advertise }),
  }
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
      addValue(findings, key, isPath(key) && typeof value === 'string' && value ? resolve(dirname(file), value) : value, file)
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
  addValue(findings, key, isPath(key) && text ? resolve(workingDirectory, text) : value, origin)
}

const isPath = (key: string): boolean => key === 'data' || clusterFileKeys.has(key)

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

function kindOf(key: string): Setting['kind'] | undefined {
  if (key.startsWith('limits.')) return Object.hasOwn(defaultLimits, key.slice('limits.'.length) as keyof Limits) ? limitKind : undefined
  return Object.hasOwn(settings, key) ? settings[key as SettingName].kind : undefined
}
