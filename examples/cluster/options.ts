/** The options of the example, read and checked before anything starts. */
import { parseArgs } from 'node:util'

export interface ClusterExampleOptions {
  /** Flights that are imported. */
  readonly events: number
  readonly kills: number
  /** Of the schedule of kills: the same number kills the same nodes at the same flights. */
  readonly seed: number
  /** The directories stay. */
  readonly keep: boolean
}

/** A mistake of the person at the keyboard: said in one sentence, exit code 2. */
export class UsageError extends Error {}

export const usage = `node examples/cluster/start.ts [options]: three nodes take in flights while they are killed, and are compared

  --events N   flights to import (300,000)
  --kills N    how often a node is killed meanwhile (6)
  --seed N     of the schedule of kills (1)
  --keep       leaves the directories of servers and nodes
  --help
`

/** Throws a `UsageError`; null when help was asked for. */
export function optionsOf(words: readonly string[]): ClusterExampleOptions | null {
  const values = parsed(words)
  if (values.help) return null
  return {
    events: whole('events', values.events ?? '300000', 1),
    kills: whole('kills', values.kills ?? '6', 0),
    seed: whole('seed', values.seed ?? '1', 0),
    keep: values.keep ?? false,
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
  return parseArgs({ args: [...words], options: { events: text, kills: text, seed: text, keep: flag, help: flag } })
}

function whole(option: string, text: string, least: number): number {
  const number = /^\d[\d_,]*$/.test(text) ? Number(text.replaceAll(/[_,]/g, '')) : -1
  if (number < least || !Number.isSafeInteger(number))
    throw new UsageError(`--${option} must be a whole number from ${least}, got "${text}"`)
  return number
}
