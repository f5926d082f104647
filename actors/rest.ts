/** A pipeline that has nothing to do rests, until it is woken, its source has more, or its time is over. */
import type { Source } from './source.ts'

export class Rest {
  readonly #source: Pick<Source, 'changed'>
  readonly #failed: (error: unknown) => void
  #wake: (() => void) | undefined
  #isWatching = false

  constructor(source: Pick<Source, 'changed'>, failed: (error: unknown) => void) {
    this.#source = source
    this.#failed = failed
  }

  /** Does nothing to one that is awake. */
  wake(): void {
    this.#wake?.()
  }

  /** `watches`: also until the source has more. One that had something when it was asked has more at once, again and again. */
  async for(restMs: number, { watches }: { readonly watches: boolean }): Promise<void> {
    await new Promise<void>(resolve => {
      const timer = setTimeout(resolve, restMs)
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (watches) this.#watch()
    })
    this.#wake = undefined
  }

  /** One question to the source at a time, however often we rest. */
  #watch(): void {
    if (this.#isWatching) return
    this.#isWatching = true
    const seen = (): void => {
      this.#isWatching = false
      this.wake()
    }
    this.#source.changed().then(seen, (error: unknown) => {
      this.#failed(error)
      seen()
    })
  }
}
