/** A dumb program that says what steps with `inOrder` do: for each key a queue of the rows that were given up. */
import type { Turn } from '../../actors/dead-letter.ts'

export type TwinRow = Readonly<Record<string, unknown>>

export interface TwinLetter {
  readonly step: string
  readonly row: TwinRow
  readonly waits: boolean
  readonly attempts: number
  readonly turn: Turn
  isOpen: boolean
}

interface Queue {
  readonly line: number
  readonly key: string
  next: number
  places: number[]
}

export interface TwinStep {
  readonly id: string
  readonly dies: (row: TwinRow) => boolean
}

/** Steps one behind the other, all in order by the same column. */
export class InOrderTwin {
  readonly letters: TwinLetter[] = []
  readonly passed: TwinRow[] = []
  readonly #steps: readonly TwinStep[]
  readonly #column: string
  readonly #queues = new Map<string, Queue[]>()
  readonly #lastLines = new Map<string, number>()

  constructor(steps: readonly TwinStep[], column: string) {
    this.#steps = steps
    this.#column = column
    for (const { id } of steps) this.#queues.set(id, [])
  }

  row(row: TwinRow, { at = 0, turn, attempts = 0 }: { at?: number; turn?: Turn; attempts?: number } = {}): void {
    const step = this.#steps[at]
    if (step === undefined) return void this.passed.push(row)
    const key = JSON.stringify(row[this.#column] ?? null)
    let mine = turn
    const before = turn && this.#queueOf(step.id, turn)
    if (turn === undefined || before === undefined) mine = undefined
    else if (before.key !== key) {
      this.#leave(step.id, turn)
      mine = undefined
    }
    const queue = this.#queues.get(step.id)!.find(one => one.key === key)
    const mustWait = mine === undefined ? queue !== undefined : queue?.places[0] !== mine.place
    if (!mustWait && !step.dies(row)) {
      if (mine) this.#leave(step.id, mine)
      return this.row(row, { at: at + 1 })
    }
    const tries = attempts + (mustWait ? 0 : 1)
    this.letters.push({ step: step.id, row, waits: mustWait, attempts: tries, turn: mine ?? this.#join(step.id, key), isOpen: true })
  }

  replay(letter: TwinLetter, row: TwinRow, withTurn: boolean): void {
    letter.isOpen = false
    const at = this.#steps.findIndex(({ id }) => id === letter.step)
    this.row(row, { at, attempts: letter.attempts, ...(withTurn && { turn: letter.turn }) })
  }

  discard(letter: TwinLetter): void {
    letter.isOpen = false
    this.#leave(letter.step, letter.turn)
  }

  #queueOf(step: string, { line, place }: Turn): Queue | undefined {
    return this.#queues.get(step)!.find(queue => queue.line === line && queue.places.includes(place))
  }

  #join(step: string, key: string): Turn {
    const queues = this.#queues.get(step)!
    let queue = queues.find(one => one.key === key)
    if (queue === undefined) {
      const line = (this.#lastLines.get(step) ?? 0) + 1
      this.#lastLines.set(step, line)
      queues.push((queue = { line, key, next: 0, places: [] }))
    }
    queue.places.push(queue.next)
    return { line: queue.line, place: queue.next++ }
  }

  #leave(step: string, turn: Turn): void {
    const queue = this.#queueOf(step, turn)
    if (queue === undefined) return
    queue.places = queue.places.filter(place => place !== turn.place)
    if (queue.places.length === 0) this.#queues.set(step, this.#queues.get(step)!.filter(one => one !== queue)) // prettier-ignore
  }
}
