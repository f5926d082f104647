/** The options of `npm start`, read and checked before anything is opened. */
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

export interface StartOptions {
  readonly data: string
  readonly keep: boolean
  readonly raw: boolean
  readonly limit?: number
  readonly export?: string
  readonly partitions?: number
  readonly shards?: number
  readonly workers?: number
  readonly epochMs?: number
  readonly pageRows?: number
}

/** A mistake of the person at the keyboard: said in one sentence, exit code 2. */
export class UsageError extends Error {}

export const dataByDefault = 'data/flights'

export const usage = `npm start -- [options]: three million real flights into the log, and their delays folded from it exactly

  --data DIR      where the store is kept (default ${dataByDefault}); made anew each time
  --keep          keeps a finished import, and the fold with it; an unfinished one is made again
  --limit N       only the first N flights to arrive
  --raw           without the guard against departures that lie more than an hour after the arrival
  --export DIR    writes windows.csv and summary.json, read back after closing and opening the node
  --partitions N  lanes of the log, --shards N  directories they lie in: both fixed when the store is made
  --workers N     threads for pipelines
  --epoch MS      how often state is made durable (default 100)
  --page-rows N   rows that a pipeline reads at a time
  --help

Examples:
  npm start -- --limit 100000
  npm start -- --keep --export out
`

/** Throws a `UsageError` that names the option; null when help was asked for. */
export function startOptions(words: readonly string[]): StartOptions | null {
  const values = parsed(words)
  if (values.help) return null
  const numbers = {
    limit: whole('limit', values.limit),
    partitions: whole('partitions', values.partitions),
    shards: whole('shards', values.shards),
    workers: whole('workers', values.workers),
    epochMs: whole('epoch', values.epoch),
    pageRows: whole('page-rows', values['page-rows']),
  }
  const given = Object.fromEntries(Object.entries(numbers).filter(([, number]) => number !== undefined))
  return {
    data: directory('data', values.data ?? dataByDefault),
    keep: values.keep ?? false,
    raw: values.raw ?? false,
    ...(values.export === undefined ? {} : { export: directory('export', values.export) }),
    ...given,
  }
}

function parsed(words: readonly string[]): ReturnType<typeof parse>['values'] {
  try {
    return parse(words).values
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function parse(words: readonly string[]) {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean' } as const
  return parseArgs({
    args: [...words],
    // prettier-ignore
    options: {
      data: text, keep: flag, limit: text, raw: flag, export: text, partitions: text,
      shards: text, workers: text, epoch: text, 'page-rows': text, help: flag,
    },
  })
}

/** A whole number from 1; `_` may part its digits. */
function whole(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : 0
  if (number < 1 || !Number.isSafeInteger(number)) throw new UsageError(`--${option} must be a whole number from 1, got "${text}"`)
  return number
}

function directory(option: string, text: string): string {
  if (text === '') throw new UsageError(`--${option} must name a directory`)
  return resolve(text)
}
