/**
 * Runs the commands of a page as its reader would: each line of its ```sh blocks, in one shell, in a directory made for it, with the ```text
 * block behind them compared to what they print. A block behind `<!-- file: NAME -->` is written into the directory when its turn comes; a
 * block behind `<!-- not run: WHY -->` is left out.
 */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'

interface Command {
  readonly kind: 'command'
  /** Of the page, from 1. */
  readonly line: number
  readonly text: string
  /** 0, or what a comment at its end says: `# exit 1`. */
  readonly exit: number
}

interface PageFile {
  readonly kind: 'file'
  readonly line: number
  readonly name: string
  readonly content: string
}

/** What the commands of the block before print, among other lines; `…` stands for anything, alone in a line for any lines. */
interface Output {
  readonly kind: 'output'
  readonly line: number
  readonly lines: readonly string[]
  readonly commands: readonly Command[]
}

export type PagePart = Command | PageFile | Output

export interface Ran {
  readonly exit: number
  /** Of stdout, then of stderr: in which order two streams come is not said. */
  readonly output: string
}

const repository = join(import.meta.dirname, '../..')
/** Of a page that asks for no other. */
const deadlineDefaultMs = 240_000

export function partsOfPage(markdown: string): PagePart[] {
  const parts: PagePart[] = []
  let shown: readonly Command[] = []
  for (const { line, language, before, lines } of fencesOf(markdown)) {
    const file = /^<!-- file: (\S+) -->$/.exec(before)?.[1]
    if (file !== undefined) parts.push({ kind: 'file', line, name: file, content: `${lines.join('\n')}\n` })
    else if (language === 'text' && shown.length > 0) parts.push({ kind: 'output', line, lines, commands: shown })
    shown = language === 'sh' && file === undefined && !/^<!-- not run: \S.* -->$/.test(before) ? commandsOf(lines, line + 1) : []
    parts.push(...shown)
  }
  return parts
}

interface Fence {
  readonly line: number
  readonly language: string
  /** The nearest line above that is not blank. */
  readonly before: string
  readonly lines: readonly string[]
}

