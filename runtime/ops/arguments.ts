/** Reads a command line by the commands' own specs; every mistake is INVALID and says what would have been right. */
import { parseArgs } from 'node:util'
import { EventStoreError } from '../../event/error.ts'
import { hint } from '../../topology/nearest.ts'
import { type SettingFlags, flagNameOf } from '../config.ts'
import { type Command, type Flag, globalFlags, usageOf } from './command.ts'

export interface ParsedLine {
  /** Null when the line names none, as in `allsource --help`. */
  readonly command: Command | null
  /** The word of a group, `state` in `allsource state --help`, when the line stops there. */
  readonly group: string | null
  readonly arguments: Readonly<Record<string, unknown>>
  readonly flags: Readonly<Record<string, unknown>>
  readonly settings: SettingFlags
  readonly configFile: string | undefined
  readonly json: boolean
  readonly help: boolean
  readonly version: boolean
}

/** A line split at the words that name its command. */
export interface CommandOnLine {
  readonly command: Command | null
  readonly group: string | null
  readonly before: readonly string[]
  readonly after: readonly string[]
}

type FlagSpecs = Readonly<Record<string, Flag>>
type Token = { readonly index: number } & (
  { readonly kind: 'word'; readonly text: string } | { readonly kind: 'flag'; readonly name: string; readonly text: string | undefined }
)

function invalid(message: string, field: string): EventStoreError {
  return new EventStoreError('INVALID', message, { field })
}

/** Reads what stands around the words that name the command. */
export function parseLine({ command, group, before, after }: CommandOnLine): ParsedLine {
  const specs: FlagSpecs = { ...globalFlags, ...command?.flags }
  const found = new Map<Flag, string[]>()
  // Before the command's name only the flags of every command can stand; after it, the command's own come first.
  for (const token of tokensOf(before, globalFlags)) if (token.kind === 'flag') note(found, globalFlags, token, command)
  const words: string[] = []
  for (const token of tokensOf(after, specs)) {
    if (token.kind === 'word') words.push(token.text)
    else note(found, specs, token, command)
  }
  const isGiven = (flag: Flag): boolean => found.has(flag)
  const asksForHelp = isGiven(globalFlags.help)
  const values = asksForHelp ? {} : flagValues(found, command?.flags ?? {})
  return {
    command,
    group,
    arguments: command && !asksForHelp ? argumentValues(command, words) : {},
    flags: values,
    settings: settingTexts(found, specs),
    configFile: found.get(globalFlags.config)?.[0],
    json: isGiven(globalFlags.json),
    help: asksForHelp,
    version: isGiven(globalFlags.version),
  }
}

/** Splits a line at the words that name the command: `--json state get x` → before `--json`, after `x`. */
export function findCommand(line: readonly string[], commands: readonly Command[]): CommandOnLine {
  const before: string[] = []
  let rest = [...line]
  let group: string | null = null
  for (;;) {
    const word: Token | undefined = tokensOf(rest, globalFlags).find(token => token.kind === 'word')
    if (!word) return { command: null, group, before: [...before, ...rest], after: [] }
    const name: string = group === null ? word.text : `${group} ${word.text}`
    before.push(...rest.slice(0, word.index))
    rest = rest.slice(word.index + 1)
    const command = commands.find(one => one.name === name)
    if (command) return { command, group: null, before, after: rest }
    if (name === 'help') {
      before.push('--help')
    } else if (commands.some(one => one.name.startsWith(`${name} `))) {
      group = name
    } else {
      throw invalid(`there is no command "${name}"${commandHint(name, group, commands)}`, 'command')
    }
  }
}

function commandHint(name: string, group: string | null, commands: readonly Command[]): string {
  const members = commands.map(one => one.name).filter(one => group !== null && one.startsWith(`${group} `))
  if (members.length > 0) return `${hint(name, members)} (there are: ${members.join(', ')})`
  return hint(
    name,
    commands.flatMap(one => [one.name, ...one.name.split(' ').slice(0, 1)]),
  )
}

