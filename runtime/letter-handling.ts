/** Sends dead letters back to their steps, or puts them away: events in the stream of the letters, each only once. */
import { DISCARDED, type DiscardedData, REPLAYED, type ReplayedData, replayOf } from '../actors/dead-letter.ts'
import { plainOf } from '../actors/dead-letter-json.ts'
import { EventStoreError, isEventStoreError } from '../event/error.ts'
import type { NewEvent, Position } from '../event/event.ts'
import { recordedOf } from '../event/stamp.ts'
import type {
  DeadLetter,
  DeadLetterChoice,
  DeadLettersParts,
  DiscardOptions,
  HandledLetters,
  LetterReader,
  ReplayOptions,
} from './dead-letters.ts'
import type { Deployment } from './deploy/registry.ts'

/** Events of one append, and about how many bytes of them. */
const appendEvents = 256
const appendBytes = 1024 * 1024
const reasonLengthMax = 2000

/** What is done with a letter. */
interface Deed {
  readonly again: boolean
  /** Why it can not be done with this one. */
  refusal(letter: DeadLetter): EventStoreError | undefined
  event(letter: DeadLetter): NewEvent<string, ReplayedData | DiscardedData>
}

interface Appended {
  readonly letters: number
  readonly position: Position
}

/** What several appends have done. */
class Done {
  #letters = 0
  #position: Position | null = null

  add(appended: Appended | undefined): void {
    this.#letters += appended?.letters ?? 0
    this.#position = appended?.position ?? this.#position
  }

  answer(skipped: number): HandledLetters {
    return { letters: this.#letters, skipped, position: this.#position }
  }
}

export class LetterHandling {
  readonly #parts: DeadLettersParts
  readonly #reader: LetterReader

  constructor(parts: DeadLettersParts, reader: LetterReader) {
    this.#parts = parts
    this.#reader = reader
  }

  async replay(choice: DeadLetterChoice, { set, again = false }: ReplayOptions): Promise<HandledLetters> {
    checkChoice(choice, again)
    const patch = checkedPatch(set)
    const deployment = await this.#reader.known()
    const refusal = this.#unreachable(deployment)
    if (refusal) throw refusal
    const steps = new Map(deployment?.plan.steps.map(({ id, from }) => [id, from.length]))
    return this.#do(choice, deployment, {
      again,
      refusal: letter => this.#unplayable(letter, steps),
      event: letter => this.#fitting(replayOf(letter as DeadLetter & { input: number }, letter.id, patched(letter.row, patch))),
    })
  }

  async discard(choice: DeadLetterChoice, { reason, again = false }: DiscardOptions): Promise<HandledLetters> {
    checkChoice(choice, again)
    if (reason !== undefined && (typeof reason !== 'string' || reason.length > reasonLengthMax))
      throw this.#invalid(`the reason must be a text of at most ${reasonLengthMax} characters`, { field: 'reason' })
    return this.#do(choice, await this.#reader.known(), {
      again,
      refusal: () => undefined,
      event: ({ id, step, topology }) => ({
        type: DISCARDED,
        data: { topology, letter: id, step, ...(reason !== undefined && { reason }) },
      }),
    })
  }

  #do(choice: DeadLetterChoice, deployment: Deployment | undefined, deed: Deed): Promise<HandledLetters> {
    if (typeof choice === 'number') return this.#doNamed([choice], deployment, deed)
    if (Array.isArray(choice)) return this.#doNamed(choice as readonly number[], deployment, deed)
    return this.#doOpen(choice === 'all' ? undefined : (choice as { step: string }).step, deployment, deed)
  }

  /** All of them are looked at before the first event is written. */
  async #doNamed(ids: readonly number[], deployment: Deployment | undefined, deed: Deed): Promise<HandledLetters> {
    const batch = new Batch(this.#parts, deed)
    for (const id of new Set(ids)) {
      const letter = await this.#reader.named(id, deployment)
      const refusal = this.#handledBefore(letter.id, deed) ?? deed.refusal(letter)
      if (refusal) throw refusal
      batch.add(letter)
    }
    const done = new Done()
    while (batch.letters.length > 0) done.add(await this.#append(batch.take(), deed, true))
    return done.answer(0)
  }

  /** Those that are open now: what dies again meanwhile is not among them. */
  async #doOpen(step: string | undefined, deployment: Deployment | undefined, deed: Deed): Promise<HandledLetters> {
    const batch = new Batch(this.#parts, deed)
    const done = new Done()
    let skipped = 0
    for await (const letter of this.#reader.letters(deployment, { from: 1, to: this.#reader.book.version })) {
      if (letter.status !== 'open' || (step !== undefined && letter.step !== step)) continue
      if (deed.refusal(letter)) skipped++
      else batch.add(letter)
      if (batch.isFull) done.add(await this.#append(batch.take(), deed, false))
    }
    while (batch.letters.length > 0) done.add(await this.#append(batch.take(), deed, false))
    return done.answer(skipped)
  }

  /** Others may be at the same letters: what they have handled meanwhile is refused when it was named, and left to them when not. */
  async #append(letters: readonly DeadLetter[], deed: Deed, areNamed: boolean): Promise<Appended | undefined> {
    const { book, stream } = this.#reader
    for (;;) {
      const handled = letters.map(({ id }) => this.#handledBefore(id, deed))
      const refusal = handled.find(one => one !== undefined)
      if (areNamed && refusal) throw refusal
      const events = letters.filter((_, index) => handled[index] === undefined).map(letter => deed.event(letter))
      if (events.length === 0) return undefined
      try {
        const answer = await this.#parts.append(stream, events, { expectedVersion: book.version })
        if (answer.duplicate) return undefined
        const recorded = recordedOf(answer.stamp)
        for (const [index, { type, data }] of events.entries()) book.note({ version: answer.firstVersion + index, type, recorded }, data)
        return { letters: events.length, position: answer.position }
      } catch (error) {
        // The topology itself writes here, as long as rows die.
        if (!isEventStoreError(error, 'WRONG_EXPECTED_VERSION')) throw error
      }
      await new Promise<void>(resolve => void setImmediate(resolve))
      await this.#reader.catchUp()
    }
  }

  #handledBefore(id: number, { again }: Deed): EventStoreError | undefined {
    const handled = again ? undefined : this.#reader.book.handled(id)
    return handled && this.#invalid(`dead letter ${id} was ${handled.status} before; say again: true to do it again`, { id })
  }

  /** Why no row can reach the topology through the log. */
  #unreachable(deployment: Deployment | undefined): EventStoreError | undefined {
    if (deployment === undefined) return this.#invalid(`it is not deployed, so nothing would take the rows; deploy it first`)
    const { status, isDraining, until, plan, error } = deployment
    if (plan.source.kind !== 'log')
      return this.#invalid('its rows come from a generator and not from the log, so they can not come back to it')
    if (until === 'head')
      return this.#invalid('it takes no more rows, because it was deployed until head; undeploy it and deploy it without until head')
    if (status === 'ended' || isDraining)
      return this.#invalid('it takes no more rows, because it was drained; undeploy it and deploy it again')
    return status === 'failed' ? this.#invalid(`it has failed and takes no rows: ${error?.message ?? 'for no known reason'}`) : undefined
  }

  #unplayable({ id, step, status, replayable, input }: DeadLetter, steps: ReadonlyMap<string, number>): EventStoreError | undefined {
    if (status === 'superseded')
      return this.#invalid(`dead letter ${id} is of an earlier deployment; the present one has taken its row anew`, { id })
    if (!replayable || input === undefined)
      return this.#invalid(`dead letter ${id} does not hold its row as it was, so it can not be replayed`, { id })
    return input < (steps.get(step) ?? 0) ? undefined : this.#invalid(`dead letter ${id} is of step ${step}, which is gone`, { id, step })
  }

  /** The payload is there for people; a row that has grown goes without. */
  #fitting(data: ReplayedData): NewEvent<typeof REPLAYED, ReplayedData> {
    const isFitting = Buffer.byteLength(JSON.stringify(data)) <= this.#parts.limits.eventBytes
    return { type: REPLAYED, data: isFitting ? data : { ...data, payload: null } }
  }

  #invalid(message: string, details: Readonly<Record<string, unknown>> = {}): EventStoreError {
    const { topology } = this.#parts
    return new EventStoreError('INVALID', `topology ${topology}: ${message}`, { topology, ...details })
  }
}

