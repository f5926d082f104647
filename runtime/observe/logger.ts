/** The log of a process: one line of JSON for each thing that happens, made by pino. */
import type { Logger } from '../../event/logger.ts'

export const logLevels = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export interface LoggerOptions {
  /** What is less important than this is left out. */
  readonly level: LogLevel
  /** Takes each line with its newline. */
  readonly write: (line: string) => void
}

/** Loaded when it is asked for: a program that only embeds a store does without. */
export async function openLogger({ level, write }: LoggerOptions): Promise<Logger> {
  const { pino } = await import('pino')
  const formatters = { level: (label: string) => ({ level: label }) }
  const logger: Logger = pino({ level, formatters, timestamp: pino.stdTimeFunctions.isoTime }, { write })
  return logger
}
