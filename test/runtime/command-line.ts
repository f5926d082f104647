/** Types a command line for tests: in this process with a node of the test's, or as a stranger would, in a process of its own. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { Readable, Writable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import type { Node, OpenOptions } from '../../runtime/index.ts'
import { runLine } from '../../runtime/ops/run.ts'

export const program = fileURLToPath(new URL('../../runtime/ops/cli.ts', import.meta.url))

const deadlineMs = 240_000

export interface Typed {
  readonly exit: number | null
  readonly output: string
  readonly errors: string
}

export interface Around {
  readonly input?: string
  readonly environment?: Readonly<Record<string, string>>
  readonly workingDirectory?: string
}

interface Here extends Around {
  readonly node?: Node
  readonly openNode?: (options: OpenOptions) => Promise<Node>
}

/** Splits at spaces; what stands in single quotes is one word, as in a shell. */
export function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(match => match[1] ?? match[2] ?? '')
}

/** Runs a line in this process; without a node, a line that opens one fails the test. */
export async function typeHere(line: string, { node, openNode, ...around }: Here = {}): Promise<Typed> {
  const output = gather()
  const errors = gather()
  const exit = await runLine(wordsOf(line), {
    environment: around.environment ?? {},
    workingDirectory: around.workingDirectory ?? tmpdir(),
    input: Readable.from([Buffer.from(around.input ?? '')]),
    output: output.stream,
    errors: errors.stream,
    signal: new AbortController().signal,
    endAtOnce: () => {
      throw new Error('nothing was to be ended at once')
    },
    version: '1.2.3',
    openNode: openNode ?? (async () => node ?? Promise.reject(new Error('this line was to be refused before a node is opened'))),
  })
  return { exit, output: output.text(), errors: errors.text() }
}

/** Runs a line in a process of its own. */
export async function type(line: string, around: Around = {}): Promise<Typed> {
  const child = start(line, around)
  child.stdin.on('error', () => undefined).end(around.input ?? '')
  const output = gather()
  const errors = gather()
  child.stdout.pipe(output.stream)
  child.stderr.pipe(errors.stream)
  const [exit] = (await once(child, 'close')) as [number | null]
  return { exit, output: output.text(), errors: errors.text() }
}

/** Starts a line that goes on until it is stopped. */
export function start(line: string, { environment, workingDirectory }: Around = {}) {
  // No variable of whoever runs the tests may configure the store.
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('ALLSOURCE_'))
  return spawn(process.execPath, [program, ...wordsOf(line)], {
    cwd: workingDirectory ?? tmpdir(),
    // Tests run beside one another: each node takes a port that is free.
    env: { ...Object.fromEntries(inherited), ALLSOURCE_HTTP_PORT: '0', ...environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    // A command that hangs is a failed test, not a run without end.
    timeout: deadlineMs,
    killSignal: 'SIGKILL',
  })
}

/** Lines of JSON. */
export function records(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line) as Record<string, unknown>)
}

function gather(): { stream: Writable; text(): string } {
  const chunks: Buffer[] = []
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(Buffer.from(chunk))
      done()
    },
  })
  return { stream, text: () => Buffer.concat(chunks).toString() }
}