/** Letters that wait to be handled by one append. */
class Batch {
  letters: DeadLetter[] = []
  readonly #eventsMax: number
  readonly #bytesMax: number
  readonly #deed: Deed
  readonly #sizes: number[] = []

  constructor({ limits }: DeadLettersParts, deed: Deed) {
    this.#eventsMax = Math.min(appendEvents, limits.requestEvents)
    this.#bytesMax = Math.min(appendBytes, limits.requestBytes)
    this.#deed = deed
  }

  add(letter: DeadLetter): void {
    this.letters.push(letter)
    this.#sizes.push(Buffer.byteLength(JSON.stringify(this.#deed.event(letter).data)))
  }

  get isFull(): boolean {
    return this.#fitting < this.letters.length || this.letters.length >= this.#eventsMax
  }

  /** How many of the first fit into one append; at least one. */
  get #fitting(): number {
    let [count, bytes] = [0, 0]
    while (count < Math.min(this.letters.length, this.#eventsMax)) {
      bytes += this.#sizes[count]!
      if (count > 0 && bytes > this.#bytesMax) break
      count++
    }
    return count
  }

  take(): DeadLetter[] {
    const count = this.#fitting
    this.#sizes.splice(0, count)
    return this.letters.splice(0, count)
  }
}

function checkChoice(choice: unknown, again: boolean): void {
  const isNamed = typeof choice === 'number' || (Array.isArray(choice) && choice.every(id => typeof id === 'number'))
  const isOpen = choice === 'all' || (typeof choice === 'object' && choice !== null && 'step' in choice && typeof choice.step === 'string')
  if (!isNamed && !isOpen)
    throw new EventStoreError('INVALID', 'name dead letters by id, a list of ids, "all" or { step }', { field: 'choice' })
  if (again && !isNamed) throw new EventStoreError('INVALID', 'again is for letters that are named by id', { field: 'again' })
}

function checkedPatch(set: unknown): Readonly<Record<string, unknown>> {
  if (set === undefined) return {}
  if (typeof set !== 'object' || set === null || Array.isArray(set))
    throw new EventStoreError('INVALID', 'set must be an object: { column: value }', { field: 'set' })
  for (const [name, value] of Object.entries(set))
    if (!plainOf(value).isExact) throw new EventStoreError('INVALID', `set.${name} is not a JSON value`, { field: `set.${name}` })
  return set as Readonly<Record<string, unknown>>
}

function patched(row: DeadLetter['row'], patch: Readonly<Record<string, unknown>>): DeadLetter['row'] {
  return Object.fromEntries(Object.entries({ ...row, ...patch }).filter(([, value]) => value !== null))
}
