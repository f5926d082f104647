/** Clients that append and read, one thing at a time, and write down what they were told. */
import { isEventStoreError } from '../../event/error.ts'
import type { NewEvent } from '../../event/event.ts'
import type { AppendOptions } from '../../event/event-store.ts'
import type { Operation } from './history.ts'
import { Violation } from './invariants.ts'
import type { Random } from './random.ts'
import type { Machine, World } from './world.ts'

/** How long a client tries before it goes on to something else. */
const OPERATION_MS = 12_000
/** How long it waits for one answer. */
const ANSWER_MS = 7_000
/** Apart from the numbers of clients, which rise by a hundred with each outcome that is unknown. */
const BURST_CLIENT = 100_000

type Result = Pick<Operation, 'result' | 'version' | 'events'>

export interface ClientOptions {
  readonly number: number
  readonly streams: readonly string[]
  readonly versions: Map<string, number>
  /** Where it writes down what it did. */
  readonly operations: Operation[]
}

export class Client {
  readonly #world: World
  readonly #random: Random
  readonly #streams: readonly string[]
  readonly #operations: Operation[]
  /** What was last seen of each stream; clients tell each other, so that a node which lags is caught. */
  readonly #versions: Map<string, number>
  #number: number
  #events = 0
  #asked: Machine
  isBusy = false
  /** It takes nothing more up. */
  isOver = false

  constructor(world: World, about: ClientOptions) {
    this.#world = world
    this.#random = world.random.fork()
    this.#number = about.number
    this.#streams = about.streams
    this.#operations = about.operations
    this.#versions = about.versions
    this.#asked = this.#random.pick(world.machines)
    this.#soon()
  }