/** Words and flags in order; a flag that takes a value has the text after it. */
function tokensOf(line: readonly string[], specs: FlagSpecs): Token[] {
  const options = Object.fromEntries(
    Object.entries(specs).map(([name, flag]) => [
      flagNameOf(name).slice(2),
      { type: flag.value === null ? ('boolean' as const) : ('string' as const) },
    ]),
  )
  const { tokens } = parseArgs({
    args: [...line],
    options: { ...options, help: { type: 'boolean', short: 'h' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  })
  const found: Token[] = []
  for (const token of tokens) {
    if (token.kind === 'positional') found.push({ kind: 'word', index: token.index, text: token.value })
    if (token.kind !== 'option') continue
    // `-5` is a number, not five flags; parseArgs gives one token a letter.
    const isNumber = /^-[\d.]/.test(line[token.index] ?? '')
    // A flag with its value left out is not to swallow the next flag: `--data --json`.
    const swallowed = token.inlineValue === false && token.value?.startsWith('--')
    if (swallowed) throw invalid(`${token.rawName} needs a value before ${token.value}`, token.rawName)
    if (!isNumber)
      found.push({ kind: 'flag', index: token.index, name: token.rawName === '-h' ? '--help' : token.rawName, text: token.value })
    else if (found.at(-1)?.index !== token.index) found.push({ kind: 'word', index: token.index, text: line[token.index]! })
  }
  return found
}

function note(
  found: Map<Flag, string[]>,
  specs: FlagSpecs,
  { name, text }: Extract<Token, { kind: 'flag' }>,
  command: Command | null,
): void {
  const known = Object.entries(specs).find(([key]) => flagNameOf(key) === name)
  if (!known) {
    const names = Object.keys(specs).map(flagNameOf)
    const near = hint(name, names) || `; it takes ${names.join(' ')}`
    throw invalid(`${command ? `allsource ${command.name}` : 'allsource'} has no flag ${name}${near}`, name)
  }
  const flag = ownerOf(known[0], known[1], text)
  if (flag.value === null && text !== undefined) throw invalid(`${name} is a switch and takes no value`, name)
  if (flag.value !== null && text === undefined) throw invalid(`${name} needs a value: ${name} ${flag.value.placeholder}`, name)
  const texts = found.get(flag)
  if (texts === undefined) found.set(flag, text === undefined ? [] : [text])
  else if (flag.many) texts.push(text ?? '')
  else if (flag.value !== null) throw invalid(`${name} was given twice`, name)
}

/** A flag of the command that shares its name with one of every command takes only the texts it claims. */
function ownerOf(key: string, flag: Flag, text: string | undefined): Flag {
  const shared: Flag | undefined = Object.hasOwn(globalFlags, key) ? globalFlags[key as keyof typeof globalFlags] : undefined
  return shared && flag.claims && text !== undefined && !flag.claims(text) ? shared : flag
}

function flagValues(found: ReadonlyMap<Flag, readonly string[]>, specs: FlagSpecs): Record<string, unknown> {
  const values: Record<string, unknown> = {}
  for (const [key, flag] of Object.entries(specs)) {
    const texts = found.get(flag)
    if (texts !== undefined) values[key] = flag.value === null ? true : readAs(flagNameOf(key), () => flag.value?.read(texts.join(',')))
  }
  return values
}

function settingTexts(found: ReadonlyMap<Flag, readonly string[]>, specs: FlagSpecs): SettingFlags {
  const texts: Record<string, string | undefined> = {}
  for (const flag of [globalFlags.data, ...Object.values(specs)] as Flag[]) {
    const given = found.get(flag)
    if (flag.setting !== undefined && given) texts[flag.setting] = flag.value === null ? 'true' : given[0]
  }
  return texts
}

function argumentValues(command: Command, words: string[]): Record<string, unknown> {
  const specs = Object.entries(command.arguments)
  const values: Record<string, unknown> = {}
  for (const [at, [name, argument]] of specs.entries()) {
    const word = words[at]
    if (word !== undefined && argument.many) values[name] = words.splice(at).map(one => readAs(`<${name}>`, () => argument.value.read(one)))
    else if (word !== undefined) values[name] = readAs(`<${name}>`, () => argument.value.read(word))
    else if (!argument.optional) throw invalid(`<${name}> is missing: allsource ${usageOf({ ...command, flags: {} })}`, name)
  }
  const extra = words[specs.length]
  if (extra !== undefined)
    throw invalid(`there is one word too many, ${JSON.stringify(extra)}: allsource ${usageOf({ ...command, flags: {} })}`, 'arguments')
  return values
}

/** Puts the name of the flag or argument before what its reader says. */
function readAs<Value>(name: string, read: () => Value): Value {
  try {
    return read()
  } catch (error) {
    if (error instanceof EventStoreError)
      throw new EventStoreError(error.code, `${name}: ${error.message}`, { ...error.details, field: name }, { cause: error })
    throw error
  }
}
