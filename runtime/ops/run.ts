/** Runs one command line: parse, open, run, close, and turn whatever happened into an exit code. */
import type { Readable } from 'node:stream'
import { assert } from '../../event/assert.ts'
import { EventStoreError } from '../../event/error.ts'
import { type Limits, limitsWith } from '../../event/limits.ts'
import { type Logger, silentLogger } from '../../event/logger.ts'
import type { Tenant } from '../../event/tenant.ts'
import { type Configuration, readConfiguration } from '../config.ts'
import type { Node, OpenOptions } from '../index.ts'
import { type CommandOnLine, type ParsedLine, findCommand, parseLine } from './arguments.ts'
import type { Command } from './command.ts'
import { commands } from './commands/index.ts'
import { DrainBound } from './drain-bound.ts'
import { failureOf } from './failure.ts'
import { commandHelp, groupHelp, overview } from './help.ts'
import { logWriter } from './log-output.ts'
import { type Output, Terminal } from './terminal.ts'
import { remarkDeliveries } from './topology-wait.ts'
import { type Way, wayTo } from './way.ts'

/** The world of a command line, so that tests can bring their own. */
export interface Surroundings {
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly workingDirectory: string
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly output: Output
  readonly errors: Output
  /** Aborted when the process is asked to end. */
  readonly signal: AbortSignal
  /** Ends the process without waiting for anything. */
  readonly endAtOnce: () => void
  readonly version: string
  openNode(options: OpenOptions): Promise<Node>
}

export async function runLine(line: readonly string[], surroundings: Surroundings): Promise<number> {
  const { output, errors, environment } = surroundings
  // Known before the line is read, because a line that can not be read is an error too.
  const terminal = new Terminal({ output, errors, environment, json: line.includes('--json') })
  const unread = new AbortController()
  let unwritten = null as Error | null
  output.on('error', (error: NodeJS.ErrnoException) => {
    terminal.isBroken = true
    if (error.code !== 'EPIPE') unwritten = error
    unread.abort()
  })
  errors.on('error', () => undefined)
  let named: CommandOnLine | null = null
  let configuration: Configuration | null = null
  try {
    named = findCommand(line, commands)
    const parsed = parseLine(named)
    const shown = helpOrVersion(parsed, surroundings.version)
    if (shown !== null) await terminal.line(shown)
    else if (parsed.command === null) return withoutCommand(parsed, errors)
    else {
      configuration = readConfiguration({
        flags: parsed.settings,
        file: parsed.configFile,
        environment,
        workingDirectory: surroundings.workingDirectory,
      })
      const signal = AbortSignal.any([surroundings.signal, unread.signal])
      const answer = await runCommand(parsed.command, { parsed, configuration, terminal, signal, surroundings })
      if (surroundings.signal.aborted && !parsed.command.endsBySignal && answer !== 'stopped') {
        terminal.remark('interrupted')
        return 1
      }
      if (answer === 'failed') return 1
    }
    await terminal.flush()
    if (unwritten)
      throw new EventStoreError('READ_ONLY', `standard output can not be written: ${unwritten.message}`, {}, { cause: unwritten })
    return 0
  } catch (error) {
    await terminal.flush()
    const directory = configuration?.options.directory ?? ''
    const failure = failureOf(error, { command: named?.command?.name ?? null, directory, origins: configuration?.origins ?? new Map() })
    const isQuiet = terminal.isBroken && !unwritten && failure.exit === 1
    if (!isQuiet) terminal.failure(failure)
    return failure.exit
  }
}

function helpOrVersion({ command, group, help, version }: ParsedLine, versionText: string): string | null {
  if (version) return versionText
  if (!help) return null
  return command ? commandHelp(command) : group === null ? overview(commands) : groupHelp(group, commands)
}

/** `allsource` or `allsource state` alone: a mistake, answered with what could have been meant. */
function withoutCommand({ group }: ParsedLine, errors: Output): number {
  errors.write(`${group === null ? overview(commands) : groupHelp(group, commands)}\n`)
  return 2
}

interface Run {
  readonly parsed: ParsedLine
  readonly configuration: Configuration
  readonly terminal: Terminal
  readonly signal: AbortSignal
  readonly surroundings: Surroundings
}

async function runCommand(
  command: Command,
  { parsed, configuration, terminal, signal, surroundings }: Run,
): Promise<void | 'failed' | 'stopped'> {
  const { directory } = configuration.options
  const holdsNode = command.holdsNode === true
  const logger = holdsNode ? await loggerOf(parsed, configuration, surroundings) : silentLogger
  const bound = holdsNode ? new DrainBound(configuration.process.drainTimeoutMs, { logger, endAtOnce: surroundings.endAtOnce }) : null
  signal.addEventListener('abort', () => bound?.begin())
  const acceptLoss = parsed.flags['acceptLoss'] === true ? { acceptLoss: true } : {}
  const opensDirectory = command.opensDirectory === true
  if (opensDirectory && configuration.origins.get('url') === '--url')
    throw new EventStoreError('INVALID', `${command.name} is the node of a directory: --data names it, not --url`, { field: '--url' })
  const find = async (): Promise<Way> => {
    const opened = await wayTo({
      url: configuration.url,
      tenantName: configuration.tenant,
      open: {
        ...(opensDirectory ? configuration.options : byItself(configuration.options)),
        ...acceptLoss,
        ...(holdsNode && { logger }),
        create: command.makesStore === true,
        resume: command.runsTopologies === true,
      },
      opensDirectory,
      openNode: options => surroundings.openNode(options),
    })
    way = opened
    return opened
  }
  let finding = null as Promise<Way> | null
  let way = null as Way | null
  const open = async (): Promise<Tenant> => (await (finding ??= find())).tenant
  const openNode = async (): Promise<Node> => {
    const { node } = await (finding ??= find())
    assert(node !== null, 'only a command that opens the directory asks for the node')
    return node
  }
  const limits: Limits = limitsWith(configuration.options.limits)
  const { input, workingDirectory } = surroundings
  try {
    const answer = await command.run({
      arguments: parsed.arguments,
      flags: parsed.flags,
      terminal,
      logger,
      signal,
      input,
      limits,
      directory,
      where: configuration.url ?? directory,
      workingDirectory,
      serving: configuration.serving,
      open,
      tenantName: configuration.tenant,
      openNode,
      isRunning: () => way !== null && way.node === null,
    })
    await terminal.flush()
    return answer
  } finally {
    bound?.begin()
    await closeWay(await Promise.resolve(finding).catch(() => null), command, terminal).finally(() => bound?.end())
  }
}

/** Only what is the node of a directory joins its cluster; a command looks at the directory and goes. */
function byItself(options: Configuration['options']): Configuration['options'] {
  const others = Object.entries(options).filter(([name, value]) => name !== 'cluster' && !(name === 'durability' && value === 'quorum'))
  return Object.fromEntries(others) as unknown as Configuration['options']
}

async function closeWay(found: Way | null, command: Command, terminal: Terminal): Promise<void> {
  // One that is closed already says so itself; one that runs on goes on delivering.
  const closesNode = found !== null && found.node !== null && command.runsTopologies === true
  if (closesNode) await remarkDeliveries(found.tenant, terminal).catch(() => undefined)
  await found?.close()
}

/** A job that ends has a progress of its own to show. */
async function loggerOf(
  { flags }: ParsedLine,
  { process: { log } }: Configuration,
  { errors, environment }: Surroundings,
): Promise<Logger> {
  const { openLogger } = await import('../index.ts')
  return openLogger({ level: log ?? (flags['until'] === undefined ? 'info' : 'warn'), write: logWriter(errors, environment) })
}
