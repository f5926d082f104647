/** The time of a source by partitions of the log: each has a watermark of its own, and the least of those that are not idle counts. */
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import type { NumberColumn } from '../flow.ts'
import type { StepContext } from '../operator.ts'
import type { Arriving, SourceTime, TimeRule } from './source-time.ts'

const partitionRow = 1
const watermarkRow = Uint8Array.of(0)

interface Lane {
  /** Its largest event time. */
  max: number
  /** When its last row was recorded, ms. */
  last: number
  isDirty: boolean
}

/**
 * As Flink has it for the splits of a source, but that a partition counts from its first row on: those without rows hold nothing back. A
 * partition is idle when no row of it was recorded for `idle`, which rows of the others and ticks show.
 */
export class PartitionTime implements SourceTime {
  watermark = -Infinity
  isIdle = false
  readonly #rule: TimeRule
  readonly #context: StepContext
  readonly #writer = new ByteWriter()
  readonly #lanes = new Map<number, Lane>()
  /** The clock as rows and ticks have shown it, before the first row as the first tick did, ms; NaN before both. */
  #now = NaN
  #saved: string
  /** Until here the least watermark is known: while the lane that has it stays as it is and none becomes idle. */
  #holder: Lane | undefined
  #idleFrom = Infinity

  constructor(rule: TimeRule, context: StepContext) {
    this.#rule = rule
    this.#context = context
    for (const [key, value] of context.state.rows()) this.#load(new ByteReader(key), new ByteReader(value))
    this.#saved = this.#text
    this.#find()
  }

  #load(key: ByteReader, value: ByteReader): void {
    if (key.byte() === partitionRow) {
      this.#lanes.set(key.integer(), { max: value.number(), last: value.number(), isDirty: false })
      return
    }
    this.watermark = value.number()
    this.#now = value.number()
    this.isIdle = value.byte() === 1
  }

  get #text(): string {
    return `${this.watermark} ${this.#now} ${this.isIdle}`
  }

  take({ page, rows, times }: Arriving, before: Float64Array): void {
    const { values: partitions } = page.columns.get('$partition') as NumberColumn
    const isClocked = this.#rule.idleMs < Infinity
    let next = 0
    for (let i = 0; i < rows.length; i++) {
      const row = rows[i] as number
      while (next <= row) before[next++] = this.watermark
      if (isClocked) this.#now = Math.max(this.#context.recordedOf?.(page.order[row] as number) ?? NaN, this.#last)
      this.#takeRow(partitions[row] as number, Math.floor(times[row] as number))
    }
    while (next < before.length) before[next++] = this.watermark
    if (rows.length > 0) this.isIdle = false
  }

  get #last(): number {
    return Number.isNaN(this.#now) ? -Infinity : this.#now
  }

  #takeRow(partition: number, time: number): void {
    let lane = this.#lanes.get(partition)
    if (lane === undefined) this.#lanes.set(partition, (lane = { max: -Infinity, last: NaN, isDirty: true }))
    const isChanged = lane === this.#holder || lane.max === -Infinity || this.#now >= this.#idleFrom || this.#isIdle(lane)
    lane.last = this.#now
    lane.max = Math.max(lane.max, time)
    lane.isDirty = true
    if (isChanged) this.#find()
  }

  #isIdle({ last }: Lane): boolean {
    return this.#now - last >= this.#rule.idleMs
  }

  /** The least of the lanes that are not idle. */
  #find(): void {
    this.#holder = undefined
    this.#idleFrom = Infinity
    for (const lane of this.#lanes.values()) {
      if (this.#isIdle(lane)) continue
      if (lane.last + this.#rule.idleMs < this.#idleFrom) this.#idleFrom = lane.last + this.#rule.idleMs
      if (this.#holder === undefined || lane.max < this.#holder.max) this.#holder = lane
    }
    if (this.#holder !== undefined) this.watermark = Math.max(this.watermark, this.#holder.max - this.#rule.lagMs)
  }

  tick(time: number): void {
    const { idleMs, lagMs } = this.#rule
    if (idleMs === Infinity) return
    if (this.#lanes.size === 0) {
      if (Number.isNaN(this.#now)) this.#now = time
      this.isIdle ||= time - this.#now >= idleMs
      return
    }
    this.#now = Math.max(time, this.#last)
    this.#find()
    if (this.#holder !== undefined) return
    this.isIdle = true
    for (const { max, last } of this.#lanes.values()) this.watermark = Math.max(this.watermark, max - lagMs + this.#now - last)
  }

  rest(): void {
    this.isIdle = true
  }

  dueAt(wanted: number): number {
    const { idleMs, lagMs } = this.#rule
    if (idleMs === Infinity) return Infinity
    if (Number.isNaN(this.#now)) return -Infinity
    const lanes = [...this.#lanes.values()]
    if (lanes.length === 0) return this.isIdle ? Infinity : this.#now + idleMs
    if (this.isIdle) return Math.min(...lanes.map(({ max, last }) => last + wanted - (max - lagMs)))
    return Math.min(...lanes.filter(lane => !this.#isIdle(lane)).map(({ last }) => last + idleMs))
  }

  save(): void {
    for (const [partition, lane] of this.#lanes) {
      if (!lane.isDirty) continue
      lane.isDirty = false
      this.#writer.byte(partitionRow)
      this.#writer.integer(partition)
      const key = this.#writer.take()
      this.#writer.number(lane.max)
      this.#writer.number(lane.last)
      this.#context.state.put(key, this.#writer.take())
    }
    const text = this.#text
    if (text === this.#saved) return
    this.#saved = text
    this.#writer.number(this.watermark)
    this.#writer.number(this.#now)
    this.#writer.byte(this.isIdle ? 1 : 0)
    this.#context.state.put(watermarkRow, this.#writer.take())
  }
}
