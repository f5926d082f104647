/** The dead letters of a topology as people work with them: look at them, send them back to their step, put them away. */
import { DEAD_LETTER, type DeadLetterData, deadLetterStream } from '../actors/dead-letter.ts'
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { Event, NewEvent, Position } from '../event/event.ts'
import type { AppendAnswer, AppendOptions, EventStore } from '../event/event-store.ts'
import type { Limits } from '../event/limits.ts'
import { checkStreamId } from '../event/stream-id.ts'
import { type Deployment, foldTopology, TOPOLOGY_STREAM } from './deploy/registry.ts'
import type { LetterBook } from './letter-book.ts'
import { LetterHandling } from './letter-handling.ts'

/** `superseded`: of an earlier deployment of the topology, all of whose rows the present one has taken anew. */
export type DeadLetterStatus = 'open' | 'replayed' | 'discarded' | 'superseded'

export interface DeadLetter extends DeadLetterData {
  /** Version of its event in the stream `$dead-letter-<topology>`. */
  readonly id: number
  readonly status: DeadLetterStatus
  /** When it was written, ms since the epoch. */
  readonly recorded: number
  /** When it was last replayed or discarded, ms since the epoch. */
  readonly handled?: number
  /** Why it was discarded. */
  readonly reason?: string
  /** The open letter of the same key that it waits behind; of a step with `inOrder`. */
  readonly behind?: number
}

export interface DeadLetterListOptions {
  /** Default `open`. */
  readonly status?: DeadLetterStatus | 'all'
  readonly step?: string
  readonly limit?: number
  /** Begins behind this one. */
  readonly after?: number
}

/** By id; all that are open; or all that are open of one step. */
export type DeadLetterChoice = number | readonly number[] | 'all' | { readonly step: string }

export interface ReplayOptions {
  /** Columns to replace in each row; null takes one away. */
  readonly set?: Readonly<Record<string, unknown>>
  /** Also those that were replayed or discarded before; only for letters named by id. */
  readonly again?: boolean
}

export interface DiscardOptions {
  readonly reason?: string
  /** As for a replay. */
  readonly again?: boolean
}

export interface HandledLetters {
  /** How many of those chosen; without those that somebody else has handled meanwhile. */
  readonly letters: number
  /** How many waited behind them and were replayed with them, in order. */
  readonly followers: number
  /** Open ones that stay open: of `all` or a step those that can not be replayed, and those that wait behind one that can not. */
  readonly skipped: number
  /** How many more have come to wait behind them meanwhile, as far as they are in the log: replay those, too. */
  readonly waiting: number
  /** Of the last event written; the topology has taken the rows when it is past this. Null when there was none. */
  readonly position: Position | null
}

export interface DeadLetters {
  /** In the order of their ids. NOT_FOUND at the first read when there is no such topology. */
  list(options?: DeadLetterListOptions): AsyncIterable<DeadLetter>
  /** NOT_FOUND when no letter has this id. */
  show(id: number): Promise<DeadLetter>
  /**
   * Writes the rows into the log for the topology to take again, each at its step. NOT_FOUND for an id that is no letter's; INVALID for one that
   * was handled before, is not replayable, is of another deployment or waits behind one that is not chosen, and when the topology does not follow
   * the log. Then nothing was written. What waits behind the letters chosen goes with them.
   */
  replay(choice: DeadLetterChoice, options?: ReplayOptions): Promise<HandledLetters>
  /** Puts them away. What waits behind them alone is replayed, if the topology takes rows. */
  discard(choice: DeadLetterChoice, options?: DiscardOptions): Promise<HandledLetters>
}

export interface DeadLettersParts {
  readonly topology: string
  readonly log: Pick<EventStore, 'readStream'>
  /** Appends for the system. */
  readonly append: (stream: string, events: readonly NewEvent[], options: AppendOptions) => Promise<AppendAnswer>
  readonly limits: Limits
  /** What is known already of the topology's letters. */
  readonly book: LetterBook
}

/** Letters that lie no further apart are read with what is between them. */
const gapMax = 8

const statuses: readonly unknown[] = ['open', 'replayed', 'discarded', 'superseded', 'all']

export function deadLettersOf(parts: DeadLettersParts): DeadLetters {
  const reader = new LetterReader(parts)
  const handling = new LetterHandling(parts, reader)
  return {
    list(options = {}) {
      checkList(options)
      return reader.list(options)
    },
    show: id => reader.show(id),
    replay: (choice, options = {}) => handling.replay(choice, options),
    discard: (choice, options = {}) => handling.discard(choice, options),
  }
}

