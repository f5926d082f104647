/** Runs one test file as a child process and judges it by its exit and by the totals uvu prints. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { stripVTControlCharacters } from 'node:util'

export interface FileResult {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly ms: number
  /** Why it counts as failed beyond its own assertions; empty when there is nothing to add. */
  readonly cause: string
  readonly output: string
}

interface Totals {
  readonly prints: number
  readonly total: number
  readonly passed: number
  readonly skipped: number
}

interface Ending {
  readonly code: number | null
  readonly signal: string | null
  readonly timedOut: boolean
}

/** Output kept of one file; more is cut in the middle of a flood, so that the runner itself stays small. */
const OUTPUT_CHARACTERS_MAX = 200_000

const shownDetails = new URL('fixtures/shown-details.ts', import.meta.url).href

const running = new Set<ChildProcess>()

/** Sums up what uvu printed; a file may hold several suites. */
export function totalsOf(output: string): Totals {
  const plain = stripVTControlCharacters(output)
  const pattern = /^ {2}Total: +(\d+)\n {2}Passed: +(\d+)\n {2}Skipped: +(\d+)$/gm
  let totals: Totals = { prints: 0, total: 0, passed: 0, skipped: 0 }
  for (const [, total, passed, skipped] of plain.matchAll(pattern)) {
    totals = {
      prints: totals.prints + 1,
      total: totals.total + Number(total),
      passed: totals.passed + Number(passed),
      skipped: totals.skipped + Number(skipped),
    }
  }
  return totals
}

/** Counts a file: its failed tests, and one more failure when it ended in a way no good file ends. */
export function judge(totals: Totals, ending: Ending, deadlineMs: number): Pick<FileResult, 'passed' | 'failed' | 'skipped' | 'cause'> {
  const { passed, skipped } = totals
  const failed = totals.total - passed
  const cause = ending.timedOut
    ? `did not end within ${deadlineMs / 1000} s`
    : ending.signal !== null
      ? `ended by signal ${ending.signal}`
      : totals.prints === 0
        ? `printed no totals (exit code ${ending.code}); does it end with test.run()?`
        : totals.total + skipped === 0
          ? 'holds no test'
          : ending.code !== 0 && failed === 0
            ? `ended with exit code ${ending.code}`
            : ''
  return { passed, skipped, failed: cause === '' ? failed : Math.max(1, failed), cause }
}

/** Milliseconds that a file asks for by a line `// Deadline: 300 s` near its top; 0 without one. */
export async function askedMs(file: string): Promise<number> {
  const head = (await readFile(file, 'utf8')).slice(0, 500)
  return Number(/^\/\/ Deadline: (\d+) s\b/m.exec(head)?.[1] ?? 0) * 1000
}

/** Runs one file, for the usual time or what it asks for. */
export async function runFile(file: string, usualDeadlineMs: number): Promise<FileResult> {
  const deadlineMs = Math.max(usualDeadlineMs, await askedMs(file))
  const started = performance.now()
  // A group of its own, so that what the file started ends with it.
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--import', shownDetails, file], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  })
  running.add(child)
  let output = ''
  const keep = (text: string): void => {
    output += text
    if (output.length > OUTPUT_CHARACTERS_MAX) output = `${output.slice(0, 20_000)}\n…\n${output.slice(-100_000)}`
  }
  child.stdout.setEncoding('utf8').on('data', keep)
  child.stderr.setEncoding('utf8').on('data', keep)
  const ending = await ended(child, deadlineMs)
  running.delete(child)
  const verdict = judge(totalsOf(output), ending, deadlineMs)
  return { file, ...verdict, ms: performance.now() - started, output }
}

/** Ends what is still running; for a runner that was told to stop. */
export function killRunning(): void {
  for (const child of running) killGroup(child)
}

async function ended(child: ChildProcess, deadlineMs: number): Promise<Ending> {
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    killGroup(child)
  }, deadlineMs)
  const closed = once(child, 'close')
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, string | null]
    killGroup(child)
    // The last words may still be in the pipe; a grandchild outside the group may hold it open for ever.
    await Promise.race([closed, sleep(1000, undefined, { ref: false })])
    return { code, signal, timedOut }
  } catch (error) {
    return { code: null, signal: String(error), timedOut }
  } finally {
    clearTimeout(timer)
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, 'SIGKILL')
  } catch {
    // The group is gone already.
  }
}
