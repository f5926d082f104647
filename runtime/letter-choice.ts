/** The dead letters that somebody chose, and those that go with them because they wait behind one: each key's in its order. */
import type { DiscardedData, ReplayedData } from '../actors/dead-letter.ts'
import { EventStoreError } from '../event/error.ts'
import type { NewEvent } from '../event/event.ts'
import type { DeadLetter, HandledLetters, LetterReader } from './dead-letters.ts'
import type { Deployment } from './deploy/registry.ts'
import type { LetterAppends, LetterDeed } from './letter-appends.ts'
import type { LetterLine } from './letter-lines.ts'

type LetterEvent = NewEvent<string, ReplayedData | DiscardedData>

export interface ChosenDeed {
  readonly deployment: Deployment | undefined
  readonly kind: 'replay' | 'discard'
  /** Also with letters that were handled before. */
  readonly again: boolean
  eventOf(letter: DeadLetter): LetterEvent
  /** Why it can not be done with this one. */
  refusal(letter: DeadLetter): EventStoreError | undefined
  /** The replay of one that nobody chose, or why there can be none. */
  followerOf(letter: DeadLetter): LetterEvent | EventStoreError
  readonly areFollowersTaken: boolean
}

/** A line of which some letters were named. */
interface NamedLine {
  /** As they were when all was looked at. */
  readonly letters: readonly number[]
  readonly chosen: Set<number>
}

export class LetterChoice {
  readonly #reader: LetterReader
  readonly #appends: LetterAppends
  readonly #deed: ChosenDeed
  /** What comes later was not chosen. */
  readonly #from: number
  /** Names of the lines in which something was done. */
  readonly #touched = new Set<string>()
  #skipped = 0

  constructor(reader: LetterReader, appends: LetterAppends, deed: ChosenDeed) {
    this.#reader = reader
    this.#appends = appends
    this.#deed = deed
    this.#from = reader.book.version
  }

  /** All of them are looked at before the first event is written. */
  async named(ids: readonly number[]): Promise<HandledLetters> {
    const { again, deployment, kind } = this.#deed
    const lines = new Map<LetterLine, NamedLine>()
    const units: (DeadLetter | NamedLine)[] = []
    for (const id of new Set(ids)) {
      const letter = await this.#reader.named(id, deployment)
      const refusal = this.#deed.refusal(letter)
      if (refusal) throw refusal
      const line = letter.status === 'open' ? this.#reader.book.lines.lineOf(id) : undefined
      const named = line && lines.get(line)
      if (named) named.chosen.add(id)
      else {
        const unit = line === undefined ? letter : { letters: line.letters, chosen: new Set([id]) }
        units.push(unit)
        if (line !== undefined) lines.set(line, unit as NamedLine)
      }
    }
    for (const [line, named] of lines) {
      this.#touched.add(line.name)
      if (kind === 'replay') await this.#checkAhead(named)
    }
    for (const unit of units) {
      if ('chosen' in unit) await this.#takeLine(unit)
      else await this.#take(unit, again ? 'repeat' : 'refuse')
    }
    return this.#answer()
  }

  /** Those that are open now: what dies again meanwhile is not among them. */
  async open(step: string | undefined): Promise<HandledLetters> {
    const { deployment, kind, refusal } = this.#deed
    for await (const letter of this.#reader.letters(deployment, { from: 1, to: this.#from })) {
      if (letter.status !== 'open' || (step !== undefined && letter.step !== step)) continue
      const line = this.#reader.book.lines.lineOf(letter.id)
      const isFirstOfLine = line !== undefined && !this.#touched.has(line.name)
      if (line !== undefined) this.#touched.add(line.name)
      if (line === undefined || kind === 'discard') {
        if (refusal(letter)) this.#skipped++
        else await this.#take(letter, 'leave')
      } else if (isFirstOfLine) {
        // One that died again stands before others that came before it.
        const letters = line.letters.filter(id => id <= this.#from)
        await this.#replayLine(letters, new Set(letters), 'leave')
      }
    }
    return this.#answer()
  }

  /** A letter can only go when all before it have gone; it is named in vain when one of them can not. */
  async #checkAhead({ letters, chosen }: NamedLine): Promise<void> {
    const [first] = letters
    const say = (message: string, behind: number | undefined): EventStoreError => {
      const { topology } = this.#reader
      const [id] = chosen
      return new EventStoreError('INVALID', `topology ${topology}: dead letter ${id} waits behind dead letter ${behind}${message}`, {
        topology,
        id,
        behind,
      })
    }
    if (!chosen.has(first!)) throw say('; replay or discard that one', first)
    const last = letters.findLastIndex(id => chosen.has(id))
    const between = letters.slice(0, last).filter(id => !chosen.has(id))
    for await (const letter of this.#reader.these(between, this.#deed.deployment))
      if (this.#deed.followerOf(letter) instanceof EventStoreError) throw say(', which can not be replayed', letter.id)
  }

  /** Those of a line that were named, and the others if they wait behind those alone. */
  async #takeLine({ letters, chosen }: NamedLine): Promise<void> {
    const { kind, again, deployment, areFollowersTaken } = this.#deed
    const ifHandled = again ? 'repeat' : 'refuse'
    if (kind === 'replay') return this.#replayLine(letters, chosen, ifHandled)
    for await (const letter of this.#reader.these([...chosen], deployment)) await this.#take(letter, ifHandled)
    if (!chosen.has(letters[0]!)) return
    const followers = letters.filter(id => !chosen.has(id))
    if (areFollowersTaken) await this.#replayLine(followers, new Set(), 'leave')
    else this.#skipped += followers.length
  }

  /** In their order, up to the first that can not be replayed. */
  async #replayLine(letters: readonly number[], chosen: ReadonlySet<number>, ifHandled: LetterDeed['ifHandled']): Promise<void> {
    let left = letters.length
    for await (const letter of this.#reader.these(letters, this.#deed.deployment)) {
      if (this.#deed.followerOf(letter) instanceof EventStoreError) break
      left--
      if (chosen.has(letter.id)) await this.#take(letter, ifHandled)
      else await this.#follow(letter)
    }
    this.#skipped += left
  }

  #take(letter: DeadLetter, ifHandled: LetterDeed['ifHandled']): Promise<void> {
    return this.#appends.add({ letter: letter.id, event: this.#deed.eventOf(letter), ifHandled, isFollower: false })
  }

  async #follow(letter: DeadLetter): Promise<void> {
    const event = this.#deed.followerOf(letter)
    if (!(event instanceof EventStoreError)) await this.#appends.add({ letter: letter.id, event, ifHandled: 'leave', isFollower: true })
  }

  async #answer(): Promise<HandledLetters> {
    await this.#appends.end()
    const { book } = this.#reader
    if (this.#touched.size > 0) await this.#reader.catchUp()
    const isLater = (id: number): boolean => id > this.#from
    const waiting = [...this.#touched].reduce((sum, name) => sum + (book.lines.named(name)?.letters.filter(isLater).length ?? 0), 0)
    const { letters, followers, position } = this.#appends
    return { letters, followers, skipped: this.#skipped, waiting, position }
  }
}
