/** Runs of one query in processes of their own; also ones that are killed without warning, and opened again until the end. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type NexmarkOutcome, type NexmarkTask, runningLine } from './child.ts'

/** Where kills come from: how long after the topology runs, ms; undefined lets it come to its end. */
export type NextKill = () => number | undefined

export interface Run {
  readonly outcome: NexmarkOutcome
  readonly kills: number
}

/** Runs a task until it has come to its end. */
export async function runTask(task: NexmarkTask, nextKill: NextKill = () => undefined): Promise<Run> {
  for (let kills = 0; ; kills++) {
    const outcome = await runOnce(task, nextKill())
    if (outcome !== undefined) return { outcome, kills }
  }
}

/** Undefined when it was killed before its end. */
async function runOnce(task: NexmarkTask, killAfterMs: number | undefined): Promise<NexmarkOutcome | undefined> {
  const words = [...process.execArgv, join(import.meta.dirname, 'child.ts'), JSON.stringify(task)]
  const env = { ...process.env, NEXMARK_EVENTS: String(task.events), NEXMARK_GROUP: String(task.group) }
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'], env })
  const exited = once(child, 'exit') as Promise<[code: number | null, signal: string | null]>
  const stop = (): boolean => child.kill('SIGTERM')
  process.once('exit', stop)
  let [last, timer] = ['', undefined as NodeJS.Timeout | undefined]
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== runningLine) last = line
    else if (killAfterMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), killAfterMs)
  }
  const [code, signal] = await exited
  clearTimeout(timer)
  process.off('exit', stop)
  if (signal === 'SIGKILL' && last === '') return undefined
  if (last === '') throw new Error(`${task.query} as ${task.role} ended with ${signal ?? `code ${String(code)}`}`)
  return JSON.parse(last) as NexmarkOutcome
}