  #soon(): void {
    this.#world.time.after(this.#random.between(10, 400), () => {
      if (this.isOver) return
      this.isBusy = true
      if (this.#random.chance(0.3)) this.#asked = this.#random.pick(this.#world.machines)
      const stream = this.#random.pick(this.#streams)
      void this.#doSomething(stream).then(() => {
        this.isBusy = false
        this.#soon()
      })
    })
  }

  #doSomething(stream: string): Promise<unknown> {
    if (this.#random.chance(0.1)) return this.burst(stream)
    if (this.#random.chance(0.6)) return this.append(stream)
    return this.read(stream, this.#random.chance(0.7) ? 'leader' : 'any')
  }

  async append(stream: string): Promise<Operation['result']> {
    const events = Array.from(
      { length: this.#random.chance(0.8) ? 1 : 1 + this.#random.below(6) },
      () => `${this.#number}-${++this.#events}`,
    )
    const expectedVersion = this.#random.chance(0.5) ? (this.#versions.get(stream) ?? 0) : undefined
    // With its ids a request may be sent again though nobody knows what became of it; without them it would be stored twice.
    const hasIds = this.#random.chance(0.5)
    const start = this.#now()
    const result = await this.#try<Result>(hasIds, async (machine, left) => {
      const options: AppendOptions = expectedVersion === undefined ? {} : { expectedVersion }
      const news = newsOf(events, hasIds)
      try {
        const version = await this.#world.ask(machine, left, process => process.append(stream, news, options))
        return { result: 'ok', version, events }
      } catch (error) {
        if (!isEventStoreError(error, 'WRONG_EXPECTED_VERSION')) throw error
        return { result: 'conflict', version: Number(error.details['actual']), events }
      }
    })
    const told: Result = typeof result === 'string' ? { result, events } : result
    if (told.version !== undefined) this.#saw(stream, told.version)
    this.#write({ op: 'append', stream, ...(expectedVersion !== undefined && { expectedVersion }), ...told, start })
    return told.result
  }

  /** Appends that are called one behind the other without a wait: those that are stored are stored in that order. */
  async burst(stream: string): Promise<void> {
    const batches = Array.from({ length: 2 + this.#random.below(4) }, () => [`${this.#number}-${++this.#events}`])
    const start = this.#now()
    const answers = await this.#world
      .ask(this.#asked, ANSWER_MS, process => Promise.allSettled(batches.map(events => process.append(stream, newsOf(events), {}))))
      .catch((error: unknown) => batches.map(() => ({ status: 'rejected' as const, reason: error })))
    let before = 0
    for (const [nth, answer] of answers.entries()) {
      const told = toldOf(answer, batches[nth]!)
      // As if each were of a client of its own: at most one operation of a client is under way.
      this.#write({ op: 'append', stream, ...told, start }, this.#number + BURST_CLIENT * (nth + 1))
      if (told.version === undefined) continue
      if (told.version <= before)
        throw new Violation(`appends to ${stream} that were called in order have versions ${before}, ${told.version}`)
      before = told.version
      this.#saw(stream, told.version)
    }
    this.#number += BURST_CLIENT * 10
  }

  /** `final`: it is written down as the last read of the stream. */
  async read(stream: string, level: 'leader' | 'any', op: 'read' | 'final' = 'read'): Promise<readonly string[] | null> {
    const start = this.#now()
    const result = await this.#try<Result>(true, async (machine, left) => {
      const events = await this.#world.ask(machine, left, process => process.read(stream, level))
      return { result: 'ok', events }
    })
    const told: Result = typeof result === 'string' ? { result: 'fail', events: [] } : result
    if (told.result === 'ok') this.#saw(stream, told.events.length)
    this.#write({ op, stream, level, ...told, start })
    return told.result === 'ok' ? told.events : null
  }

  /** Asks one node after the other. `fail`: nothing was stored, for certain; `unknown`: it may have been. */
  async #try<Answer>(
    isRepeated: boolean,
    attempt: (machine: Machine, leftMs: number) => Promise<Answer>,
  ): Promise<Answer | 'fail' | 'unknown'> {
    const { time, machines } = this.#world
    const end = time.nowMs + OPERATION_MS
    let isUnknown = false
    for (;;) {
      const left = Math.min(ANSWER_MS, end - time.nowMs)
      try {
        return await attempt(this.#asked, left)
      } catch (error) {
        if (!(error instanceof Error) || !isEventStoreError(error)) throw error
        if (error.code === 'UNKNOWN_OUTCOME') isUnknown = true
        else if (!refusals.has(error.code)) throw error
        if (isUnknown && !isRepeated) return 'unknown'
      }
      this.#asked = this.#random.pick(machines)
      if (time.nowMs + 50 >= end) return isUnknown ? 'unknown' : 'fail'
      await new Promise<void>(resolve => void time.after(this.#random.between(5, 150), resolve))
    }
  }

  #saw(stream: string, version: number): void {
    this.#versions.set(stream, Math.max(version, this.#versions.get(stream) ?? 0))
  }

  #now(): number {
    return Math.round(this.#world.time.nowMs * 1e6)
  }

  #write(about: Pick<Operation, 'op' | 'stream' | 'start' | 'expectedVersion' | 'level'> & Result, client = this.#number): void {
    const operation: Operation = { client, ...about, end: this.#now() }
    this.#operations.push(operation)
    this.#world.say(() => `client ${lineOf(operation)}`)
    if (operation.result === 'unknown') this.#number += 100
  }
}

const newsOf = (events: readonly string[], hasIds = false): NewEvent[] =>
  events.map(name => ({ ...(hasIds && { id: name }), type: 'Happened', data: { name } }))

function toldOf(answer: PromiseSettledResult<number>, events: readonly string[]): Result {
  if (answer.status === 'fulfilled') return { result: 'ok', version: answer.value, events }
  const error: unknown = answer.reason
  if (!isEventStoreError(error)) throw error
  if (error.code !== 'UNKNOWN_OUTCOME' && !refusals.has(error.code)) throw error
  return { result: error.code === 'UNKNOWN_OUTCOME' ? 'unknown' : 'fail', events }
}

/** Nothing was stored, and another node may do better. */
const refusals: ReadonlySet<string> = new Set(['NOT_LEADER', 'UNREACHABLE', 'BUSY', 'CLOSED', 'READ_ONLY'])

function lineOf({ client, op, stream, expectedVersion, level, events, result, version }: Operation): string {
  const about = op === 'append' ? `at ${expectedVersion ?? 'any'}` : (level ?? '')
  return `${client} ${op} ${stream} ${about}: ${result}${version === undefined ? '' : ` ${version}`} [${events.join(' ')}]`
}
