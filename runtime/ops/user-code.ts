/** How commands run code of users: in a thread that a signal ends, with what it prints as remarks. */
import type { TrialThreadOptions } from '../index.ts'
import type { Call } from './command.ts'

export function threadOptions({ signal, limits, terminal }: Pick<Call, 'signal' | 'limits' | 'terminal'>): TrialThreadOptions {
  return { signal, silentMs: limits.silentWorkerMs, printed: text => terminal.remark(text.trimEnd()) }
}

/** Undefined when a signal came: what then goes wrong is a consequence. */
export async function unlessInterrupted<Answer>(signal: AbortSignal, work: () => Promise<Answer>): Promise<Answer | undefined> {
  try {
    return await work()
  } catch (error) {
    if (signal.aborted) return undefined
    throw error
  }
}
