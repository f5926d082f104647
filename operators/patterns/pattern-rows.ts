/** Rows on their way into patterns: they wait for the watermark, are taken key by key in the order of event time, and matches leave in one order. */
import { assert } from '../../event/assert.ts'
import { columnOf } from '../columns.ts'
import { keepWhere, expressionOf } from '../expressions/expression.ts'
import type { Moves, Page, Row } from '../flow.ts'
import { KeyedRows } from '../keyed/keyed-rows.ts'
import type { StepContext } from '../operator.ts'
import { aliveRows, columnsOf, pageOf, rowReader, selectRows } from '../page.ts'
import { TimeHeap } from '../windows/window-heap.ts'
import { compareKeys } from '../windows/window-keys.ts'
import { Causes } from '../windows/window-order.ts'
import type { PatternExpression } from './pattern-expressions.ts'
import type { Candidate } from './pattern-matches.ts'
import { type Automaton, type Outcome, Runs } from './pattern-runs.ts'
import { dueOf, enqueue, isOver, type KeyState, keyStateFormat } from './pattern-state.ts'

export interface PatternParts {
  readonly automaton: Automaton
  readonly by?: readonly string[] | undefined
  /** Columns that leave, beside the key. */
  readonly select: Readonly<Record<string, PatternExpression>>
  /** Columns of rows that are read when their turn comes. */
  readonly reads: readonly string[]
  /** What the saved rows mean. */
  readonly meaning: Readonly<Record<string, unknown>>
}

type Send = (page: Page) => void

/** A page is sent when it holds at least so many rows. */
const pageRows = 4096

interface Leaving extends Outcome {
  readonly key: readonly unknown[]
  readonly keyFields: readonly string[]
}

export class PatternRows {
  readonly #context: StepContext
  readonly #parts: PatternParts
  readonly #keys: KeyedRows<KeyState>
  readonly #causes = new Causes()
  readonly #due = new TimeHeap<number>()
  /** When each key is in the heap for; Infinity when it is not. */
  #dueOf: number[] = []
  /** Keeps the rows of which the condition over the row alone holds, for each step. */
  readonly #keep: readonly (((page: Page, context: StepContext) => Page) | undefined)[]
  #fields: readonly string[]

