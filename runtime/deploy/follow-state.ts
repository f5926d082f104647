/**
 * A subscription to a projection: the rows that are there, then those that change, each as it stands when it is read. Only keys wait for a slow reader,
 * each of them once; what a row holds is looked up when its turn comes.
 */
import { rowKeyBytes, rowKeyText } from '../../actors/projection.ts'
import { EventStoreError } from '../../event/error.ts'
import type { StateChange, StateSubscribeOptions } from '../../event/projections.ts'
import { decodeRowKey } from '../../store/row-key.ts'
import type { StateFollower } from './state-subscriptions.ts'

/** Rows after which the event loop gets a turn. */
const TURN_ROWS = 1024
/** Rows that are not known to be durable are looked at again when there are so many. */
const UNDURABLE_MAX = 4096

/** A row as it stands; its value is undefined when there is none. */
export interface RowNow {
  readonly value: unknown
  readonly position: StateChange['position']
  readonly durable: boolean
}

export interface FollowStateParts {
  readonly options: StateSubscribeOptions
  readonly limitKeys: number
  readonly look: (key: readonly unknown[]) => Promise<RowNow>
  /** The rows that are there, at least as new as the position says. */
  readonly list: (prefix: readonly unknown[]) => {
    readonly position: StateChange['position']
    readonly rows: AsyncIterable<Omit<StateChange, 'position'>>
  }
  /** From now on the follower is told; resolves with the keys of rows that are folded and not durable. Throws NOT_FOUND or CLOSED. */
  readonly begin: (follower: StateFollower) => Promise<readonly string[]>
  readonly end: (follower: StateFollower) => void
}

/** Checks the options at the call. */
export function followState(parts: FollowStateParts): AsyncGenerator<StateChange> {
  const { key, prefix } = parts.options
  if (key !== undefined && prefix !== undefined)
    throw new EventStoreError('INVALID', 'a subscription follows a key or a prefix of keys, not both', { field: 'prefix' })
  if (prefix !== undefined && !Array.isArray(prefix))
    throw new EventStoreError('INVALID', 'prefix must be a list of the first elements of keys', { field: 'prefix' })
  return follow(parts, new Changes(parts))
}

async function* follow(parts: FollowStateParts, changes: Changes): AsyncGenerator<StateChange> {
  const { options, look, begin, end } = parts
  const { key, prefix = [], signal } = options
  const stop = (): void => changes.wake()
  signal?.addEventListener('abort', stop)
  try {
    if (signal?.aborted) return
    changes.mayBeLost(await begin(changes))
    if (key === undefined) {
      const { position, rows } = parts.list(prefix)
      for await (const row of rows) {
        changes.check()
        if (signal?.aborted) return
        yield { ...row, position }
      }
    } else changes.changed([rowKeyText(elements(key))], true)
    let untilTurn = TURN_ROWS
    for (;;) {
      const keyText = await changes.next(signal)
      if (keyText === undefined) return
      const changed = decodeRowKey(rowKeyBytes(keyText))
      const { value, position, durable } = await look(changed)
      changes.check()
      if (!durable) changes.mayBeLost([keyText])
      // Whoever follows one key is not told that it is not there at first.
      const isFirst = changes.isFirst(keyText)
      if (value !== undefined || !isFirst) yield { key: changed, value, position }
      if (--untilTurn > 0) continue
      untilTurn = TURN_ROWS
      await new Promise<void>(resolve => void setImmediate(resolve))
      if (changes.undurable > UNDURABLE_MAX) await changes.settle(look)
    }
  } finally {
    signal?.removeEventListener('abort', stop)
    end(changes)
  }
}

export function elements(key: unknown): readonly unknown[] {
  return Array.isArray(key) ? key : [key]
}

/** Bytes that begin alike are no proof: a text may go on behind what looks like its end. */
function isBelow(prefix: readonly unknown[]): (keyText: string) => boolean {
  const wanted = rowKeyText(prefix)
  return keyText => keyText.startsWith(wanted) && rowKeyText(decodeRowKey(rowKeyBytes(keyText)).slice(0, prefix.length)) === wanted
}

/** Keys that wait for the reader. */
class Changes implements StateFollower {
  readonly #parts: FollowStateParts
  readonly #isWanted: (keyText: string) => boolean
  readonly #waiting = new Set<string>()
  /** Of rows that the reader was told of and that may vanish. */
  readonly #undurable = new Set<string>()
  #first: string | undefined
  #failure: EventStoreError | undefined
  #wake: (() => void) | undefined

  constructor(parts: FollowStateParts) {
    const { key, prefix = [] } = parts.options
    this.#parts = parts
    const wanted = key === undefined ? undefined : rowKeyText(elements(key))
    const isInPrefix = isBelow(prefix)
    this.#isWanted = wanted === undefined ? (prefix.length === 0 ? () => true : isInPrefix) : keyText => keyText === wanted
  }

  changed(keys: readonly string[], isFirst = false): void {
    if (isFirst) this.#first = keys[0]
    for (const key of keys) if (this.#isWanted(key)) this.#waiting.add(key)
    const { limitKeys } = this.#parts
    if (this.#waiting.size > limitKeys) {
      this.#waiting.clear()
      const message = `more than ${limitKeys} rows have changed since the subscription was read last; begin it anew`
      this.ended(new EventStoreError('BUSY', message, { limit: 'stateChanges' }))
    }
    if (this.#waiting.size > 0) this.wake()
  }

  lost(): void {
    this.changed([...this.#undurable])
    this.#undurable.clear()
  }

  ended(error: EventStoreError): void {
    this.#failure ??= error
    this.wake()
  }

  check(): void {
    if (this.#failure) throw this.#failure
  }

  wake(): void {
    this.#wake?.()
  }

  mayBeLost(keys: readonly string[]): void {
    for (const key of keys) if (this.#isWanted(key)) this.#undurable.add(key)
  }

  get undurable(): number {
    return this.#undurable.size
  }

  /** True once, for the key that a subscription to a single one begins with. */
  isFirst(keyText: string): boolean {
    const isFirst = this.#first === keyText
    this.#first = undefined
    return isFirst
  }

  /** Forgets the rows that are durable by now. */
  async settle(look: FollowStateParts['look']): Promise<void> {
    for (const keyText of [...this.#undurable]) {
      // Deleted rows are among them, and those that are not hot any more.
      const { durable } = await look(decodeRowKey(rowKeyBytes(keyText)))
      if (durable) this.#undurable.delete(keyText)
    }
  }

  /** The key that has waited longest; undefined when the signal says stop. */
  async next(signal: AbortSignal | undefined): Promise<string | undefined> {
    for (;;) {
      this.check()
      if (signal?.aborted) return undefined
      for (const key of this.#waiting) {
        this.#waiting.delete(key)
        return key
      }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
      this.#wake = undefined
    }
  }
}
