/** A directory of its own for each run, gone when the run ends, however it ends. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export interface Temporary {
  readonly path: string
  remove(): void
}

/** Makes a directory under `parent` (the machine's own temporary place when left out). */
export function temporary(parent: string | undefined): Temporary {
  const path = mkdtempSync(join(parent ?? tmpdir(), 'allsource-bench-'))
  const remove = (): void => rmSync(path, { recursive: true, force: true })
  process.once('exit', remove)
  return { path, remove }
}

/** An interrupted run leaves nothing behind. */
export function leaveCleanly(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))
}
