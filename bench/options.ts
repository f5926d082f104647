/** The few options that all benches share, so that each can be tried in seconds and run in full with the same words. */
import { parseArgs } from 'node:util'
import { say } from './report.ts'

export interface BenchOptions {
  /** Events to write or to run through; each bench has its own default. */
  readonly events?: number
  /** How long one case is measured. */
  readonly seconds?: number
  /** Only cases whose name contains this. */
  readonly only?: string
  /** Exactly this case, in this process. */
  readonly case?: string
  /** Where the temporary store is made: choose the disk with it. */
  readonly directory?: string
}

const usage = `Options:
  --events N      events to write or to run through
  --seconds N     length of one case
  --only TEXT     only cases whose name contains TEXT
  --case NAME     exactly this case, in this process
  --directory DIR parent of the temporary store (chooses the disk)`

/** Reads the command line; ends the process with exit code 2 and a usage on words it does not know. */
export function benchOptions(words: readonly string[] = process.argv.slice(2)): BenchOptions {
  try {
    const text = { type: 'string' } as const
    const { values } = parseArgs({ args: [...words], options: { events: text, seconds: text, only: text, case: text, directory: text } })
    return {
      ...(values.events === undefined ? {} : { events: positive('events', values.events) }),
      ...(values.seconds === undefined ? {} : { seconds: positive('seconds', values.seconds) }),
      ...(values.only === undefined ? {} : { only: values.only }),
      ...(values.case === undefined ? {} : { case: values.case }),
      ...(values.directory === undefined ? {} : { directory: values.directory }),
    }
  } catch (error) {
    say(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    process.exit(2)
  }
}

/** `10_000_000`, `10M` and `100k` are numbers too. */
export function positive(name: string, text: string): number {
  const match = /^(\d[\d_]*(?:\.\d+)?)([kM]?)$/.exec(text)
  const value = match ? Number(match[1]?.replaceAll('_', '')) * { '': 1, k: 1e3, M: 1e6 }[match[2] as '' | 'k' | 'M'] : 0
  if (!(value > 0)) throw new Error(`--${name} must be a number above 0, got "${text}"`)
  return value
}

export function wanted(options: BenchOptions, name: string): boolean {
  return options.only === undefined || name.includes(options.only)
}
