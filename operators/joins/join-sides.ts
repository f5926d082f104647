/** What joins of every kind stand on: two sides of kept rows, numbers for their keys, the time, rows on their way out, and their state. */
import { isDeepStrictEqual } from 'node:util'
import { assert } from '../../event/assert.ts'
import { EventStoreError } from '../../event/error.ts'
import { ByteReader, ByteWriter } from '../aggregates/bytes.ts'
import { takeRows } from '../columns.ts'
import type { Column, Moves, Page } from '../flow.ts'
import { exactValue } from '../keyed/exact.ts'
import { type MemoryShare, StateMemory } from '../keyed/state-memory.ts'
import type { StepContext } from '../operator.ts'
import { columnNamed, firstRows } from '../page.ts'
import { KeyIds, type KeyValue } from '../windows/window-keys.ts'
import { Causes } from '../windows/window-order.ts'
import { nullsOf, storable } from './join-columns.ts'
import { type JoinKind, type JoinOptions, keyOfInput, leavesAlone, matchOf, takeOf } from './join-options.ts'
import { JoinedRows } from './joined-rows.ts'
import { pieceRow, readPiece, SavedRows } from './saved-rows.ts'
import { StoredRows } from './stored-rows.ts'

export type Send = (page: Page) => void

export interface SidesOptions {
  readonly join: JoinOptions
  /** What else decides which rows meet: plain JSON. */
  readonly shape: Readonly<Record<string, unknown>>
  /** Length of the windows in which rows meet; 0 when they meet anywhere. The start of the window is the last part of the key then. */
  readonly sizeMs?: number
}

const meaningRow = Uint8Array.of(0)
const clockRow = Uint8Array.of(1)

/** Above this, numbers of keys without rows are given up. */
const keysKept = 65_536

interface Meaning {
  readonly key: readonly string[]
  readonly columns: readonly (readonly string[] | null)[]
  readonly shape: unknown
}

export abstract class JoinSides {
  protected readonly kind: JoinKind
  protected readonly sides: readonly [left: StoredRows, right: StoredRows]
  protected readonly saved: readonly [left: SavedRows, right: SavedRows]
  protected readonly causes = new Causes()
  protected readonly output: JoinedRows
  protected readonly context: StepContext
  /** The watermark as it stands before the row that is worked on. */
  protected now = -Infinity
  protected keys: KeyIds
  /** What leaves carries times. */
  protected isTimed = true
  readonly #keyFields: readonly (readonly string[])[]
  /** Columns of each side that must be fit to be kept; undefined where that are all that come. */
  readonly #looksAt: readonly (readonly string[] | undefined)[]
  readonly #sizeMs: number
  readonly #meaning: Meaning
  readonly #writer = new ByteWriter()
  readonly #share: MemoryShare
  /** What the sides took at the last barrier. */
  #savedBytes = 0
  #savedNow = -Infinity
  #isMeaningSaved = false
  /** Rows of the page at work that have a place, but are not stored there yet. */
  #pending: { rows: Int32Array; places: Int32Array; count: number } = { rows: new Int32Array(0), places: new Int32Array(0), count: 0 }
  #page: Page | undefined
  /** Places to be used again once what was made of them has left. */
  readonly #left: readonly [number[], number[]] = [[], []]

  constructor(context: StepContext, { join, shape, sizeMs = 0 }: SidesOptions) {
    this.context = context
    this.#share = (context.memory ?? new StateMemory()).share()
    this.kind = join.kind ?? 'inner'
    this.#sizeMs = sizeMs
    this.#keyFields = [0, 1].map(input => keyOfInput(join, input))
    this.keys = this.#newKeys()
    const names = keptColumns(join, context)
    this.#looksAt = names.map((list, input) => list && [...new Set([...list, ...(this.#keyFields[input] as readonly string[])])])
    this.sides = [new StoredRows(names[0]), new StoredRows(names[1])]
    const savedSide = (side: 0 | 1): SavedRows =>
      new SavedRows({
        state: context.state,
        side,
        rows: this.sides[side],
        keyOf: key => this.keys.keyOf(key),
        isFixed: names[side] !== undefined,
      })
    this.saved = [savedSide(0), savedSide(1)]
    this.output = new JoinedRows({
      left: this.sides[0],
      right: this.sides[1],
      take: takeOf(join),
      match: leavesAlone(this.kind, 1) ? matchOf(join) : [],
      tieOf: (context.lanes ?? 1) > 1 ? key => this.keys.keyOf(key) : undefined,
      sizeMs,
    })
    const [left = [], right = []] = this.#keyFields
    this.#meaning = { key: left, columns: names.map(list => list ?? null), shape: { ...shape, kind: this.kind, right, sizeMs } }
  }

