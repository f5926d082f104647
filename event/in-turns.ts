/** Long work that is cut into steps, so that others get their turn. */

/** Runs a walk to its end with a turn of the event loop between its steps; behind each turn `check` may throw, when nobody wants the answer any more. */
export async function inTurns<Answer>(walk: Iterator<unknown, Answer, undefined>, check?: () => void): Promise<Answer> {
  for (;;) {
    const step = walk.next()
    if (step.done) return step.value
    await new Promise(resolve => setImmediate(resolve))
    check?.()
  }
}
