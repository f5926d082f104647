/** Gathers all that a fragment changes between two barriers, and makes of it one epoch: the bytes of one write. */
import type { NewEvent } from '../event/event.ts'
import type { Limits } from '../event/limits.ts'
import { DEFAULT_SCOPE, type Scope } from '../event/scope.ts'
import type { ProjectionWriter, StepState } from '../operators/operator.ts'
import type { EpochRows } from '../store/epoch-rows.ts'
import { slotScope } from '../store/slot.ts'
import {
  encodeTopologyRow,
  type Generations,
  outboxNumber,
  outboxPrefix,
  projectionPrefix,
  readProjection,
  readProjectionRow,
  scanPrefix,
  type StateStore,
  topologyKey,
  type TopologyRow,
} from '../store/state.ts'
import { type DeadLetterData, deadLetterStream, type GivenUpRow, letterOf, lettersFrom } from './dead-letter.ts'
import { type Delivery, letterOfDelivery, type Undelivered } from './delivery.ts'
import { Outbox } from './outbox.ts'
import type { StepOutbox } from './step-node.ts'
import { StepStates } from './step-states.ts'
import { HotRows, type HotSlabs } from './hot-rows.ts'
import { indexChanges } from './index-changes.ts'
import { type ChangeWatch, FoldedProjections, type FoldedRows, rowKeyBytes } from './projection.ts'
import type { RowOrigin, SourcePosition } from './source.ts'

const NO_KEY = new Uint8Array(0)

export interface EpochOptions {
  /** Whose topology it is; the default tenant's when left out. */
  readonly scope?: Scope
  /** Where its rows lie; the first slot when left out. */
  readonly slot?: number
  readonly topology: string
  /** See `StepStates`. */
  readonly generations?: Generations
  /** See `TopologyRow`. */
  readonly revised?: number
  readonly deployment: number
  readonly partitions: number
  readonly limits: Limits
  readonly store: StateStore
  /** As the last epoch left it. */
  readonly row: TopologyRow | undefined
  readonly isRepeating: boolean
  /** Where readers in all threads find what is folded. */
  readonly hot?: HotSlabs
  readonly watch?: ChangeWatch
  /** Fields by which rows of its projections are to be found. */
  readonly indexes?: ReadonlyMap<string, readonly string[]>
  /** A sign of life, now and then in long work of ours. */
  beat(): void
  /** The stored event of a row being folded. */
  originOf(order: number): RowOrigin | undefined
}

/** An epoch ready to be written, with the requests to send once it is durable. */
export interface SealedEpoch {
  readonly epoch: number
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly requests: readonly Uint8Array[]
  /** Numbers of the outbox rows that hold the requests. */
  readonly outboxNumbers: readonly number[]
}

export class EpochGatherer {
  readonly projections: FoldedProjections
  epoch: number
  readonly #options: EpochOptions
  readonly #states: StepStates
  readonly #bytes: EpochRows
  readonly #outbox: Outbox
  /** What stands before stored names. */
  readonly #scope: Scope
  /** The topology's name in the database. */
  readonly #stored: string
  /** Stored names of its projections. */
  readonly #names: Set<string>
  #outboxNumber: number
  #sent: number[] = []

  constructor(options: EpochOptions) {
    this.#options = options
    this.#states = new StepStates({ ...options, beat: () => options.beat() })
    this.#bytes = this.#states.bytes
    this.#scope = slotScope(options.scope ?? DEFAULT_SCOPE, options.slot)
    this.#stored = this.#scope + options.topology
    this.epoch = options.row?.epoch ?? 0
    const hot = new HotRows(options.hot, { epoch: this.epoch, place: options.row?.place ?? null })
    this.projections = new FoldedProjections(hot, this.epoch, options.watch)
    this.#outbox = new Outbox(options, options.row?.lanes ?? {})
    this.#outboxNumber = options.row?.outbox ?? 0
    this.#names = new Set(options.row?.projections)
  }

  /** About how many bytes wait for the next epoch. */
  get dirtyBytes(): number {
    return this.#bytes.length + this.#outbox.textLength + this.projections.textLength
  }

  /** About how many of them are deliveries. */
  get postedBytes(): number {
    return this.#outbox.postedLength
  }

  /** True when rows of the outbox were sent and still lie in the database. */
  get hasSent(): boolean {
    return this.#sent.length > 0
  }

  state(step: string, schemaVersion: number): StepState {
    return this.#states.state(step, schemaVersion)
  }

  /** What steps of this topology put in other threads since the last barrier. */
  add(bytes: Uint8Array): void {
    this.#bytes.append(bytes)
  }

  projection(name: string): ProjectionWriter {
    this.#names.add(this.#scope + name)
    return {
      put: (key, value) => this.projections.put(name, key, value),
      delete: key => this.projections.delete(name, key),
      get: key => this.#rowOf(name, key),
      rows: () => this.#rowsOf(name),
    }
  }

  #rowOf(projection: string, key: readonly unknown[]): unknown {
    const folded = this.projections.get(projection, key)
    const text = folded === undefined ? readProjectionRow(this.#options.store, this.#scope + projection, key) : folded.text
    return text === undefined ? undefined : (JSON.parse(text) as unknown)
  }

