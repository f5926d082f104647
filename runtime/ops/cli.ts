#!/usr/bin/env node
/** The program `allsource`: ties a command line to this process, its streams and its signals. */
import { packageVersion } from '../package-version.ts'
import { runLine } from './run.ts'

const asked = new AbortController()
/** What was acknowledged is on disk, so ending at once loses nothing; a killed process runs no code that could hang or write. */
const endAtOnce = (): void => void process.kill(process.pid, 'SIGKILL')
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    if (asked.signal.aborted) endAtOnce()
    asked.abort()
  })
}

process.exitCode = await runLine(process.argv.slice(2), {
  environment: process.env,
  workingDirectory: process.cwd(),
  input: process.stdin,
  output: process.stdout,
  errors: process.stderr,
  signal: asked.signal,
  endAtOnce,
  version: packageVersion(),
  // Only when a command asks for it, so that help does not wait for a database to load.
  openNode: async options => (await import('../index.ts')).openNode(options),
})
// A reader that never comes back, or input that nobody reads to its end, is no reason to stay.
process.stdin.destroy()
