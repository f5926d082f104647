/** The shape of a command: what it is called, what it takes, how it is explained, and what it does. */
import type { Readable } from 'node:stream'
import type { Limits } from '../../event/limits.ts'
import type { Logger } from '../../event/logger.ts'
import type { Tenant } from '../../event/tenant.ts'
import { type SettingName, flagNameOf, settings } from '../config.ts'
import type { Node, ServeOptions } from '../index.ts'
import type { Terminal } from './terminal.ts'
import type { TextValue } from './values.ts'

export interface Argument<Value = unknown> {
  readonly value: TextValue<Value>
  readonly summary: string
  readonly optional?: boolean
  /** The last one only: takes all words that are left; its value is a list. */
  readonly many?: boolean
}

export interface Flag<Value = unknown> {
  /** Null for a switch, which takes no value. */
  readonly value: TextValue<Value> | null
  readonly summary: string
  /** May be given more than once; the values are joined with commas before they are read. */
  readonly many?: boolean
  /** Where a flag of every command has the same name: true for the texts that are meant for this one. */
  readonly claims?: (text: string) => boolean
  /** The setting of the configuration that this flag replaces. */
  readonly setting?: SettingName
}

export interface Example {
  readonly line: string
  readonly does: string
}

type ValueOf<Part> = Part extends { readonly value: TextValue<infer Value> } ? Value : boolean
type ArgumentOf<Part> = Part extends { readonly many: true } ? readonly ValueOf<Part>[] : ValueOf<Part>
export type ArgumentValues<A> = {
  readonly [Name in keyof A]: A[Name] extends { readonly optional: true } ? ArgumentOf<A[Name]> | undefined : ArgumentOf<A[Name]>
}
export type FlagValues<F> = { readonly [Name in keyof F]: ValueOf<F[Name]> | undefined }

/** One use of a command: what was given, and the world around it. */
export interface Call<A = Readonly<Record<string, unknown>>, F = Readonly<Record<string, unknown>>> {
  readonly arguments: A
  readonly flags: F
  readonly terminal: Terminal
  readonly input: Readable & { readonly isTTY?: boolean }
  readonly limits: Limits
  /** Directory of the store, absolute. */
  readonly directory: string
  /** For messages: the address of the node that is asked, or the directory. */
  readonly where: string
  readonly workingDirectory: string
  /** Where a command that serves does so; a port only when one was configured. */
  readonly serving: ServeOptions
  /** Aborted by the first SIGINT or SIGTERM, and when nobody reads our output any more. */
  readonly signal: AbortSignal
  /** What happens is written here; to nowhere for commands that do not hold the node. */
  readonly logger: Logger
  /** Finds the way to the store once; it is closed when the command returns. */
  readonly open: () => Promise<Tenant>
  /** Whose store that is. */
  readonly tenantName: string
  /** The same as the node itself; only of a command that opens the directory. */
  readonly openNode: () => Promise<Node>
  /** Once it is open: a node answers that goes on when the command has ended. */
  readonly isRunning: () => boolean
}

export interface Command<A = Readonly<Record<string, unknown>>, F = Readonly<Record<string, unknown>>> {
  /** One word, or two for a group: `state get`. */
  readonly name: string
  readonly summary: string
  /** In the order they are typed; those that may be left out come last. */
  readonly arguments: Readonly<Record<string, Argument>>
  readonly flags: Readonly<Record<string, Flag>>
  /** More to know, a paragraph each. */
  readonly notes: readonly string[]
  readonly examples: readonly Example[]
  /** Runs the topologies that are deployed while it works; under other commands they stand still. */
  readonly runsTopologies?: boolean
  /** Makes the store when there is none; other commands refuse. */
  readonly makesStore?: boolean
  /** Is the node of its directory, and asks no other: `start`. */
  readonly opensDirectory?: boolean
  /** A signal is the ordinary end of this command, not an interruption. */
  readonly endsBySignal?: boolean
  /** Holds the node open for others: what happens to it is logged on stderr, and its closing has a bound. */
  readonly holdsNode?: boolean
  /**
   * `failed`: the answer itself says what is wrong, as that of a failed topology; exit 1 without an error. `stopped`: a signal was the ordinary end
   * this time; exit 0.
   */
  run(call: Call<A, F>): Promise<void | 'failed' | 'stopped'>
}

/** Ties the types of `run` to the arguments and flags beside it. */
export function command<const A extends Readonly<Record<string, Argument>>, const F extends Readonly<Record<string, Flag>>>(
  spec: Omit<Command, 'arguments' | 'flags' | 'run'> & {
    readonly arguments: A
    readonly flags: F
    run(call: Call<ArgumentValues<A>, FlagValues<F>>): Promise<void | 'failed' | 'stopped'>
  },
): Command {
  // The parser gives every command exactly the values its own readers made.
  return spec as unknown as Command
}

/** Flags every command takes. */
export const globalFlags = {
  data: {
    value: { placeholder: settings.data.kind.placeholder, read: text => text },
    summary: `Directory of the store. Default ${settings.data.default}.`,
    setting: 'data',
  },
  url: {
    value: { placeholder: settings.url.kind.placeholder, read: text => text },
    summary: 'Address of a node to ask, such as http://localhost:7070; instead of --data.',
    setting: 'url',
  },
  tenant: {
    value: { placeholder: settings.tenant.kind.placeholder, read: text => text },
    summary: `Tenant whose streams and topologies are meant. Default ${settings.tenant.default}.`,
    setting: 'tenant',
  },
  config: {
    value: { placeholder: 'FILE', read: text => text },
    summary: 'Configuration file. Default: allsource.json, when there is one.',
  },
  json: { value: null, summary: 'Answers, and errors, as lines of JSON for programs.' },
  help: { value: null, summary: 'Explains the command, with examples.' },
  version: { value: null, summary: 'Prints the version of allsource.' },
} as const satisfies Record<string, Flag>

/** Flags that replace settings of the configuration, which checks them. */
export function settingFlags<const Name extends SettingName>(...names: Name[]): { readonly [N in Name]: Flag<string> } {
  const flagOf = (name: Name): Flag<string> => ({
    value: isSwitch(name) ? null : { placeholder: settings[name].kind.placeholder, read: text => text },
    summary: isSwitch(name) ? settings[name].summary : `${settings[name].summary} Default: ${settings[name].default}.`,
    setting: name,
  })
  return Object.fromEntries(names.map(name => [name, flagOf(name)])) as { readonly [N in Name]: Flag<string> }
}

const isSwitch = (name: SettingName): boolean => settings[name].kind.accepts(true)

/** `append <stream> [flags]`: the line a person types. */
export function usageOf(one: Pick<Command, 'name' | 'arguments' | 'flags'>): string {
  const words = Object.entries(one.arguments).map(([name, { optional, many }]) => {
    const word = many ? `<${name}>…` : `<${name}>`
    return optional ? `[${word}]` : word
  })
  const flags = Object.entries(one.flags).map(([name, flag]) => `[${flagText(name, flag)}]`)
  return [one.name, ...words, ...flags].join(' ')
}

export function flagText(name: string, flag: Flag): string {
  return flag.value === null ? flagNameOf(name) : `${flagNameOf(name)} ${flag.value.placeholder}`
}