function checkList({ status, step, limit, after }: DeadLetterListOptions): void {
  if (status !== undefined && !statuses.includes(status)) throw invalid('status', `status must be one of ${statuses.join(', ')}`)
  if (step !== undefined && typeof step !== 'string') throw invalid('step', 'step must be the id of a step')
  for (const [field, value] of Object.entries({ limit, after }))
    if (value !== undefined && !(Number.isSafeInteger(value) && value >= 0)) throw invalid(field, `${field} must be a whole number from 0`)
}

export function invalid(field: string, message: string): EventStoreError {
  return new EventStoreError('INVALID', message, { field })
}

/** Reads the stream, and tells of each letter what has become of it. */
export class LetterReader {
  readonly topology: string
  readonly stream: string
  readonly book: LetterBook
  readonly #log: DeadLettersParts['log']

  constructor({ topology, log, limits, book }: DeadLettersParts) {
    this.topology = topology
    this.stream = deadLetterStream(topology)
    checkStreamId(this.stream, limits)
    this.book = book
    this.#log = log
  }

  async *list({ status = 'open', step, limit = Number.POSITIVE_INFINITY, after = 0 }: DeadLetterListOptions): AsyncGenerator<DeadLetter> {
    const deployment = await this.known()
    let left = limit
    for await (const letter of this.letters(deployment, { from: after + 1 })) {
      if (left <= 0) return
      if ((status !== 'all' && letter.status !== status) || (step !== undefined && letter.step !== step)) continue
      left--
      yield letter
    }
  }

  async show(id: number): Promise<DeadLetter> {
    return this.named(id, await this.known())
  }

  async named(id: number, deployment: Deployment | undefined): Promise<DeadLetter> {
    if (!Number.isSafeInteger(id) || id < 1) throw invalid('id', `the id of a dead letter is a whole number from 1, not ${String(id)}`)
    for await (const letter of this.letters(deployment, { from: id, to: id })) return letter
    throw new EventStoreError('NOT_FOUND', `topology ${this.topology} has no dead letter ${id}`, { topology: this.topology, id })
  }

  /** Those of these ids, in their order; neighbours are read at once. */
  async *these(ids: readonly number[], deployment: Deployment | undefined): AsyncGenerator<DeadLetter> {
    for (let at = 0; at < ids.length;) {
      let end = at + 1
      while (end < ids.length && ids[end]! > ids[end - 1]! && ids[end]! - ids[end - 1]! <= gapMax) end++
      const wanted = new Set(ids.slice(at, end))
      for await (const letter of this.letters(deployment, { from: ids[at]!, to: ids[end - 1]! })) if (wanted.has(letter.id)) yield letter
      at = end
    }
  }

  /** What is deployed now under the name, with the book read to the end. NOT_FOUND when nothing is and nothing was. */
  async known(): Promise<Deployment | undefined> {
    await this.catchUp()
    const deployed = new Map<string, Deployment>()
    for await (const event of this.#events(TOPOLOGY_STREAM, {})) foldTopology(deployed, event)
    const deployment = deployed.get(this.topology)
    if (deployment === undefined && this.book.version === 0)
      throw new EventStoreError('NOT_FOUND', `there is no topology ${JSON.stringify(this.topology)}`, { topology: this.topology })
    return deployment
  }

  catchUp(): Promise<void> {
    return this.book.catchUp(this.#log, this.stream)
  }

  async *letters(deployment: Deployment | undefined, range: { from: number; to?: number }): AsyncGenerator<DeadLetter> {
    for await (const event of this.#events(this.stream, range)) if (event.type === DEAD_LETTER) yield this.#letter(event, deployment)
  }

  async *#events(stream: string, range: { from?: number; to?: number }): AsyncGenerator<Event> {
    try {
      yield* this.#log.readStream<Event>(stream, range)
    } catch (error) {
      if (!isEventStoreError(error, 'STREAM_NOT_FOUND')) throw error
    }
  }

  #letter({ version: id, recorded, data }: Event, deployment: Deployment | undefined): DeadLetter {
    // Letters of earlier versions of the product hold less, and too little to be replayed.
    const letter = data as DeadLetterData
    const handled = this.book.handled(id)
    const isOld = deployment !== undefined && letter.deployment !== undefined && letter.deployment !== deployment.deployment
    const behind = this.book.lines.before(id)
    return {
      ...letter,
      replayable: letter.replayable === true,
      id,
      recorded,
      status: handled?.status ?? (isOld ? 'superseded' : 'open'),
      ...(handled && { handled: handled.recorded }),
      ...(handled?.reason !== undefined && { reason: handled.reason }),
      ...(behind !== undefined && !isOld && { behind }),
    }
  }
}