  constructor(context: StepContext, parts: PatternParts) {
    this.#context = context
    this.#parts = parts
    const { automaton, by, meaning } = parts
    this.#fields = by ?? []
    this.#keys = new KeyedRows(context, { by, meaning, format: keyStateFormat(automaton) })
    this.#keep = automaton.conditions.map(({ alone }) =>
      alone === undefined ? undefined : keepWhere(expressionOf(alone, context.row, 'boolean')),
    )
    this.#waitAnew()
  }

  expect(moves: Moves): void {
    this.#causes.expect(moves)
  }

  save(): void {
    this.#keys.save()
  }

  /** Takes the rows of a page that are in time; answers those that are too late. */
  add(page: Page): Page | undefined {
    const { eventTime, watermark } = page
    assert(eventTime !== undefined && watermark !== undefined, 'a page came to a pattern without an event time')
    this.#causes.note(page)
    this.#fields = this.#keys.fieldsOf(page)
    const alive = aliveRows(page)
    const isLate = (row: number): boolean => (eventTime[row] as number) < (watermark[row] as number)
    const late = alive.filter(isLate)
    const inTime =
      late.length === 0
        ? page
        : selectRows(
            page,
            alive.filter(row => !isLate(row)),
          )
    const { page: fitting, masks } = this.#judge(inTime)
    const rows = this.#parts.automaton.states.needsEveryRow ? aliveRows(fitting) : aliveRows(fitting).filter(row => masks[row] !== 0)
    const ids = this.#keys.idsOf(fitting, rows)
    const read = rowReader(fitting, this.#parts.reads)
    for (let i = 0; i < rows.length; i++) {
      const [row, id] = [rows[i] as number, ids[i] as number]
      const mask = masks[row] as number
      const [time, order] = [eventTime[row] as number, fitting.order[row] as number]
      this.#enqueue(id, { time, order, mask, values: mask === 0 ? null : read(row), place: -1 })
    }
    return late.length === 0 ? undefined : selectRows(page, late, 'late')
  }

  /** A bit for each step that a row fits, as far as the row alone can tell; the page without the rows for which a condition fails. */
  #judge(page: Page): { page: Page; masks: Int32Array } {
    const masks = new Int32Array(page.count)
    let fitting = page
    for (const [step, keep] of this.#keep.entries()) {
      const bit = 1 << step
      if (keep === undefined) {
        for (const row of aliveRows(fitting)) masks[row] = (masks[row] as number) | bit
        continue
      }
      const dead = new Set<number>()
      const noting = {
        ...this.#context,
        dead: (of: Page, row: number, error: unknown) => (dead.add(row), this.#context.dead(of, row, error)),
      }
      for (const row of aliveRows(keep(fitting, noting))) masks[row] = (masks[row] as number) | bit
      if (dead.size > 0)
        fitting = selectRows(
          fitting,
          aliveRows(fitting).filter(row => !dead.has(row)),
        )
    }
    return { page: fitting, masks }
  }

  #enqueue(id: number, row: Candidate): void {
    const state = this.#keys.get(id) ?? { waiting: [], runs: new Runs(this.#parts.automaton) }
    enqueue(state, row)
    this.#keys.put(id, state)
    this.#wait(id, row.time)
  }

  #wait(id: number, time: number): void {
    while (this.#dueOf.length <= id) this.#dueOf.push(Infinity)
    if (time >= (this.#dueOf[id] as number)) return
    this.#dueOf[id] = time
    this.#due.push(time, id)
  }

  #waitAnew(): void {
    while (this.#due.size > 0) this.#due.pop()
    this.#dueOf = []
    for (const [id, state] of this.#keys.entries()) this.#wait(id, dueOf(state))
  }

  /** No row that happened before `time` is still to come: what happened before it is decided, and leaves in the order of (time, key). */
  advance(time: number, send: Send): void {
    const leaving: Leaving[] = []
    while (this.#due.time < time) {
      const due = this.#due.time
      const id = this.#due.pop() as number
      // One that was put there again for an earlier time.
      if (this.#dueOf[id] !== due) continue
      this.#dueOf[id] = Infinity
      const state = this.#keys.get(id)
      if (state === undefined) continue
      const key = this.#keys.keyOf(id)
      for (const outcome of this.#advanceKey(state, time)) leaving.push({ ...outcome, key, keyFields: this.#fields })
      if (isOver(state)) this.#keys.delete(id)
      else {
        this.#keys.put(id, state)
        this.#wait(id, dueOf(state))
      }
    }
    if (leaving.length > 0) {
      // Stable: what a key has at one time stays in its order.
      leaving.sort((a, b) => a.time - b.time || compareKeys(a.key, b.key))
      this.#sendAll(leaving, send)
      if (this.#keys.trim()) this.#waitAnew()
    }
    this.#causes.settle()
  }

  #advanceKey(state: KeyState, until: number): readonly Outcome[] {
    const { waiting, runs } = state
    const outcomes: Outcome[] = []
    let taken = 0
    for (; taken < waiting.length && (waiting[taken] as Candidate).time < until; taken++) {
      const row = waiting[taken] as Candidate
      outcomes.push(...runs.expire(time => time <= row.time))
      try {
        outcomes.push(...runs.take(row))
      } catch (error) {
        this.#giveUp(row, error)
      }
    }
    waiting.splice(0, taken)
    outcomes.push(...runs.expire(time => time < until))
    return outcomes
  }

  #giveUp({ values, time, order }: Candidate, error: unknown): void {
    const page = pageOf([values ?? {}], {
      order: Float64Array.of(order),
      eventTime: Float64Array.of(time),
      watermark: Float64Array.of(-Infinity),
    })
    this.#context.dead(page, 0, error)
  }

  /** Consecutive matches of a port together, so that what leaves has one order whatever the pages are. */
  #sendAll(leaving: readonly Leaving[], send: Send): void {
    let rows: Row[] = []
    let from: Leaving[] = []
    const flush = (): void => {
      if (from.length > 0) send(this.#pageOf(rows, from))
      rows = []
      from = []
    }
    for (const one of leaving) {
      if (from.length > 0 && (from[0]?.port !== one.port || from.length === pageRows)) flush()
      try {
        rows.push(this.#rowOf(one))
        from.push(one)
      } catch (error) {
        this.#giveUp(one.match.row, error)
      }
    }
    flush()
  }

  #rowOf({ key, keyFields, match }: Leaving): Row {
    const row: Record<string, unknown> = {}
    for (const [at, field] of keyFields.entries()) row[field] = key[at] ?? null
    row['matchStart'] = match.first.time
    row['matchEnd'] = match.row.time
    for (const [name, { value }] of Object.entries(this.#parts.select)) row[name] = value(match.row.values ?? {}, match)
    return row
  }

  #pageOf(rows: readonly Row[], from: readonly Leaving[]): Page {
    const times = Float64Array.from(from, ({ time }) => time)
    const order = Float64Array.from(from, ({ time }) => this.#causes.of(time, { beyond: true }))
    // No match that is complete earlier is still to come.
    const page = { kind: 'page' as const, port: from[0]?.port ?? 'main', input: 0, count: rows.length, columns: columnsOf(rows), order }
    const stamped: Page = { ...page, eventTime: times, watermark: times }
    if ((this.#context.lanes ?? 1) === 1) return stamped
    const width = from[0]?.key.length ?? 0
    return { ...stamped, tie: { time: times, key: Array.from({ length: width }, (_, at) => columnOf(from.map(({ key }) => key[at]))) } }
  }
}
