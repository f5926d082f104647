/** Where a node writes down what happens to it: levels, facts, a sentence. A pino logger is one. */

/** `facts` are plain data with names that do not change; an `Error` goes under `err`. */
export type Log = (facts: Readonly<Record<string, unknown>>, sentence: string) => void

export interface Logger {
  readonly debug: Log
  readonly info: Log
  readonly warn: Log
  readonly error: Log
}

const nothing: Log = () => undefined

export const silentLogger: Logger = { debug: nothing, info: nothing, warn: nothing, error: nothing }
