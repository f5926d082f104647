/** Makes docs/cli.md from the commands' own specs, and the table of settings in docs/configuration.md. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { defaultLimits } from '../../event/limits.ts'
import { environmentNameOf, flagNameOf, settings } from '../../runtime/config.ts'
import { type Command, type Flag, flagText, globalFlags, usageOf } from '../../runtime/ops/command.ts'
import { commands } from '../../runtime/ops/commands/index.ts'
import { exitCodes } from '../../runtime/ops/help.ts'

const configurationPage = 'docs/configuration.md'
const marks = ['<!-- settings: made by `npm run generate` -->', '<!-- end of settings -->'] as const

export async function generate(): Promise<ReadonlyMap<string, string>> {
  const page = await readFile(resolve(import.meta.dirname, '../..', configurationPage), 'utf8')
  return new Map([
    ['docs/cli.md', commandPage()],
    [configurationPage, withSettings(page)],
  ])
}

function commandPage(): string {
  return `# Command line

<!-- Generated from runtime/ops/commands/ by \`npm run generate\`. -->

\`allsource <command> [flags]\`. Answers go to stdout; progress, remarks and errors to stderr. In a
checkout of the sources it is \`npm run --silent allsource --\`.

${table(
  ['command', ''],
  commands.map(one => [`[\`${usageOf({ ...one, flags: {} })}\`](#${anchorOf(one.name)})`, one.summary]),
)}

## Flags of every command

${flagTable(globalFlags)}

## Where a command finds its store

1. With \`--url\`, or \`ALLSOURCE_URL\`, at the node that answers there.
2. Else, when \`node.json\` in the directory names a node that runs and answers on its unix socket, at that node.
3. Else it opens the directory itself. One process at a time can: while another holds it and serves nobody, the answer is \`LOCKED\`, exit 5, with its id.

The answers are the same. What differs: a node that is asked runs its topologies all the time and goes on when the command has ended; where the command is
the node, they run while it works. \`start\` always opens the directory: beside a node that runs it is \`LOCKED\`, with the addresses of that one. At an
address, \`deploy\` sends the text of a YAML or JSON file; what names other files, and modules, are deployed on the machine of the node. \`--data\` and
\`--url\` contradict each other, unless one is a flag and the other is not. A node that goes away is \`UNREACHABLE\`, exit 5.

Commands that only read make no store: a directory without one is \`NOT_FOUND\`, exit 1.

With \`--json\`, answers are lines of JSON on stdout, and an error is one line of JSON on stderr: \`{ "code", "message", "details" }\`, with the
[codes](errors.md) that every other door uses. Times are ISO 8601; bytes are \`{ "$bytes": "<base64>" }\`. Remarks and progress are left out.
Without it, answers are text for people, coloured on a terminal unless \`NO_COLOR\` is set. A reader that goes away, as in \`| head\`, ends a command quietly.

## Exit codes

${table(
  ['exit', 'meaning'],
  exitCodes.map(([code, meaning]) => [String(code), meaning]),
)}

\`UNEXPECTED\`, exit 1, is a failure that has no code: a defect of allsource, with its stack in \`details\`.

## Signals

The first SIGINT (Ctrl-C) or SIGTERM lets a command finish what is under way and close the store. That is the ordinary end of \`start\`, \`follow\`
and \`top\`, exit 0; every other command was interrupted, exit 1. A second one kills the process at once; what was acknowledged is on disk.

${commands.map(commandSection).join('\n\n')}
`
}

function commandSection(one: Command): string {
  const words = Object.entries(one.arguments).map(([name, { summary }]) => [`\`<${name}>\``, summary])
  const parts = [
    `## ${one.name}`,
    `\`allsource ${usageOf(one)}\``,
    one.summary,
    words.length > 0 ? table(['argument', ''], words) : '',
    Object.keys(one.flags).length > 0 ? flagTable(one.flags) : '',
    ...one.notes,
    ['```sh', ...one.examples.flatMap(({ line, does }) => [`# ${does}`, line]), '```'].join('\n'),
  ]
  return parts.filter(Boolean).join('\n\n')
}

function flagTable(flags: Readonly<Record<string, Flag>>): string {
  return table(
    ['flag', ''],
    Object.entries(flags).map(([name, flag]) => [`\`${flagText(name, flag)}\``, flag.summary]),
  )
}

function withSettings(page: string): string {
  const start = page.indexOf(marks[0])
  const end = page.indexOf(marks[1])
  if (start < 0 || end < start) throw new Error(`${configurationPage} has no place for the settings: ${marks.join(' … ')}`)
  return `${page.slice(0, start)}${marks[0]}\n\n${settingsTable()}\n\n${limitsTable()}\n\n${page.slice(end)}`
}

function settingsTable(): string {
  const rows = Object.entries(settings).map(([key, { kind, summary, ...setting }]) => [
    `\`${key}\``,
    `\`${environmentNameOf(key)}\``,
    `\`${flagNameOf(key)}\``,
    kind.expects,
    setting.default,
    summary,
  ])
  return table(['in the file', 'environment', 'flag', 'value', 'default', ''], rows)
}

function limitsTable(): string {
  const rows = Object.entries(defaultLimits).map(([name, value]) => [
    `\`limits.${name}\``,
    `\`${environmentNameOf(`limits.${name}`)}\``,
    value.toLocaleString('en-US'),
  ])
  return table(['in the file', 'environment', 'default'], rows)
}

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell => cell.replaceAll('|', String.raw`\|`)).join(' | ')} |`
  return [line(titles), line(titles.map(() => '---')), ...rows.map(line)].join('\n')
}

function anchorOf(name: string): string {
  return name.replaceAll(' ', '-')
}
