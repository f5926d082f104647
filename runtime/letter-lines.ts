/** The letters of steps that keep them in order: which are open, and which of them stands before which. A fold of their stream. */
import type { DeadLetterData } from '../actors/dead-letter.ts'

/** The letters of one key that are open. */
export class LetterLine {
  readonly name: string
  /** By place in the line. */
  readonly #letters = new Map<number, number>()
  /** Sought when it is asked for: a line that is replayed loses its first ones. */
  #firstPlace: number | undefined

  constructor(name: string) {
    this.name = name
  }

  add(place: number, letter: number): void {
    this.#letters.set(place, letter)
    if (this.#firstPlace !== undefined && place < this.#firstPlace) this.#firstPlace = place
  }

  remove(place: number): void {
    this.#letters.delete(place)
    if (place === this.#firstPlace) this.#firstPlace = undefined
  }

  get size(): number {
    return this.#letters.size
  }

  /** The letter that all others wait behind. */
  get first(): number | undefined {
    if (this.#firstPlace === undefined)
      for (const place of this.#letters.keys()) this.#firstPlace = Math.min(this.#firstPlace ?? place, place)
    return this.#firstPlace === undefined ? undefined : this.#letters.get(this.#firstPlace)
  }

  /** In the order of their places. */
  get letters(): readonly number[] {
    return [...this.#letters].sort(([a], [b]) => a - b).map(([, letter]) => letter)
  }
}

/** What a letter needs for it; letters of other steps have no turn. */
export type LinedLetter = Pick<DeadLetterData, 'deployment' | 'step' | 'turn'>

export class LetterLines {
  readonly #lines = new Map<string, LetterLine>()
  /** Of each letter that is open. */
  readonly #spots = new Map<number, { readonly line: LetterLine; readonly place: number }>()

  add(letter: number, { deployment, step, turn }: LinedLetter): void {
    if (turn === undefined) return
    const name = `${deployment} ${turn.line} ${step}`
    const line = this.#lines.get(name) ?? new LetterLine(name)
    this.#lines.set(name, line)
    line.add(turn.place, letter)
    this.#spots.set(letter, { line, place: turn.place })
  }

  /** The letter is open no more. */
  remove(letter: number): void {
    const spot = this.#spots.get(letter)
    if (spot === undefined) return
    const { line, place } = spot
    this.#spots.delete(letter)
    line.remove(place)
    if (line.size === 0) this.#lines.delete(line.name)
  }

  /** Undefined for a letter that is not open, and for one of a step that keeps no order. */
  lineOf(letter: number): LetterLine | undefined {
    return this.#spots.get(letter)?.line
  }

  /** Undefined when none of its letters is open. */
  named(name: string): LetterLine | undefined {
    return this.#lines.get(name)
  }

  /** The open letter that this one waits behind. */
  before(letter: number): number | undefined {
    const first = this.lineOf(letter)?.first
    return first === letter ? undefined : first
  }
}
