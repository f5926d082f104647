/** What became of the dead letters of a topology: a fold of their stream, read on from where it was left. */
import { DISCARDED, REPLAYED } from '../actors/dead-letter.ts'
import { isEventStoreError } from '../event/error.ts'
import type { Event } from '../event/event.ts'
import type { EventStore } from '../event/event-store.ts'

export interface Handled {
  readonly status: 'replayed' | 'discarded'
  /** When, ms since the epoch. */
  readonly recorded: number
  readonly reason?: string
}

/** The data of both kinds of events, as far as the book needs it. */
interface HandlingData {
  readonly letter: number
  readonly reason?: string
}

export class LetterBook {
  /** Version of the last event read. */
  version = 0
  readonly #handled = new Map<number, Handled>()

  /** Undefined for a letter that is open, and for what is no letter. */
  handled(letter: number): Handled | undefined {
    return this.#handled.get(letter)
  }

  note({ version, type, recorded }: Pick<Event, 'version' | 'type' | 'recorded'>, data: HandlingData): void {
    if (version <= this.version) return
    this.version = version
    if (type === REPLAYED) this.#handled.set(data.letter, { status: 'replayed', recorded })
    if (type === DISCARDED)
      this.#handled.set(data.letter, { status: 'discarded', recorded, ...(data.reason !== undefined && { reason: data.reason }) })
  }

  /** Reads what has come since. Payloads of the letters themselves are not parsed. */
  async catchUp(log: Pick<EventStore, 'readStream'>, stream: string): Promise<void> {
    try {
      for await (const event of log.readStream<Event<string, unknown>>(stream, { from: this.version + 1, jsonAs: 'bytes' }))
        this.note(event, event.type === REPLAYED || event.type === DISCARDED ? handlingOf(event.data) : { letter: 0 })
    } catch (error) {
      if (!isEventStoreError(error, 'STREAM_NOT_FOUND')) throw error
    }
  }
}

function handlingOf(data: unknown): HandlingData {
  return (data instanceof Uint8Array ? JSON.parse(new TextDecoder().decode(data)) : data) as HandlingData
}
