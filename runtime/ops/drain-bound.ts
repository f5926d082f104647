/** The bound on how long a node that was told to stop may take: what is acknowledged is on disk, so nobody needs to wait without end. */
import type { Logger } from '../../event/logger.ts'

export class DrainBound {
  readonly #drainTimeoutMs: number
  readonly #logger: Logger
  readonly #endAtOnce: () => void
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(drainTimeoutMs: number, { logger, endAtOnce }: { readonly logger: Logger; readonly endAtOnce: () => void }) {
    this.#drainTimeoutMs = drainTimeoutMs
    this.#logger = logger
    this.#endAtOnce = endAtOnce
  }

  /** From the signal on, or from the end of the command; called again, it changes nothing. */
  begin(): void {
    this.#timer ??= setTimeout(() => this.#late(), this.#drainTimeoutMs)
  }

  #late(): void {
    const drainTimeoutMs = this.#drainTimeoutMs
    this.#logger.error(
      { drainTimeoutMs },
      'the node did not close in time and is ended; what was under way is done again when it is opened',
    )
    this.#endAtOnce()
  }

  end(): void {
    clearTimeout(this.#timer)
  }
}
