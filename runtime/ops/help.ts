/** Help as text, made from the commands' own specs; docs/cli.md is made from the same. */
import { type Command, type Flag, flagText, globalFlags, usageOf } from './command.ts'

export const exitCodes: readonly (readonly [number, string])[] = [
  [0, 'ok'],
  [1, 'failed'],
  [2, 'the command line, the configuration or the input is not valid'],
  [3, 'conflict: another expected version, a duplicate id'],
  [4, 'damaged, or made by an incompatible version'],
  [5, 'locked by another process, or not reachable'],
]

export function overview(commands: readonly Command[]): string {
  return [
    'allsource – an event store and stream runtime in one directory',
    '',
    'Usage: allsource <command> [flags]',
    '',
    'Commands:',
    ...aligned(commands.map(one => [usageOf({ ...one, flags: {} }), one.summary])),
    '',
    'Flags of every command:',
    ...flagLines(globalFlags),
    '',
    'Exit codes:',
    ...aligned(exitCodes.map(([code, meaning]) => [String(code), meaning])),
    '',
    'allsource <command> --help explains one command, with examples.',
  ].join('\n')
}

export function groupHelp(group: string, commands: readonly Command[]): string {
  const members = commands.filter(one => one.name.startsWith(`${group} `))
  return [
    `Usage: allsource ${group} <command> [flags]`,
    '',
    'Commands:',
    ...aligned(members.map(one => [usageOf({ ...one, flags: {} }), one.summary])),
  ].join('\n')
}

export function commandHelp(one: Command): string {
  const words = Object.entries(one.arguments).map(([name, { summary }]) => [`<${name}>`, summary] as const)
  const own = flagLines(one.flags)
  return [
    `Usage: allsource ${usageOf({ ...one, flags: {} })}${own.length > 0 ? ' [flags]' : ''}`,
    '',
    one.summary,
    ...section('Arguments', aligned(words)),
    ...section('Flags', own),
    ...section('Flags of every command', flagLines(globalFlags)),
    ...one.notes.flatMap(note => ['', ...wrapped(note)]),
    ...section(
      'Examples',
      one.examples.flatMap(({ line, does }) => [`  # ${does}`, `  ${line}`]),
    ),
  ].join('\n')
}

function section(title: string, lines: readonly string[]): string[] {
  return lines.length > 0 ? ['', `${title}:`, ...lines] : []
}

function flagLines(flags: Readonly<Record<string, Flag>>): string[] {
  return aligned(Object.entries(flags).map(([name, flag]) => [flagText(name, flag), flag.summary]))
}

function aligned(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(0, ...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`)
}

function wrapped(paragraph: string, width = 100): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of paragraph.split(' ')) {
    if (line.length + word.length >= width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}
