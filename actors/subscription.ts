/** Subscriptions: follow to the head, sleep until more is committed, go on. Catch-up and live are the same loop, so there is no gap and no double. */
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { Event } from '../event/event.ts'
import type { SubscribeToAllOptions, SubscribeToStreamOptions } from '../event/event-store.ts'
import { type Place, positionOf } from '../event/position.ts'
import type { Scope } from '../event/scope.ts'
import type { LogView } from '../store/log/log-view.ts'
import { storedEvent } from '../store/log/stored-event.ts'
import { readerOfAll, streamEvents, streamVersion } from './reader.ts'

/** Events after which the event loop gets a turn, however fast the consumer pulls. */
const TURN_EVENTS = 1024

/** What a long-lived read needs beside the log. */
export interface FollowContext {
  readonly view: LogView
  readonly scope: Scope
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

/** What `make` gives, once no shard is being opened again; undefined when the signal aborted before. */
async function whenOpen<T>(context: FollowContext, signal: AbortSignal | undefined, make: () => T): Promise<T | undefined> {
  const { view } = context
  while (!signal?.aborted) {
    context.check()
    const { epoch } = view.horizon
    try {
      return make()
    } catch (error) {
      if (!isEventStoreError(error, 'BUSY')) throw error
      await more(view, epoch, signal)
    }
  }
  return undefined
}

/** `end` is where the log ends at the call, not at the first pull. */
export function followAll(context: FollowContext, options: SubscribeToAllOptions): AsyncGenerator<Event> {
  return followAfter(context, options, options.from === 'end' ? endOf(context.view) : undefined)
}

async function* followAfter(context: FollowContext, options: SubscribeToAllOptions, end: Place | undefined): AsyncGenerator<Event> {
  const { view, scope } = context
  const { signal } = options
  const { from, ...rest } = options
  const wanted = { ...rest, scope, ...(!end && from !== undefined && { from }) }
  const reader = await whenOpen(context, signal, () => readerOfAll(view, wanted, context.pageRows, end).reader)
  if (!reader) return
  let untilTurn = TURN_EVENTS
  while (!signal?.aborted) {
    context.check()
    const { epoch } = view.horizon
    const page = reader.next()
    if (!page) {
      if (!reader.held) options.reached?.(positionOf(reader.head, 0, 0))
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

/** The stream by its stored name. `end` is where it ends at the call, not at the first pull. */
export function followStream(context: FollowContext, stream: string, options: SubscribeToStreamOptions): AsyncGenerator<Event> {
  const { from } = options
  if (from !== 'end') return followFrom(context, stream, options, Math.max(1, from ?? 1))
  try {
    return followFrom(context, stream, options, streamVersion(context.view, stream) + 1)
  } catch (error) {
    if (!isEventStoreError(error, 'BUSY')) throw error
    return followFrom(context, stream, options, null)
  }
}

/** From a version on; null: the end, as soon as it can be read. */
async function* followFrom(
  context: FollowContext,
  stream: string,
  options: SubscribeToStreamOptions,
  from: number | null,
): AsyncGenerator<Event> {
  const { view } = context
  const { signal } = options
  /** The stream may be given another key as long as it has no events. */
  let isFound = false
  let partition = -1
  const jsonAs = options.jsonAs === undefined ? {} : { jsonAs: options.jsonAs }
  let next = from ?? ((await whenOpen(context, signal, () => streamVersion(view, stream))) ?? 0) + 1
  let seen = -1
  let untilTurn = TURN_EVENTS
  while (!signal?.aborted) {
    context.check()
    const { epoch } = view.horizon
    try {
      const holding = isFound ? partition : view.partitionHolding(stream)
      if (holding !== partition) seen = -1
      partition = holding
      const sequence = view.sequenceOf(partition)
      if (sequence !== seen) {
        seen = sequence
        for (const event of streamEvents(view, stream, { from: next, ...jsonAs }, true)) {
          if (signal?.aborted) return
          context.check()
          isFound = true
          next = event.version + 1
          yield event
          if (--untilTurn > 0) continue
          untilTurn = TURN_EVENTS
          await turn()
        }
        continue
      }
    } catch (error) {
      // The shard's worker died and reads its log back in: who follows waits for it.
      if (!isEventStoreError(error, 'BUSY')) throw error
      seen = -1
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
