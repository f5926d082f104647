/** Sends dead letters back to their steps, or puts them away: events in the stream of the letters, each only once. */
import { DISCARDED, type DiscardedData, REPLAYED, type ReplayedData, replayOf } from '../actors/dead-letter.ts'
import { plainOf } from '../actors/dead-letter-json.ts'
import { EventStoreError } from '../event/error.ts'
import type { NewEvent } from '../event/event.ts'
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
import { handledBefore, LetterAppends } from './letter-appends.ts'
import { LetterChoice } from './letter-choice.ts'

const reasonLengthMax = 2000

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
    return this.#do(choice, deployment, { kind: 'replay', again, eventOf: letter => this.#replay(letter, patch) })
  }

  async discard(choice: DeadLetterChoice, { reason, again = false }: DiscardOptions): Promise<HandledLetters> {
    checkChoice(choice, again)
    if (reason !== undefined && (typeof reason !== 'string' || reason.length > reasonLengthMax))
      throw this.#invalid(`the reason must be a text of at most ${reasonLengthMax} characters`, { field: 'reason' })
    return this.#do(choice, await this.#reader.known(), { kind: 'discard', again, eventOf: letter => discardOf(letter, reason) })
  }

  async #do(
    choice: DeadLetterChoice,
    deployment: Deployment | undefined,
    deed: { kind: 'replay' | 'discard'; again: boolean; eventOf(letter: DeadLetter): NewEvent<string, ReplayedData | DiscardedData> },
  ): Promise<HandledLetters> {
    const { kind, again, eventOf } = deed
    const steps = new Map(deployment?.plan.steps.map(({ id, from }) => [id, from.length]))
    const unplayable = (letter: DeadLetter): EventStoreError | undefined => this.#unplayable(letter, steps)
    const handled = ({ id, status }: DeadLetter): EventStoreError | undefined =>
      again || this.#reader.book.handled(id) === undefined ? undefined : handledBefore(this.#parts.topology, id, status)
    const chosen = new LetterChoice(this.#reader, new LetterAppends(this.#parts, this.#reader), {
      deployment,
      kind,
      again,
      eventOf,
      refusal: letter => handled(letter) ?? (kind === 'replay' ? unplayable(letter) : undefined),
      followerOf: letter => unplayable(letter) ?? this.#replay(letter, {}),
      areFollowersTaken: kind === 'replay' || this.#unreachable(deployment) === undefined,
    })
    if (typeof choice === 'number') return chosen.named([choice])
    if (Array.isArray(choice)) return chosen.named(choice as readonly number[])
    return chosen.open(choice === 'all' ? undefined : (choice as { step: string }).step)
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
  #replay(letter: DeadLetter, patch: Readonly<Record<string, unknown>>): NewEvent<typeof REPLAYED, ReplayedData> {
    const { id, row } = letter
    const data = replayOf(withTurn(letter) as DeadLetter & { input: number }, id, patched(row, patch))
    const isFitting = Buffer.byteLength(JSON.stringify(data)) <= this.#parts.limits.eventBytes
    return { type: REPLAYED, data: isFitting ? data : { ...data, payload: null } }
  }

  #invalid(message: string, details: Readonly<Record<string, unknown>> = {}): EventStoreError {
    const { topology } = this.#parts
    return new EventStoreError('INVALID', `topology ${topology}: ${message}`, { topology, ...details })
  }
}

/** One that was handled before has no turn any more: what is done again with it concerns no others. */
function withTurn({ turn, ...letter }: DeadLetter): DeadLetter {
  return turn !== undefined && letter.status === 'open' ? { ...letter, turn } : letter
}

function discardOf(letter: DeadLetter, reason: string | undefined): NewEvent<typeof DISCARDED, DiscardedData> {
  const { id, step, topology, deployment, turn } = withTurn(letter)
  const line = turn && { deployment, turn }
  return { type: DISCARDED, data: { topology, letter: id, step, ...(reason !== undefined && { reason }), ...line } }
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
