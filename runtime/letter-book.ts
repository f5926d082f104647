/** What became of the dead letters of a topology: a fold of their stream, read on from where it was left. */
import { DEAD_LETTER, DISCARDED, REPLAYED } from '../actors/dead-letter.ts'
import { isEventStoreError } from '../event/error.ts'
import type { Event } from '../event/event.ts'
import type { EventStore } from '../event/event-store.ts'
import { type LinedLetter, LetterLines } from './letter-lines.ts'

export interface Handled {
  readonly status: 'replayed' | 'discarded'
  /** When, ms since the epoch. */
  readonly recorded: number
  readonly reason?: string
}

/** The data of the events, as far as the book needs it: of a letter its turn, of the others which letter they are about. */
type NotedData = Partial<LinedLetter> & {
  readonly letter?: number
  readonly reason?: string
}

export class LetterBook {
  /** Version of the last event read. */
  version = 0
  /** Of the letters that are open. */
  readonly lines = new LetterLines()
  readonly #handled = new Map<number, Handled>()

  /** Undefined for a letter that is open, and for what is no letter. */
  handled(letter: number): Handled | undefined {
    return this.#handled.get(letter)
  }

  note({ version, type, recorded }: Pick<Event, 'version' | 'type' | 'recorded'>, { letter, reason, ...data }: NotedData): void {
    if (version <= this.version) return
    this.version = version
    if (type === DEAD_LETTER) return this.lines.add(version, data as LinedLetter)
    if (letter === undefined) return
    this.lines.remove(letter)
    if (type === REPLAYED) this.#handled.set(letter, { status: 'replayed', recorded })
    if (type === DISCARDED) this.#handled.set(letter, { status: 'discarded', recorded, ...(reason !== undefined && { reason }) })
  }

  /** Reads what has come since. Letters are parsed only where some wait behind others. */
  async catchUp(log: Pick<EventStore, 'readStream'>, stream: string): Promise<void> {
    try {
      for await (const event of log.readStream<Event<string, unknown>>(stream, { from: this.version + 1, jsonAs: 'bytes' }))
        this.note(event, notedOf(event))
    } catch (error) {
      if (!isEventStoreError(error, 'STREAM_NOT_FOUND')) throw error
    }
  }
}

function notedOf({ type, data }: Event<string, unknown>): NotedData {
  if (!(data instanceof Uint8Array)) return data as NotedData
  const isNeeded =
    type === REPLAYED ||
    type === DISCARDED ||
    (type === DEAD_LETTER && Buffer.from(data.buffer, data.byteOffset, data.length).includes(turnOpening))
  return isNeeded ? (JSON.parse(new TextDecoder().decode(data)) as NotedData) : {}
}

/** As it stands in a letter of a step that keeps them in order; elsewhere only in a payload. */
const turnOpening = '"turn":{'