function fencesOf(markdown: string): Fence[] {
  const lines = markdown.split('\n')
  const fences: Fence[] = []
  for (let at = 0; at < lines.length; at++) {
    const [, ticks = '', language = ''] = /^(`{3,})(\S*)$/.exec(lines[at] as string) ?? []
    if (ticks === '') continue
    const end = lines.indexOf(ticks, at + 1)
    if (end < 0) throw new Error(`line ${at + 1}: the block is not closed`)
    const before = lines.slice(0, at).findLast(line => line.trim() !== '') ?? ''
    fences.push({ line: at + 1, language, before, lines: lines.slice(at + 1, end) })
    at = end
  }
  return fences
}

function commandsOf(lines: readonly string[], firstLine: number): Command[] {
  const commands: Command[] = []
  let open: string[] = []
  for (const [at, line] of lines.entries()) {
    if (open.length === 0 && (line.trim() === '' || line.startsWith('#'))) continue
    open.push(line)
    if (line.endsWith('\\')) continue
    const command = open.join('\n')
    const exit = /\s# exit (\d+)$/.exec(command)?.[1]
    commands.push({ kind: 'command', line: firstLine + at + 1 - open.length, text: command, exit: Number(exit ?? 0) })
    open = []
  }
  return commands
}

/** Runs a page of the repository and throws at the first thing that is not as it says. */
export async function runPage(page: string, deadlineMs = deadlineDefaultMs): Promise<void> {
  const parts = partsOfPage(readFileSync(join(repository, page), 'utf8'))
  const ran = await runParts(parts, deadlineMs)
  for (const part of parts) {
    const mistake = mistakeOf(part, ran)
    if (mistake !== undefined) throw new Error(`${page}:${part.line}: ${mistake}`)
  }
}

/** Undefined when a part was as the page says. */
export function mistakeOf(part: PagePart, ran: ReadonlyMap<Command, Ran>): string | undefined {
  if (part.kind === 'file') return undefined
  if (part.kind === 'output') {
    const output = part.commands.map(command => ran.get(command)?.output ?? '').join('')
    return isShown(part.lines, output) ? undefined : `the output is not as shown; it is:\n${output}`
  }
  const one = ran.get(part)
  if (one === undefined) return `${part.text}\nwas not run to its end in time`
  return one.exit === part.exit ? undefined : `${part.text}\nended with ${one.exit}, not ${part.exit}:\n${one.output}`
}

export function isShown(lines: readonly string[], output: string): boolean {
  const escaped = (text: string): string => text.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&')
  const piece = (line: string): string => line.trimEnd().split('…').map(escaped).join('[^\\n]*')
  const pattern = lines.map(line => (line.trim() === '…' ? '(?:[^\\n]*\\n)*?' : `${piece(line)}[ \\t]*\\n`)).join('')
  return new RegExp(`^${pattern}`, 'm').test(`${output.trimEnd()}\n`)
}

async function runParts(parts: readonly PagePart[], deadlineMs: number): Promise<Map<Command, Ran>> {
  const root = mkdtempSync(join(tmpdir(), 'allsource-page-'))
  try {
    const [bin, directory] = [join(root, 'bin'), join(root, 'page')]
    makeCommands(bin)
    mkdirSync(directory)
    // Modules of examples import what stands beside them; Node follows the links to where the files are.
    for (const name of ['examples', 'runtime', 'node_modules', 'topology']) symlinkSync(join(repository, name), join(directory, name))
    const script = join(root, 'page.sh')
    writeFileSync(script, scriptOf(parts, root))
    const env = {
      NODE_COMPILE_CACHE: join(root, 'compiled'),
      ...process.env,
      PATH: [bin, process.env['PATH']].join(delimiter),
      ALLSOURCE_DATA: join(directory, 'data'),
      NO_COLOR: '1',
    }
    const printed = await printedBy(script, { directory, env, deadlineMs })
    return ranOf(parts, printed)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

function makeCommands(bin: string): void {
  const commands = {
    node: `exec '${process.execPath}' "$@"`,
    allsource: `exec '${process.execPath}' '${join(repository, 'runtime/ops/allsource.mjs')}' "$@"`,
    npx: 'exec "$@"',
  }
  mkdirSync(bin)
  for (const [name, line] of Object.entries(commands)) {
    writeFileSync(join(bin, name), `#!/bin/sh\n${line}\n`)
    chmodSync(join(bin, name), 0o755)
  }
}

/** Marks stand around what a command prints; no command prints the two characters of a mark. */
const [open, close] = ['\u001e', '\u001f']

function scriptOf(parts: readonly PagePart[], root: string): string {
  const lines = parts.flatMap((part, at): string[] => {
    if (part.kind === 'output') return []
    if (part.kind === 'command') {
      const said = join(root, `said-${at}`)
      return [`printf '${open}${at}${close}'`, '{', part.text, `} 2> '${said}'`, `printf '${open}%s${close}' "$?"`, `cat '${said}'`]
    }
    const staged = join(root, `file-${at}`)
    writeFileSync(staged, part.content)
    return [`mkdir -p '${dirname(part.name)}' && cp '${staged}' '${part.name}'`]
  })
  return `${lines.join('\n')}\n`
}

/** The shell is the head of a group of processes, so that what it left in the background ends with it. */
interface Shell {
  readonly directory: string
  readonly env: NodeJS.ProcessEnv
  readonly deadlineMs: number
}

async function printedBy(script: string, { directory, env, deadlineMs }: Shell): Promise<string> {
  const shell = spawn('bash', [script], { cwd: directory, env, stdio: ['ignore', 'pipe', 'inherit'], detached: true })
  const end = (): void => {
    try {
      process.kill(-(shell.pid as number), 'SIGKILL')
    } catch {
      // The group is gone already.
    }
  }
  const timer = setTimeout(end, deadlineMs)
  const printed = text(shell.stdout)
  await once(shell, 'exit').finally(() => clearTimeout(timer))
  end()
  return printed
}

function ranOf(parts: readonly PagePart[], printed: string): Map<Command, Ran> {
  const ran = new Map<Command, Ran>()
  const [, ...pieces] = printed.split(open)
  for (let i = 0; i + 1 < pieces.length; i += 2) {
    const [at = '', output = ''] = (pieces[i] as string).split(close)
    const [exit = '', said = ''] = (pieces[i + 1] as string).split(close)
    const part = parts[Number(at)]
    if (part?.kind === 'command') ran.set(part, { exit: Number(exit), output: output + said })
  }
  return ran
}
