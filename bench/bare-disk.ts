/** The disk without us: fdatasync of 4 KiB and of 1 MiB, printed beside every durable figure because disks swing with their neighbours. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../event/clock.ts'
import { percentiles } from './report.ts'

export interface BareDisk {
  readonly sync4KiBMs: number
  readonly sync1MiBMs: number
  /** What one thread gets through in synced writes of 1 MiB. */
  readonly mibPerSecond: number
}

const samplesMax = 40
const budgetMs = 1000

/** Measures in `directory`, which must be on the disk of the store, for about two seconds at most. */
export function bareDisk(directory: string): BareDisk {
  const small = syncTimes(join(directory, 'bare-4k'), 4 * 1024)
  const large = syncTimes(join(directory, 'bare-1m'), 1024 * 1024)
  const largeMs = percentiles(large).p50
  return { sync4KiBMs: percentiles(small).p50, sync1MiBMs: largeMs, mibPerSecond: 1000 / largeMs }
}

function syncTimes(path: string, bytes: number): number[] {
  const file = openSync(path, 'w')
  const block = Buffer.alloc(bytes, 'allsource')
  const times: number[] = []
  const end = systemClock.monotonic() + budgetMs
  try {
    while (times.length < samplesMax && systemClock.monotonic() < end) {
      const begun = systemClock.monotonic()
      writeSync(file, block)
      fdatasyncSync(file)
      times.push(systemClock.monotonic() - begun)
    }
  } finally {
    closeSync(file)
  }
  return times
}
