/** The time of one source: the largest event time, the watermark that follows it, and what becomes of both while no row comes. */
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { Page } from '../flow.ts'
import type { StepContext } from '../operator.ts'

export interface TimeRule {
  readonly lagMs: number
  /** After so long without a row the source is idle; Infinity for never. */
  readonly idleMs: number
}

/** Rows that come, by index; those between them are dead or suspect and move nothing. */
export interface Arriving {
  readonly page: Page
  readonly rows: Int32Array
  readonly times: Float64Array
}

/** Says when a source moves and when it is idle; one for all rows, or one over its partitions. */
export interface SourceTime {
  /** The watermark as it stands; it never falls. */
  readonly watermark: number
  readonly isIdle: boolean
  /** Writes the watermark as it stands before each row of the page into `before`. */
  take(arriving: Arriving, before: Float64Array): void
  /** The clock reads `time`. */
  tick(time: number): void
  /** The step before has become idle. */
  rest(): void
  /** See `Waiting`. */
  dueAt(wanted: number): number
  save(): void
}

const stateKey = Uint8Array.of(0)

/** Time goes on with the clock while nothing comes: by how long it is since the last row was recorded. */
export class WholeSourceTime implements SourceTime {
  watermark = -Infinity
  isIdle = false
  readonly #rule: TimeRule
  readonly #context: StepContext
  readonly #writer = new ByteWriter()
  #max = -Infinity
  /** When the last row was recorded, or the first tick, ms; NaN before both, and where nobody asks. */
  #last = NaN
  #saved: string

  constructor(rule: TimeRule, context: StepContext) {
    this.#rule = rule
    this.#context = context
    for (const [, value] of context.state.rows()) this.#load(new ByteReader(value))
    this.#saved = this.#text
  }

  #load(reader: ByteReader): void {
    this.#max = reader.number()
    this.watermark = this.#max - this.#rule.lagMs
    if (reader.rest === 0) return
    this.watermark = Math.max(this.watermark, reader.number())
    this.#last = reader.number()
    this.isIdle = reader.byte() === 1
  }

  get #text(): string {
    return `${this.#max} ${this.watermark} ${this.#last} ${this.isIdle}`
  }

  take({ page, rows, times }: Arriving, before: Float64Array): void {
    const { lagMs, idleMs } = this.#rule
    let [max, watermark, next] = [this.#max, this.watermark, 0]
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      while (next <= row) before[next++] = watermark
      const time = times[row] as number
      if (!(time > max)) continue
      max = Math.floor(time)
      if (max - lagMs > watermark) watermark = max - lagMs
    }
    while (next < before.length) before[next++] = watermark
    this.#max = max
    this.watermark = watermark
    const last = rows.at(-1)
    if (last === undefined) return
    this.isIdle = false
    if (idleMs < Infinity) this.#last = this.#context.recordedOf?.(page.order[last] as number) ?? NaN
  }

  tick(time: number): void {
    const { lagMs, idleMs } = this.#rule
    if (idleMs === Infinity) return
    if (Number.isNaN(this.#last)) this.#last = time
    const silentMs = time - this.#last
    if (silentMs < idleMs) return
    this.isIdle = true
    if (this.#max - lagMs + silentMs > this.watermark) this.watermark = this.#max - lagMs + silentMs
  }

  rest(): void {
    this.isIdle = true
  }

  dueAt(wanted: number): number {
    const { lagMs, idleMs } = this.#rule
    if (idleMs === Infinity) return Infinity
    if (Number.isNaN(this.#last)) return -Infinity
    return this.isIdle ? this.#last + wanted - (this.#max - lagMs) : this.#last + idleMs
  }

  save(): void {
    const text = this.#text
    if (text === this.#saved) return
    this.#saved = text
    this.#writer.number(this.#max)
    if (this.#rule.idleMs < Infinity || this.isIdle) {
      this.#writer.number(this.watermark)
      this.#writer.number(this.#last)
      this.#writer.byte(this.isIdle ? 1 : 0)
    }
    this.#context.state.put(stateKey, this.#writer.take())
  }
}
