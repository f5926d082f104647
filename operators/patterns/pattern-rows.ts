/** Rows on their way into patterns: they wait for the watermark, are taken key by key in the order of event time, and matches leave in one order. */
import { assert } from '../../event/assert.ts'
import { columnOf } from '../columns.ts'
import { keepWhere, expressionOf } from '../expressions/expression.ts'
import type { Moves, Page, Row } from '../flow.ts'
import { settled } from '../keyed/exact.ts'
import { KeyedRows } from '../keyed/keyed-rows.ts'
import type { StepContext } from '../operator.ts'
import { aliveRows, columnsOf, firstRows, pageOf, rowReader, selectRows } from '../page.ts'
import { compareKeys } from '../windows/window-keys.ts'
import { Causes } from '../windows/window-order.ts'
import type { PatternExpression } from './pattern-expressions.ts'
import type { Candidate, Matched } from './pattern-matches.ts'
import { type Automaton, type Outcome, Runs } from './pattern-runs.ts'
import { KeyTimers } from './pattern-timers.ts'
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
/** So many keys are brought into memory at once when their time comes. */
const keysAtOnce = 1000

interface Leaving {
  readonly time: number
  readonly port: Outcome['port'] | 'dead'
  readonly key: readonly unknown[]
  /** The last row of the match, or one that is given up. */
  readonly row: Candidate
  readonly match?: Matched
  readonly error?: unknown
}

export class PatternRows {
  readonly #context: StepContext
  readonly #parts: PatternParts
  readonly #keys: KeyedRows<KeyState>
  readonly #causes = new Causes()
  #timers: KeyTimers | undefined
  /** Keeps the rows of which the condition over the row alone holds, for each step. */
  readonly #keep: readonly (((page: Page, context: StepContext) => Page) | undefined)[]

