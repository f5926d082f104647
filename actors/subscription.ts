/** Subscriptions: follow to the head, sleep until more is committed, go on. Catch-up and live are the same loop, so there is no gap and no double. */
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { Event } from '../event/event.ts'
import type { SubscribeToAllOptions, SubscribeToStreamOptions } from '../event/event-store.ts'
import type { Place } from '../event/position.ts'
import type { LogView } from '../store/log/log-view.ts'
import { storedEvent } from '../store/log/stored-event.ts'
import { readerOfAll, streamEvents, streamVersion } from './reader.ts'

/** Events after which the event loop gets a turn, however fast the consumer pulls. */
const TURN_EVENTS = 1024

/** What a long-lived read needs beside the log. */
export interface FollowContext {
  readonly view: LogView
  readonly pageRows: number
  /** Throws CLOSED once the node is closing. */
  check(): void
}

export const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

/** Resolves when something was committed, the signal aborted, or a second went by. */
async function more(view: LogView, epoch: number, signal: AbortSignal | undefined): Promise<void> {
  if (signal?.aborted) return
  let stop!: () => void
  const aborted = new Promise<void>(resolve => {
    stop = resolve
  })
  signal?.addEventListener('abort', stop, { once: true })
  await Promise.race([view.horizon.changed(epoch), aborted])
  signal?.removeEventListener('abort', stop)
}

/** The end of the log now, as a place that everything to come is after. */
function endOf(view: LogView): Place {
  return { stamp: view.horizon.stamp - 1, partition: 0xffff, sequence: Number.MAX_SAFE_INTEGER }
}

export async function* followAll(context: FollowContext, options: SubscribeToAllOptions): AsyncGenerator<Event> {
  const { view } = context
  const { signal } = options
  const { from, ...rest } = options
  const { reader } =
    from === 'end'
      ? readerOfAll(view, rest, context.pageRows, endOf(view))
      : readerOfAll(view, { ...rest, ...(from === undefined ? {} : { from }) }, context.pageRows)
  let untilTurn = TURN_EVENTS
  while (!signal?.aborted) {
    context.check()
    const { epoch } = view.horizon
    const page = reader.next()
    if (!page) {
      await more(view, epoch, signal)
      continue
    }
    for (let i = 0; i < page.count; i++) {
      if (signal?.aborted) return
      context.check()
      yield storedEvent(page.blocks[page.block[i]!]!, page.row[i]!, view.storeId, options)
      if (--untilTurn > 0) continue
      untilTurn = TURN_EVENTS
      await turn()
    }
  }
}

export async function* followStream(context: FollowContext, stream: string, options: SubscribeToStreamOptions): AsyncGenerator<Event> {
  const { view } = context
  const { signal } = options
  const partition = view.partitionOf(stream)
  const jsonAs = options.jsonAs === undefined ? {} : { jsonAs: options.jsonAs }
  let next = options.from === 'end' ? streamVersion(view, stream) + 1 : Math.max(1, options.from ?? 1)
  let seen = -1
  let untilTurn = TURN_EVENTS
  while (!signal?.aborted) {
    context.check()
    const { epoch } = view.horizon
    const sequence = view.sequenceOf(partition)
    if (sequence !== seen) {
      seen = sequence
      try {
        for (const event of streamEvents(view, stream, { from: next, ...jsonAs }, true)) {
          if (signal?.aborted) return
          context.check()
          next = event.version + 1
          yield event
          if (--untilTurn > 0) continue
          untilTurn = TURN_EVENTS
          await turn()
        }
        continue
      } catch (error) {
        // The shard's worker died and reads its log back in: who follows waits for it.
        if (!isEventStoreError(error, 'BUSY')) throw error
        seen = -1
      }
    }
    await more(view, epoch, signal)
  }
}

/** Checks the options of a subscription at the call. */
export function checkFrom(from: unknown, kind: 'version' | 'position'): void {
  if (from === undefined || from === 'end') return
  if (kind === 'version' && !(Number.isSafeInteger(from) && (from as number) >= 0))
    throw new EventStoreError('INVALID', `from must be a version or "end", got ${JSON.stringify(from)}`, { field: 'from' })
}
