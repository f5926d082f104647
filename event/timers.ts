/** The door to waiting, beside the clock: so that a simulator can own when things happen. */
export interface Timers {
  /** Calls once after `ms`; the answer stops it. Does not keep a process alive by itself. */
  after(ms: number, call: () => void): () => void
}

export const systemTimers: Timers = {
  after: (ms, call) => {
    const timer = setTimeout(call, ms)
    timer.unref?.()
    return () => clearTimeout(timer)
  },
}

/** Resolves after `ms`. */
export function sleep(timers: Timers, ms: number): Promise<void> {
  return new Promise(resolve => timers.after(ms, resolve))
}
