/** Writes what is done with dead letters: in few appends, and with each letter only once however many are at it. */
import type { DiscardedData, ReplayedData } from '../actors/dead-letter.ts'
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { NewEvent, Position } from '../event/event.ts'
import { recordedOf } from '../event/stamp.ts'
import type { DeadLettersParts, LetterReader } from './dead-letters.ts'

/** Events of one append, and about how many bytes of them. */
const appendEvents = 256
const appendBytes = 1024 * 1024

export interface LetterDeed {
  readonly letter: number
  readonly event: NewEvent<string, ReplayedData | DiscardedData>
  /** What to do when it turns out to be handled already. */
  readonly ifHandled: 'refuse' | 'leave' | 'repeat'
  /** Nobody chose it: it goes with the one it waits behind. */
  readonly isFollower: boolean
}

export class LetterAppends {
  letters = 0
  followers = 0
  position: Position | null = null
  readonly #parts: DeadLettersParts
  readonly #reader: LetterReader
  readonly #eventsMax: number
  readonly #bytesMax: number
  #deeds: LetterDeed[] = []
  #sizes: number[] = []

  constructor(parts: DeadLettersParts, reader: LetterReader) {
    this.#parts = parts
    this.#reader = reader
    this.#eventsMax = Math.min(appendEvents, parts.limits.requestEvents)
    this.#bytesMax = Math.min(appendBytes, parts.limits.requestBytes)
  }

  /** Written behind those added before, when there are enough for an append. */
  async add(deed: LetterDeed): Promise<void> {
    this.#deeds.push(deed)
    this.#sizes.push(Buffer.byteLength(JSON.stringify(deed.event.data)))
    if (this.#fitting < this.#deeds.length || this.#deeds.length >= this.#eventsMax) await this.#append(this.#take())
  }

  async end(): Promise<void> {
    while (this.#deeds.length > 0) await this.#append(this.#take())
  }

  /** How many of the first fit into one append; at least one. */
  get #fitting(): number {
    let [count, bytes] = [0, 0]
    while (count < Math.min(this.#deeds.length, this.#eventsMax)) {
      bytes += this.#sizes[count]!
      if (count > 0 && bytes > this.#bytesMax) break
      count++
    }
    return count
  }

  #take(): LetterDeed[] {
    const count = this.#fitting
    this.#sizes.splice(0, count)
    return this.#deeds.splice(0, count)
  }

  /** Others may be at the same letters: what they have handled meanwhile is refused when it was named, and left to them when not. */
  async #append(deeds: readonly LetterDeed[]): Promise<void> {
    const { book, stream, topology } = this.#reader
    for (;;) {
      const left = deeds.filter(({ letter, ifHandled }) => ifHandled === 'repeat' || book.handled(letter) === undefined)
      const refused = deeds.find(deed => deed.ifHandled === 'refuse' && !left.includes(deed))
      if (refused) throw handledBefore(topology, refused.letter, book.handled(refused.letter)!.status)
      if (left.length === 0) return
      const events = left.map(({ event }) => event)
      try {
        const answer = await this.#parts.append(stream, events, { expectedVersion: book.version })
        if (answer.duplicate) return
        const recorded = recordedOf(answer.stamp)
        for (const [index, { type, data }] of events.entries()) book.note({ version: answer.firstVersion + index, type, recorded }, data)
        this.followers += left.filter(({ isFollower }) => isFollower).length
        this.letters += left.filter(({ isFollower }) => !isFollower).length
        this.position = answer.position
        return
      } catch (error) {
        // The topology itself writes here, as long as rows die.
        if (!isEventStoreError(error, 'WRONG_EXPECTED_VERSION')) throw error
      }
      await new Promise<void>(resolve => void setImmediate(resolve))
      await this.#reader.catchUp()
    }
  }
}

export function handledBefore(topology: string, id: number, status: string): EventStoreError {
  const message = `topology ${topology}: dead letter ${id} was ${status} before; say again: true to do it again`
  return new EventStoreError('INVALID', message, { topology, id })
}