  *#rowsOf(projection: string): Generator<readonly [key: readonly unknown[], value: unknown]> {
    const rows = readProjection(this.#options.store, this.#scope + projection)
    for (const { key, text } of this.#states.alive(rows)) yield [key, JSON.parse(text) as unknown]
  }

  /** From now on what the steps send goes nowhere, or out again. */
  mute(isMuted: boolean): void {
    this.#outbox.isMuted = isMuted
  }

  outbox(step: string): StepOutbox {
    return {
      append: (stream, event) => this.#outbox.append(step, stream, event),
      post: (request, row) => {
        const letter = letterOf(this.#options, { ...row, cause: '' }, this.#options.originOf(row.order))
        this.#outbox.post(step, request, { ...letter, payload: null })
      },
    }
  }

  /** A row given up: an event for people, in the log like everything else. */
  dead(row: GivenUpRow): void {
    const stream = deadLetterStream(this.#options.topology)
    const whole = letterOf(this.#options, row, this.#options.originOf(row.order))
    this.#bury(whole, letter => this.#outbox.appendSystem(`${row.step}/dead`, stream, letter))
  }

  /** The dead letter of a delivery that was given up, in the same epoch that takes the delivery out of the outbox: so there is one, once. */
  undelivered(delivery: Delivery, why: Undelivered): void {
    const stream = deadLetterStream(this.#options.topology)
    this.#bury(letterOfDelivery(delivery, why), letter => this.#outbox.appendUndelivered(delivery, stream, letter))
  }

  /** What is too large or too deep for a letter is left out: the position still leads to the event. */
  #bury(whole: DeadLetterData, append: (letter: NewEvent) => void): void {
    let refusal: unknown
    for (const letter of lettersFrom(whole)) {
      try {
        return append(letter)
      } catch (error) {
        refusal = error
      }
    }
    throw refusal
  }

  /** Pending rows of the outbox, left by the epochs before; they must be sent before anything new. */
  pending(): SealedEpoch {
    const rows = [...scanPrefix(this.#options.store, 'state', outboxPrefix(this.#stored))]
    const numbers = rows.map(([key]) => Number(new DataView(key.buffer, key.byteOffset, 8).getBigUint64(0)))
    return { epoch: this.epoch, bytes: new Uint8Array(0), requests: rows.map(([, value]) => value), outboxNumbers: numbers }
  }

  /** Everything since the last barrier as one epoch. The rows of the outbox sent since are removed by it. */
  seal(status: 'running' | 'ended', position: SourcePosition, counters: Readonly<Record<string, readonly number[]>>): SealedEpoch {
    const { deployment, isRepeating, row: before, revised = before?.revised } = this.#options
    this.projections.show(position.place)
    this.epoch++
    this.#sealProjections()
    const prefix = outboxPrefix(this.#stored)
    for (const number of this.#sent) this.#bytes.delete('state', prefix, outboxNumber(number))
    this.#sent = []
    const requests = this.#outbox.seal()
    const outboxNumbers = requests.map(() => ++this.#outboxNumber)
    for (const [index, request] of requests.entries()) this.#bytes.put('state', prefix, outboxNumber(outboxNumbers[index]!), request)
    const row: TopologyRow = {
      deployment,
      status,
      epoch: this.epoch,
      ...position,
      lanes: this.#outbox.lanes,
      outbox: this.#outboxNumber,
      projections: [...this.#names],
      counters,
      ...(revised !== undefined && { revised }),
      ...(isRepeating && { isRepeating }),
    }
    this.#bytes.put('meta', topologyKey(this.#stored), NO_KEY, encodeTopologyRow(row))
    return { epoch: this.epoch, bytes: this.#bytes.take(this.epoch), requests, outboxNumbers }
  }

  #sealProjections(): void {
    for (const [name, rows] of this.projections.seal(this.epoch)) {
      const prefix = projectionPrefix(this.#scope + name)
      this.#sealIndexes(name, rows)
      for (const [keyText, { text }] of rows) {
        if (text === undefined) this.#bytes.delete('state', prefix, rowKeyBytes(keyText))
        else this.#bytes.put('state', prefix, rowKeyBytes(keyText), Buffer.from(text))
      }
    }
  }

  #sealIndexes(name: string, rows: FoldedRows): void {
    const { store, indexes } = this.#options
    const fields = indexes?.get(name) ?? []
    if (fields.length === 0) return
    for (const { isDeleted, key } of indexChanges({ store, projection: this.#scope + name, fields }, rows)) {
      this.#options.beat()
      if (isDeleted) this.#bytes.delete('state', NO_KEY, key)
      else this.#bytes.put('state', NO_KEY, key, NO_KEY)
    }
  }

  /** The epoch is in the database: readers find its rows there. */
  written(epoch: SealedEpoch): void {
    this.#bytes.written()
    this.projections.written(epoch.epoch)
  }

  /** Its requests are in the log: the next epoch removes them from the outbox. */
  sent(epoch: Pick<SealedEpoch, 'outboxNumbers'>): void {
    this.#sent.push(...epoch.outboxNumbers)
  }
}
