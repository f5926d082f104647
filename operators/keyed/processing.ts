/** The work of `process`: rows and timers by turns, each a call of the user's with the state of its key. */
import { EventStoreError } from '../../event/error.ts'
import { columnOf } from '../columns.ts'
import type { Moves, Page, Row } from '../flow.ts'
import { userFunction } from '../functions.ts'
import type { StepContext } from '../operator.ts'
import { aliveRows, pageOf, rowReader } from '../page.ts'
import { Causes } from '../windows/window-order.ts'
import { type Json, jsonOf, withoutEnvelope } from './json-state.ts'
import { type CallOptions, ProcessCall, type Timer } from './process-call.ts'
import { type Beside, ProcessRows } from './process-rows.ts'
import { TimedStates } from './timed-states.ts'
import { timerPort } from './timer-port.ts'

export interface ProcessingOptions {
  readonly by?: readonly string[]
  readonly with: string
  readonly onTimer?: string
  readonly initial: Json
  readonly ttlMs: number
}

type Send = (page: Page) => void

/** Numbers of keys are good until a timer fires: behind one only few rows are numbered at once, and more while none does. */
const rowsAheadFirst = 16
type Call = (state: Json, given: Row, context: ProcessCall) => unknown

interface Functions {
  readonly onRow: Call
  readonly reads: readonly string[] | undefined
  readonly onTimer: Call | undefined
}

/** Loads the functions. INVALID when one is none. */
export async function processing(context: StepContext, options: ProcessingOptions): Promise<Processing> {
  const callOf = async (reference: string): Promise<{ run: Call; reads: readonly string[] | undefined }> => {
    const user = userFunction(await context.resolve(reference), reference)
    if (user.form !== 'rows') throw new EventStoreError('INVALID', `${reference} must be a function of a state and a row`, { reference })
    return { run: user.run as unknown as Call, reads: user.reads }
  }
  const { run: onRow, reads } = await callOf(options.with)
  const onTimer = options.onTimer === undefined ? undefined : (await callOf(options.onTimer)).run
  return new Processing(context, options, { onRow, reads, onTimer })
}

export class Processing {
  readonly #context: StepContext
  readonly #options: ProcessingOptions
  readonly #functions: Functions
  readonly #states: TimedStates
  readonly #rows: ProcessRows
  readonly #causes = new Causes()
  /** Of the row at work, or of the last. */
  #order = 0
  /** The row at work, for timers that are due behind it. */
  #at: Pick<Beside, 'watermark' | 'rank'> | undefined
  #send: Send = () => undefined

  constructor(context: StepContext, options: ProcessingOptions, functions: Functions) {
    this.#context = context
    this.#options = options
    this.#functions = functions
    this.#rows = new ProcessRows(context)
    this.#rows.fields = options.by ?? context.row.key
    this.#rows.key = context.row.key.every(name => this.#rows.fields.includes(name)) ? context.row.key : []
    // Timers can only have been set where rows were timed.
    this.#rows.isTimed = true
    const { by, ttlMs } = options
    this.#states = new TimedStates(context, { by, ttlMs, fire: ({ at, key, name }, id) => this.#onTimer([at, name], key, id) })
  }

  expect(moves: Moves): void {
    this.#causes.expect(moves)
  }

