/** What a read waits for before it looks at the log: a position of an earlier answer, or what the leaders had when it was called. */
import { systemClock } from '../event/clock.ts'
import { EventStoreError } from '../event/error.ts'
import type { Position } from '../event/event.ts'
import type { Limits } from '../event/limits.ts'
import { placeOf } from '../event/position.ts'
import type { FreshnessOptions } from '../event/read-level.ts'
import type { LogView } from '../store/log/log-view.ts'

/** In a cluster: what others lead. */
export interface Freshness {
  /**
   * Resolves when this node has what the leaders of these partitions had committed at the call; for `all`, when the order of all has passed it, too.
   * NOT_LEADER or UNREACHABLE when that can not be found out in time.
   */
  leader(partitions: readonly number[] | 'all'): Promise<void>
  /** Somebody reads all partitions in their order, so that idle ones are closed. The answer ends it. */
  readsAll(): () => void
}

/** What is read: a stream by its stored name, partitions, or all in their order. */
export type WhatIsRead = { readonly stream: string } | { readonly partitions: readonly number[] } | 'all'

export interface FreshReadsParts {
  readonly view: LogView
  readonly limits: Limits
  /** Undefined on a node that stands alone. */
  readonly freshness: Freshness | undefined
  /** Throws CLOSED. */
  readonly check: () => void
}

export class FreshReads {
  readonly #parts: FreshReadsParts

  constructor(parts: FreshReadsParts) {
    this.#parts = parts
  }

  /** Null when nothing is to be waited for. */
  wait({ level, atLeast }: FreshnessOptions, what: WhatIsRead): Promise<void> | null {
    const isLed = this.#parts.freshness !== undefined && (level ?? (atLeast === undefined ? 'leader' : 'any')) === 'leader'
    return isLed || atLeast !== undefined ? this.#waited(atLeast, what, isLed ? what : null) : null
  }

  /** A read that begins at the end of what is named here; null for one that begins elsewhere. */
  fromEnd<Item>(read: () => AsyncIterable<Item>, what: WhatIsRead | null): AsyncIterable<Item> {
    const { freshness } = this.#parts
    return freshness && what ? after(() => this.#led(freshness, what), read) : read()
  }

  /** A read of all partitions in their order, for as long as it goes on. */
  inOrder<Item>(read: () => AsyncIterable<Item>, fromEnd: boolean): AsyncIterable<Item> {
    const { freshness } = this.#parts
    return freshness ? counted(read, { freshness, fromEnd }) : read()
  }

  async #waited(atLeast: Position | undefined, what: WhatIsRead, led: WhatIsRead | null): Promise<void> {
    if (atLeast !== undefined) await this.#reached(atLeast, what === 'all')
    if (led !== null) await this.#led(this.#parts.freshness!, led)
  }

  async #led(freshness: Freshness, what: WhatIsRead): Promise<void> {
    if (what === 'all') return freshness.leader('all')
    if ('partitions' in what) return freshness.leader(what.partitions)
    const { view } = this.#parts
    // Whether a key was claimed for it is known where the stream is at home.
    const home = view.partitionOf(what.stream)
    await freshness.leader([home])
    const holding = view.partitionHolding(what.stream)
    if (holding !== home) await freshness.leader([holding])
  }

  /** Waits until a position can be read; UNREACHABLE when that takes longer than an append may. */
  async #reached(position: Position, inOrder: boolean): Promise<void> {
    const end = inOrder ? this.#parts.freshness?.readsAll() : undefined
    await this.#passed(position, inOrder).finally(end)
  }

  /** `inOrder`: in the order of all, which in a cluster may be behind its partitions. */
  async #passed(position: Position, inOrder: boolean): Promise<void> {
    const { view, limits, check, freshness } = this.#parts
    const { stamp, partition, sequence } = placeOf(position)
    if (partition >= view.partitions) throw new EventStoreError('INVALID', `position ${position} is of another store`, { field: 'atLeast' })
    const deadline = systemClock.monotonic() + limits.commitTimeoutMs
    for (;;) {
      check()
      const { epoch } = view.horizon
      if (view.sequenceOf(partition) >= sequence && (view.horizon.stamp > stamp || (freshness && !inOrder))) return
      const left = deadline - systemClock.monotonic()
      if (left <= 0)
        throw new EventStoreError('UNREACHABLE', `position ${position} was not reached in ${limits.commitTimeoutMs} ms`, { position })
      await view.horizon.changed(epoch, Math.min(left, 1000))
    }
  }
}

/** What is here may be long before the end. */
async function* after<Item>(known: () => Promise<void>, read: () => AsyncIterable<Item>): AsyncGenerator<Item> {
  await known()
  yield* read()
}

async function* counted<Item>(
  read: () => AsyncIterable<Item>,
  { freshness, fromEnd }: { freshness: Freshness; fromEnd: boolean },
): AsyncGenerator<Item> {
  const end = freshness.readsAll()
  try {
    // The end of the order as it is here may be long before what others have by now.
    if (fromEnd) await freshness.leader('all')
    yield* read()
  } finally {
    end()
  }
}
