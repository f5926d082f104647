/**
 * The lines of a step that keeps dead letters in order: of each key whose row was given up, the places that are still to be replayed or put
 * away. In memory there is a stretch of places for a key, however many letters wait; on disk a row for a key.
 */
import { createHash } from 'node:crypto'
import { EventStoreError } from '../event/error.ts'
import { valueAt } from '../operators/columns.ts'
import type { Page } from '../operators/flow.ts'
import type { StepState } from '../operators/operator.ts'
import { columnNamed } from '../operators/page.ts'
import type { HeldKeys } from '../event/topologies.ts'
import type { Turn } from './dead-letter.ts'
import { plainOf } from './dead-letter-json.ts'

/** No step can have an id with a control character. */
export const linesStep = (step: string): string => `\u0000lines ${step}`
export const linesVersion = 1

/** Keys held at one step, with the stretches that letters put away in their midst leave behind. */
export const heldMax = 100_000
/** A key of a longer text is known by its digest. */
const keyTextMax = 200

interface Line {
  readonly id: number
  readonly key: string
  /** The place of the next row that comes to wait. */
  next: number
  /** The places that are open as `from, to` (without `to`), rising. Never empty. */
  readonly open: number[]
}

type SavedLine = Pick<Line, 'key' | 'next' | 'open'>

export class KeyLines {
  readonly #step: string
  readonly #columns: readonly string[]
  readonly #state: StepState
  readonly #byKey = new Map<string, Line>()
  readonly #byId = new Map<number, Line>()
  readonly #changed = new Set<number>()
  /** The number of the line begun last. */
  #last = 0
  #stretches = 0

  constructor(step: string, columns: readonly string[], state: StepState) {
    this.#step = step
    this.#columns = columns
    this.#state = state
    for (const [key, value] of state.rows()) {
      const id = Number(Buffer.from(key).toString())
      const saved: unknown = JSON.parse(Buffer.from(value).toString())
      if (id === 0) this.#last = saved as number
      else this.#put({ id, ...(saved as SavedLine) })
    }
  }

  /** The key of a row: equal for a row that comes back from its letter. What JSON can not hold is told apart as letters show it. */
  keyAt(page: Page, row: number): string {
    const text = this.#columns.map(name => valueText(valueAt(columnNamed(page, name), row))).join()
    return text.length <= keyTextMax ? text : createHash('sha256').update(text).digest('base64')
  }

  /** Keys that have a letter, and all their letters: the first of each and those that wait behind it. */
  get held(): HeldKeys {
    let letters = 0
    for (const { open } of this.#byId.values())
      for (let at = 0; at < open.length; at += 2) letters += (open[at + 1] as number) - (open[at] as number)
    return { keys: this.#byId.size, letters }
  }

  isHeld(key: string): boolean {
    return this.#byKey.has(key)
  }

  /** The key of a turn that is not over. */
  keyOf(turn: Turn): string | undefined {
    const line = this.#byId.get(turn.line)
    return line !== undefined && stretchOf(line, turn.place) >= 0 ? line.key : undefined
  }

  /** No turn of its line that is not over stands before it. */
  isFirst({ line, place }: Turn): boolean {
    return this.#byId.get(line)?.open[0] === place
  }

  /** The turn of one more row of a key: at the end of its line, or the first of a new one. */
  join(key: string): Turn {
    const line = this.#byKey.get(key) ?? this.#begin(key)
    const place = line.next++
    if (line.open.at(-1) === place) line.open[line.open.length - 1] = place + 1
    else this.#split(line, line.open.length, [place, place + 1])
    this.#changed.add(line.id)
    return { line: line.id, place }
  }

  /** The turn is over; nothing when it was before. */
  leave({ line: id, place }: Turn): void {
    const line = this.#byId.get(id)
    const at = line === undefined ? -1 : stretchOf(line, place)
    if (line === undefined || at < 0) return
    const [from, to] = [line.open[at] as number, line.open[at + 1] as number]
    line.open.splice(at, 2)
    this.#stretches--
    if (place > from) this.#split(line, at, [from, place])
    if (place + 1 < to) this.#split(line, place > from ? at + 2 : at, [place + 1, to])
    this.#changed.add(id)
    if (line.open.length > 0) return
    this.#byId.delete(id)
    this.#byKey.delete(line.key)
  }

  /** Writes what changed since the last barrier. */
  save(): void {
    if (this.#changed.size === 0) return
    this.#state.put(Buffer.from('0'), Buffer.from(String(this.#last)))
    for (const id of this.#changed) {
      const line = this.#byId.get(id)
      const row = Buffer.from(String(id))
      if (line === undefined) this.#state.delete(row)
      else this.#state.put(row, Buffer.from(JSON.stringify({ key: line.key, next: line.next, open: line.open } satisfies SavedLine)))
    }
    this.#changed.clear()
  }

  #begin(key: string): Line {
    const line = { id: ++this.#last, key, next: 0, open: [] }
    this.#put(line)
    return line
  }

  #put(line: Line): void {
    this.#byKey.set(line.key, line)
    this.#byId.set(line.id, line)
    this.#stretches += line.open.length / 2
  }

  #split(line: Line, at: number, stretch: readonly [from: number, to: number]): void {
    line.open.splice(at, 0, ...stretch)
    if (++this.#stretches <= heldMax) return
    const message =
      `step ${this.#step} keeps dead letters in order, and more than ${heldMax} keys wait behind one; ` +
      'mend what makes its rows die and deploy the topology again'
    throw new EventStoreError('TOO_LARGE', message, { step: this.#step, limit: heldMax, actual: this.#stretches })
  }
}

/** What all steps hold together; nothing when no key is held. */
export function heldOf(all: readonly KeyLines[]): { readonly held?: HeldKeys } {
  const held = all.map(lines => lines.held)
  const keys = held.reduce((sum, one) => sum + one.keys, 0)
  return keys === 0 ? {} : { held: { keys, letters: held.reduce((sum, one) => sum + one.letters, 0) } }
}

/** As JSON has it. */
function valueText(value: unknown): string {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  return JSON.stringify(typeof value === 'string' ? value : plainOf(value).value)
}

/** Index in `open` of the stretch that holds a place; −1 when it is not open. */
function stretchOf({ open }: Line, place: number): number {
  let [low, high] = [0, open.length / 2]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((open[2 * middle + 1] as number) <= place) low = middle + 1
    else high = middle
  }
  return Number.isSafeInteger(place) && 2 * low < open.length && (open[2 * low] as number) <= place ? 2 * low : -1
}