  constructor(context: StepContext, parts: PatternParts) {
    this.#context = context
    this.#parts = parts
    const { automaton, by, meaning } = parts
    this.#keys = new KeyedRows(context, { by, meaning, format: keyStateFormat(automaton) })
    this.#keep = automaton.conditions.map(({ alone }) =>
      alone === undefined ? undefined : keepWhere(expressionOf(alone, context.row, 'boolean')),
    )
    if (this.#keys.fields.length > 0 || !this.#keys.isEmpty) this.#timersOf(this.#keys.fields)
    context.waits?.({ for: 'watermark', at: () => (this.#timers?.time ?? Infinity) + 1 })
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
    const timers = this.#timersOf(this.#keys.fields)
    const numbers = timers.numbersOf(fitting, rows)
    const read = rowReader(fitting, this.#parts.reads)
    const isPlain = this.#parts.reads.every(name => fitting.columns.get(name)?.kind !== 'value')
    for (let i = 0; i < rows.length; i++) {
      const [row, id] = [rows[i] as number, ids[i] as number]
      const mask = masks[row] as number
      const [time, order] = [eventTime[row] as number, fitting.order[row] as number]
      try {
        // A value that can not be saved is found before it is kept.
        const values = mask === 0 ? null : isPlain ? read(row) : (settled(read(row)) as Row)
        this.#enqueue(id, { time, order, mask, values, place: -1 })
        timers.wait(numbers[i] as number, time)
      } catch (error) {
        this.#context.dead(fitting, row, error)
      }
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
  }

  /** Made when the key is known: every key that has a state waits for something. */
  #timersOf(fields: readonly string[]): KeyTimers {
    if (this.#timers !== undefined) return this.#timers
    this.#timers = new KeyTimers(fields)
    for (const { key, value } of this.#keys.inOrder()) this.#timers.waitFor(key, dueOf(value))
    return this.#timers
  }

  /** No row that happened before `time` is still to come: what happened before it is decided, and leaves in the order of (time, key). */
  advance(time: number, send: Send): void {
    const leaving: Leaving[] = []
    const timers = this.#timers
    while (timers !== undefined && timers.time < time) {
      const due = timers.take(time, keysAtOnce)
      // Asked for together, those that are not in memory are read at once.
      const ids = this.#keys.idsOf(timers.pageOf(due), firstRows(due.length))
      for (const [at, key] of due.entries()) {
        const id = ids[at] as number
        const state = this.#keys.get(id)
        if (state === undefined) continue
        this.#advanceKey(state, time, one => leaving.push({ ...one, key }))
        if (isOver(state)) this.#keys.delete(id)
        else {
          this.#keys.put(id, state)
          timers.waitFor(key, dueOf(state))
        }
      }
    }
    if (leaving.length > 0) {
      // Stable: what a key has at one time stays in its order.
      leaving.sort((a, b) => a.time - b.time || compareKeys(a.key, b.key))
      this.#sendAll(leaving, send)
      this.#keys.trim()
      timers?.trim()
    }
    this.#causes.settle()
  }

  #advanceKey({ waiting, runs }: KeyState, until: number, leave: (one: Omit<Leaving, 'key'>) => void): void {
    const leaveAll = (outcomes: readonly Outcome[]): void => {
      for (const { time, port, match } of outcomes) leave({ time, port, match, row: match.row })
    }
    let taken = 0
    for (; taken < waiting.length && (waiting[taken] as Candidate).time < until; taken++) {
      const row = waiting[taken] as Candidate
      // Those whose time is over with the row go before it.
      if (runs.due <= row.time) leaveAll(runs.expire(row.time, true))
      try {
        leaveAll(runs.take(row))
      } catch (error) {
        leave({ time: row.time, port: 'dead', row, error })
      }
    }
    waiting.splice(0, taken)
    leaveAll(runs.expire(until))
  }

  /** What is given up now was decided by the row that moved the watermark, and its letter lies there. */
  #giveUp(one: Leaving, error: unknown): void {
    const { values, time } = one.row
    const key = Object.fromEntries(this.#keys.fields.map((field, at) => [field, one.key[at] ?? null]))
    const stamps = { eventTime: Float64Array.of(time), watermark: Float64Array.of(-Infinity) }
    const page = pageOf([{ ...values, ...key }], { order: Float64Array.of(this.#orderOf(one)), ...stamps })
    const named = this.#parts.by === undefined && this.#keys.fields.length > 0 ? { key: this.#keys.fields } : {}
    this.#context.dead({ ...page, ...named, ...this.#tieOf([one]) }, 0, error)
  }

  #orderOf({ time }: Leaving): number {
    return this.#causes.of(time, { beyond: true })
  }

  #tieOf(from: readonly Leaving[]): Pick<Page, 'tie'> {
    if ((this.#context.lanes ?? 1) === 1) return {}
    const key = this.#keys.fields.map((_, at) => columnOf(from.map(one => one.key[at])))
    return { tie: { time: Float64Array.from(from, ({ time }) => time), key } }
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
      if (one.match === undefined) {
        this.#giveUp(one, one.error)
        continue
      }
      if (from.length > 0 && (from[0]?.port !== one.port || from.length === pageRows)) flush()
      try {
        rows.push(this.#rowOf(one, one.match))
        from.push(one)
      } catch (error) {
        this.#giveUp(one, error)
      }
    }
    flush()
  }

  #rowOf({ key }: Leaving, match: Matched): Row {
    const row: Record<string, unknown> = {}
    for (const [at, field] of this.#keys.fields.entries()) row[field] = key[at] ?? null
    row['matchStart'] = match.first.time
    row['matchEnd'] = match.row.time
    for (const [name, { value }] of Object.entries(this.#parts.select)) row[name] = value(match.row.values ?? {}, match)
    return row
  }

  #pageOf(rows: readonly Row[], from: readonly Leaving[]): Page {
    const times = Float64Array.from(from, ({ time }) => time)
    const order = Float64Array.from(from, one => this.#orderOf(one))
    const page = { kind: 'page' as const, port: from[0]?.port ?? 'main', input: 0, count: rows.length, columns: columnsOf(rows), order }
    // No match that is complete earlier is still to come.
    return { ...page, eventTime: times, watermark: times, ...this.#tieOf(from) }
  }
}