  #newKeys(): KeyIds {
    const fields = this.#keyFields[0] as readonly string[]
    return new KeyIds(this.#sizeMs > 0 ? [...fields, windowField] : fields)
  }

  expect(moves: Moves): void {
    this.causes.expect(moves)
  }

  /** Where a saved row stands among those of its key. */
  protected linkSaved(side: 0 | 1, place: number, row: { key: number; time: number; close: number }): void {
    this.sides[side].link(place, row)
  }

  /** The page without rows whose values can not be kept. */
  protected begin(page: Page, input: 0 | 1): Page {
    this.causes.note(page)
    const names = this.#looksAt[input] ?? new Set([...page.columns.keys(), ...(this.#keyFields[input] as readonly string[])])
    const fitting = storable(page, names, (row, error) => this.context.dead(page, row, error))
    this.#page = fitting
    return fitting
  }

  /** Numbers of the keys of rows, and for which of them a part of the key is null. */
  protected keysOf(page: Page, input: 0 | 1, { rows, starts }: { rows: Int32Array; starts?: Float64Array | undefined }): Keyed {
    const columns = (this.#keyFields[input] as readonly string[]).map(name => columnNamed(page, name))
    const isNull = nullsOf(columns, rows)
    const asKey = (own: readonly Column[]): Page => ({
      ...page,
      columns: new Map(own.map((column, at) => [this.keys.fields[at] as string, column])),
    })
    if (starts === undefined) return { ids: this.keys.idsOf(asKey(columns), rows), isNull }
    const own = columns.map(column => takeRows(column, rows))
    return { ids: this.keys.idsOf(asKey([...own, { kind: 'number', values: starts }]), firstRows(rows.length)), isNull }
  }

  /** A place for a row of the page at work; its columns are stored before anything leaves. */
  protected placeFor(row: number, input: 0 | 1): number {
    const pending = this.#pending
    if (pending.count === pending.rows.length) {
      const longer = (values: Int32Array): Int32Array<ArrayBuffer> => {
        const larger = new Int32Array(Math.max(64, 2 * values.length))
        larger.set(values)
        return larger
      }
      this.#pending = { rows: longer(pending.rows), places: longer(pending.places), count: pending.count }
    }
    const place = this.sides[input].place()
    this.#pending.rows[pending.count] = row
    this.#pending.places[pending.count] = place
    this.#pending.count = pending.count + 1
    return place
  }

  /** Takes a row out; its place is free once what was made of it has left. */
  protected drop(side: 0 | 1, place: number, isOver: boolean): void {
    this.saved[side].leaving(place, isOver)
    this.sides[side].unlink(place)
    this.#left[side].push(place)
  }

  /** A place that was never linked. */
  protected giveBack(side: 0 | 1, place: number): void {
    this.#left[side].push(place)
  }

  /** Stores what has places, sends what has gathered, and frees the places of rows that are gone. */
  protected flush(input: 0 | 1, send: Send): void {
    this.store(input)
    this.output.flush(this.isTimed, send)
    for (const side of [0, 1] as const) {
      for (const place of this.#left[side]) this.sides[side].release(place)
      this.#left[side].length = 0
    }
  }

  protected store(input: 0 | 1): void {
    const { rows, places, count } = this.#pending
    if (count === 0 || this.#page === undefined) return
    this.sides[input].store(this.#page, rows.subarray(0, count), places.subarray(0, count))
    this.#pending.count = 0
  }

  /** Memory follows the rows that are kept, and what they take is told: all of them stay, so other steps give up more. */
  protected trim(): void {
    const [left, right] = this.sides
    left.trim()
    right.trim()
    const used = left.bytes + right.bytes
    this.#share.set(used, Math.max(0, used - this.#savedBytes))
    const old = this.keys
    if (old.size <= keysKept || old.size < 4 * (left.size + right.size)) return
    this.keys = this.#newKeys()
    const idOf = (key: number): number => this.keys.idOf(old.keyOf(key))
    for (const side of [0, 1] as const) {
      this.saved[side].renumber(idOf)
      this.sides[side].renumber(idOf)
    }
  }

  save(): void {
    const { state } = this.context
    if (this.now !== this.#savedNow && this.now < Infinity) {
      this.#writer.number(this.now)
      state.put(clockRow, this.#writer.take())
      this.#savedNow = this.now
    }
    if (!this.#isMeaningSaved && this.sides.some(({ size }) => size > 0)) {
      this.#isMeaningSaved = true
      this.#writer.text(JSON.stringify(this.#meaning))
      state.put(meaningRow, this.#writer.take())
    }
    for (const saved of this.saved) saved.save()
    this.#savedBytes = this.sides[0].bytes + this.sides[1].bytes
    this.#share.set(this.#savedBytes, 0)
  }

  /** Reads what was written. Called when the step has been made. */
  protected load(): void {
    let meaning: Meaning | undefined
    for (const [row, bytes] of this.context.state.rows()) {
      const name = new ByteReader(row)
      const kind = name.byte()
      const reader = new ByteReader(bytes)
      if (kind === meaningRow[0]) meaning = this.#readMeaning(reader)
      else if (kind === clockRow[0]) this.now = this.#savedNow = reader.number()
      else if (kind === pieceRow) {
        assert(meaning !== undefined, 'rows of a join were saved without what they mean')
        this.#readPiece(name, reader, meaning)
      }
    }
    this.#isMeaningSaved = meaning !== undefined
  }

  #readMeaning(reader: ByteReader): Meaning {
    const saved = JSON.parse(reader.text()) as Meaning
    const { columns, ...own } = JSON.parse(JSON.stringify(this.#meaning)) as Meaning
    const lacks = columns.some((names, side) => names?.some(name => saved.columns[side]?.includes(name) === false))
    if (!lacks && isDeepStrictEqual(own, { key: saved.key, shape: saved.shape })) return saved
    const { step } = this.context
    const what = lacks ? 'the rows it saved have not all the columns that are wanted now' : 'the rows it saved were kept with other options'
    throw new EventStoreError('INCOMPATIBLE', `step ${step}: ${what}; give it another id`, { step })
  }

  #readPiece(name: ByteReader, reader: ByteReader, { key: fields, columns: names }: Meaning): void {
    const side = name.byte() as 0 | 1
    const key = exactValue(name.text()) as KeyValue[]
    const serial = name.integer()
    if (this.context.owns?.(fields, key.slice(0, fields.length)) === false) return
    const id = this.keys.idOf(key)
    const { rows, columns } = readPiece(reader, names[side] ?? undefined)
    const places: number[] = []
    for (const [index, { time, close, flags }] of rows.entries()) {
      if (close < this.now) continue
      const place = this.sides[side].place()
      for (const [column, values] of columns) this.sides[side].put(place, column, values[index])
      this.linkSaved(side, place, { key: id, time, close })
      this.sides[side].flags[place] = flags
      places.push(place)
    }
    this.saved[side].loaded(id, serial, places)
  }
}

/** No column of a user can have a name with a control character. */
const windowField = '\u0000window'

export interface Keyed {
  readonly ids: Int32Array
  /** 1 for rows whose key is null in part; undefined when there are none. */
  readonly isNull: Uint8Array | undefined
}

/** The columns of each side that are kept; undefined for all that come. */
function keptColumns(join: JoinOptions, { inputs }: StepContext): readonly (readonly string[] | undefined)[] {
  const reads = inputs?.[0]?.reads
  const left = reads === undefined || reads.includes('*') ? undefined : reads
  const fields = takeOf(join).map(([, field]) => field)
  const right = leavesAlone(join.kind ?? 'inner', 1) ? [...fields, ...keyOfInput(join, 1)] : fields
  return [left, [...new Set(right)].sort()]
}
