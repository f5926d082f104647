/** Runs the flights example as people do, in a process of its own, and compares what it wrote with the twin's answer. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TwinAnswer } from './flights-twin.ts'

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  /** Sends SIGINT as soon as stderr matches. */
  readonly interruptAt?: RegExp
}

export function startFlights(words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  return runScript(join(import.meta.dirname, '../../examples/flights/start.ts'), words, options)
}

export async function runScript(script: string, words: readonly string[], options: RunOptions = {}): Promise<Ended> {
  const child = spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  let interrupted = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
    if (interrupted || !options.interruptAt?.test(stderr)) return
    interrupted = true
    child.kill('SIGINT')
  })
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null]
  return { code, signal, stdout, stderr }
}

/** Null when the files equal the twin's byte for byte, else the first line that differs. */
export function differenceFrom(answer: TwinAnswer, directory: string): string | null {
  return (
    firstDifference('windows.csv', answer.windowsCsv, readFileSync(join(directory, 'windows.csv'), 'utf8')) ??
    firstDifference('top10.csv', answer.top10Csv, readFileSync(join(directory, 'top10.csv'), 'utf8')) ??
    firstDifference('summary.json', answer.summaryJson, readFileSync(join(directory, 'summary.json'), 'utf8'))
  )
}

function firstDifference(name: string, expected: string, actual: string): string | null {
  if (expected === actual) return null
  const [wanted, found] = [expected.split('\n'), actual.split('\n')]
  const line = wanted.findIndex((text, at) => text !== found[at])
  return `${name}: ${found.length} lines for ${wanted.length}; line ${line + 1} is ${JSON.stringify(found[line])}, not ${JSON.stringify(wanted[line])}`
}