  take(page: Page, send: Send): void {
    this.#begin(page, send)
    const { rows: states } = this.#states
    const alive = aliveRows(page)
    const read = rowReader(this.#functions.reads === undefined ? withoutEnvelope(page) : page, this.#functions.reads)
    let ids: Int32Array = new Int32Array(0)
    let [first, end, rowsAhead] = [0, 0, alive.length]
    for (let i = 0; i < alive.length; i++) {
      const row = alive[i] as number
      const standing = this.#standingBefore(page.order[row] as number)
      if (this.#states.nextAt <= standing) {
        this.#states.advance(standing, this.#rows.fields)
        ;[end, rowsAhead] = [i, rowsAheadFirst]
      }
      if (i >= end) {
        ;[first, end] = [i, i + rowsAhead]
        ids = states.idsOf(page, alive.subarray(first, end))
        rowsAhead *= 2
      }
      this.#order = page.order[row] as number
      this.#onRow(page, { row, id: ids[i - first] as number, standing, read })
      if (this.#states.nextAt > standing) continue
      const watermark = page.watermark?.[row] ?? -Infinity
      this.#at = { watermark, rank: page.rank?.[row] }
      this.#states.advance(standing, this.#rows.fields)
      this.#at = undefined
      ;[end, rowsAhead] = [i, rowsAheadFirst]
    }
    this.#rows.flush(send)
  }

  #begin(page: Page, send: Send): void {
    this.#send = send
    this.#causes.note(page)
    const fields = this.#states.rows.fieldsOf(page)
    if (fields.join('\n') !== this.#rows.fields.join('\n')) this.#rows.fields = fields
    const { key = [] } = page
    this.#rows.key = key.every(name => fields.includes(name)) ? key : []
    this.#rows.isTimed = page.eventTime !== undefined
  }

  /** The watermark in band before a row, as it would be if each row were a page. */
  #standingBefore(order: number): number {
    return Math.max(this.#states.rows.clock, this.#causes.before(order))
  }

  #onRow(page: Page, at: { row: number; id: number; standing: number; read: (row: number) => Row }): void {
    const { row, id, standing } = at
    const { eventTime, watermark, rank } = page
    const time = eventTime?.[row] ?? NaN
    const hasTimers = eventTime !== undefined && this.#functions.onTimer !== undefined
    const key = this.#states.rows.keyOf(id)
    this.#context.beforeCall(this.#order)
    try {
      const rows = this.#call(this.#functions.onRow, id, () => at.read(row), {
        key,
        time,
        watermark: standing,
        after: -Infinity,
        hasTimers,
      })
      const beside = { key, order: this.#order, eventTime: time, watermark: watermark?.[row] ?? NaN, rank: rank?.[row] }
      this.#rows.add(rows, beside, this.#send)
    } catch (error) {
      this.#context.dead(page, row, error)
    }
  }

  #onTimer([at, name]: Timer, key: readonly unknown[], id: number): void {
    const { onTimer } = this.#functions
    const order = Math.max(this.#order, this.#at ? this.#order : this.#causes.of(at))
    this.#context.beforeCall(order)
    const given = { at, ...(name !== '' && { name }) }
    try {
      if (onTimer === undefined) throw new EventStoreError('INVALID', 'a timer is due, and no function is named by onTimer any more', {})
      const rows = this.#call(onTimer, id, () => given, { key, time: at, watermark: at, after: at, hasTimers: true })
      const made = this.#at ?? { watermark: at, due: at }
      this.#rows.add(rows, { key, order, eventTime: at, ...made }, this.#send)
    } catch (error) {
      const fields = Object.fromEntries(this.#rows.fields.map((field, index) => [field, key[index]]))
      const row = { ...fields, timerAt: at, timerName: name === '' ? null : name }
      const page = pageOf([row], { order: Float64Array.of(order) }, timerPort)
      this.#context.dead(
        this.#at ? page : { ...page, tie: { time: Float64Array.of(at), key: key.map(value => columnOf([value])) } },
        0,
        error,
      )
    }
  }

  /** The rows that it emits. What it throws leaves the state as it was. */
  #call(run: Call, id: number, given: () => Row, options: CallOptions): readonly Row[] {
    const entry = this.#states.get(id)
    const state = jsonOf(entry.state ?? this.#options.initial)
    const call = new ProcessCall(options, entry.timers)
    const returned = run(state, given(), call)
    const next = returned === null ? undefined : jsonOf(returned === undefined ? state : returned)
    this.#states.put(id, { state: next, timers: call.timers, time: options.time, set: call.set })
    return call.rows
  }

  /** The watermark has come to `until`; Infinity at the end of the input. */
  advance(until: number, send: Send): void {
    this.#send = send
    this.#states.advance(until, this.#rows.fields)
    if (until > this.#states.rows.clock && until < Infinity) this.#states.rows.clock = until
    this.#causes.settle()
    this.#rows.flush(send)
  }

  save(): void {
    this.#states.save()
  }
}
