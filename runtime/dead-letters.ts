/** The dead letters of a topology as people work with them: look at them, send them back to their step, put them away. */
import { DEAD_LETTER, type DeadLetterData, deadLetterStream } from '../actors/dead-letter.ts'
import type { DeadLetter, DeadLetterListOptions, DeadLetters } from '../event/dead-letters.ts'
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { Event, NewEvent } from '../event/event.ts'
import type { AppendAnswer, AppendOptions, EventStore } from '../event/event-store.ts'
import type { Limits } from '../event/limits.ts'
import { checkStreamId } from '../event/stream-id.ts'
import { type Deployment, foldTopology, TOPOLOGY_STREAM } from './deploy/registry.ts'
import type { LetterBook } from './letter-book.ts'
import { LetterHandling } from './letter-handling.ts'

export type {
  DeadLetter,
  DeadLetterChoice,
  DeadLetterListOptions,
  DeadLetters,
  DeadLetterStatus,
  DiscardOptions,
  HandledLetters,
  ReplayOptions,
} from '../event/dead-letters.ts'

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
