/** What a figure was measured on: processor, memory, Node and the commit, never a name or a path. */
import { execFileSync } from 'node:child_process'
import { cpus, loadavg, totalmem } from 'node:os'

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly platform: string
  readonly node: string
}

const GIB = 1024 ** 3
const MIB = 1024 ** 2

let known: Machine | undefined

export function machine(): Machine {
  known ??= {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / GIB),
    platform: `${process.platform}-${process.arch}`,
    node: process.version,
  }
  return known
}

let commitKnown: string | undefined

/** Short hash of HEAD, with a `+` when files that git knows were changed; `none` outside a checkout. */
export function commit(): string {
  commitKnown ??= readCommit()
  return commitKnown
}

function readCommit(): string {
  const git = (...words: string[]): string =>
    execFileSync('git', words, { cwd: import.meta.dirname, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    return git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain', '--untracked-files=no') === '' ? '' : '+')
  } catch {
    return 'none'
  }
}

/** Runnable processes over the last minute: a figure taken above the number of cores is a lower bound. */
export const loadAverage = (): number => loadavg()[0] ?? 0

export const rssMiB = (): number => process.memoryUsage.rss() / MIB

/** Cores used on average since the meter began, by all threads and by this one: well below one for a busy thread means waiting. */
export interface CpuShare {
  readonly cores: number
  readonly mainThreadCores: number
}

export function cpuMeter(monotonic: () => number): () => CpuShare {
  const begun = monotonic()
  const before = process.cpuUsage()
  const ownBefore = process.threadCpuUsage()
  return () => {
    const elapsedUs = Math.max(1, monotonic() - begun) * 1000
    const all = process.cpuUsage(before)
    const own = process.threadCpuUsage(ownBefore)
    return { cores: (all.user + all.system) / elapsedUs, mainThreadCores: (own.user + own.system) / elapsedUs }
  }
}
