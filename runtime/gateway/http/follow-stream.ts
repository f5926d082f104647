/** Pours a follow into a socket: pulled only when what was written is read, with a word of where it stands at least each second. */
import { isEventStoreError } from '../../../event/error.ts'
import type { Event, Position } from '../../../event/event.ts'
import { JsonChunk } from '../codec/event-json.ts'
import type { Session } from '../session.ts'
import type { HttpLimits } from './limits.ts'
import type { Outlet } from './outlet.ts'
import { failureOf } from './problem.ts'

/** How events and what stands between them are written. */
export interface FollowFormat {
  /** Before the first event. */
  readonly opening: string
  event(chunk: JsonChunk, event: Event, of: 'stream' | 'all'): void
  position(position: Position): string
  readonly idle: string
  failure(error: object): string
}

export const linesFormat: FollowFormat = {
  opening: '',
  event(chunk, event) {
    chunk.event(event, true)
    chunk.text('\n')
  },
  position: position => `${JSON.stringify({ position })}\n`,
  idle: '\n',
  failure: error => `${JSON.stringify({ error })}\n`,
}

/** An `id` without data moves the place where a browser resumes and hands nothing to the page. */
export const eventStreamFormat: FollowFormat = {
  opening: 'retry: 1000\n\n',
  event(chunk, event, of) {
    chunk.text(`id: ${of === 'stream' ? event.version : event.position}\ndata: `)
    chunk.event(event, true)
    chunk.text('\n\n')
  },
  position: position => `id: ${position}\n\n`,
  idle: ':\n\n',
  failure: error => `event: error\ndata: ${JSON.stringify(error)}\n\n`,
}

export interface PourOptions {
  readonly out: Outlet
  readonly format: FollowFormat
  readonly of: 'stream' | 'all'
  readonly signal: AbortSignal
  /** How far the follow is without an event; taken when it is written. */
  readonly reached: { position: Position | null }
  readonly limits: HttpLimits
  readonly session: Session
}

/** Ends when the signal aborts, and after the word for what failed. */
export async function pour(events: AsyncIterable<Event>, options: PourOptions): Promise<void> {
  const { out, format, of, signal, reached, limits, session } = options
  const chunk = new JsonChunk()
  let flushing: NodeJS.Immediate | null = null
  let silentMs = 0
  const flush = async (): Promise<void> => {
    clearImmediate(flushing ?? undefined)
    flushing = null
    if (chunk.length === 0) return
    silentMs = 0
    session.quota.take('read', { bytes: chunk.length })
    await out.write(chunk.take())
  }
  const flushSoon = (): void => {
    flushing ??= setImmediate(() => void flush().catch(() => undefined))
  }
  // While nobody reads, there is nothing to say.
  const beat = setInterval(() => {
    silentMs += limits.followPositionMs
    if (out.isBlocked || chunk.length > 0) return
    if (reached.position !== null) chunk.text(format.position(reached.position))
    else if (silentMs >= limits.followIdleMs) chunk.text(format.idle)
    reached.position = null
    flushSoon()
  }, limits.followPositionMs)
  try {
    chunk.text(format.opening)
    await flush()
    for await (const event of events) {
      reached.position = null
      format.event(chunk, event, of)
      session.quota.take('read', { events: 1 })
      if (chunk.isFull || out.isBlocked) await flush()
      else flushSoon()
      if (signal.aborted || out.isClosed) break
    }
  } catch (error) {
    // A node that closes ends its follows; that is no failure.
    if (!signal.aborted && !isEventStoreError(error, 'CLOSED')) chunk.text(format.failure(failureOf(error).toJSON()))
  } finally {
    clearInterval(beat)
    clearImmediate(flushing ?? undefined)
  }
  await out.write(chunk.take())
}
