/** The rows a topology gave up, as people and programs meet them. */
import type { Position } from './event.ts'

/** Where a letter stands among those of its key, at a step that keeps them in order. */
export interface Turn {
  /** Begun by the row of the key that was given up first; no other line of the step has this number. */
  readonly line: number
  /** Kept when the row is given up again: 0 for the first one of the line. */
  readonly place: number
}

/** The row itself, with what stands beside it. */
export interface LetterRow {
  readonly topology: string
  /** Of which deployment; rows of another are not its business. */
  readonly deployment: number
  readonly step: string
  readonly row: Readonly<Record<string, unknown>>
  readonly input?: number
  readonly port?: string
  readonly eventTime?: number
  readonly key?: readonly string[]
  /** Of a step with `inOrder`. */
  readonly turn?: Turn
  /** Of the event that the row came from; null where there is none. */
  readonly position: Position | null
  readonly stream?: string
  readonly type?: string
  /** Data of that event as far as it can be read; the row where there is no event. */
  readonly payload: unknown
}

export interface DeadLetterData extends LetterRow {
  readonly cause: string
  readonly code?: string
  /** How often the step has tried the row; 0 as long as it waits. */
  readonly attempts: number
  /** It was not tried, because an earlier row of its key was given up. */
  readonly waits?: true
  /** The row is here as it was, so that it can be tried again. */
  readonly replayable: boolean
  /** The letter whose replay ended in this one: version of its event. */
  readonly replayOf?: number
}

/** `superseded`: of an earlier deployment of the topology, all of whose rows the present one has taken anew. */
export type DeadLetterStatus = 'open' | 'replayed' | 'discarded' | 'superseded'

export interface DeadLetter extends DeadLetterData {
  /** Version of its event in the stream `$dead-letter-<topology>`. */
  readonly id: number
  readonly status: DeadLetterStatus
  /** When it was written, ms since the epoch. */
  readonly recorded: number
  /** When it was last replayed or discarded, ms since the epoch. */
  readonly handled?: number
  /** Why it was discarded. */
  readonly reason?: string
  /** The open letter of the same key that it waits behind; of a step with `inOrder`. */
  readonly behind?: number
}

export interface DeadLetterListOptions {
  /** Default `open`. */
  readonly status?: DeadLetterStatus | 'all'
  readonly step?: string
  readonly limit?: number
  /** Begins behind this one. */
  readonly after?: number
}

/** By id; all that are open; or all that are open of one step. */
export type DeadLetterChoice = number | readonly number[] | 'all' | { readonly step: string }

export interface ReplayOptions {
  /** Columns to replace in each row; null takes one away. */
  readonly set?: Readonly<Record<string, unknown>>
  /** Also those that were replayed or discarded before; only for letters named by id. */
  readonly again?: boolean
}

export interface DiscardOptions {
  readonly reason?: string
  /** As for a replay. */
  readonly again?: boolean
}

export interface HandledLetters {
  /** How many of those chosen; without those that somebody else has handled meanwhile. */
  readonly letters: number
  /** How many waited behind them and were replayed with them, in order. */
  readonly followers: number
  /** Open ones that stay open: of `all` or a step those that can not be replayed, and those that wait behind one that can not. */
  readonly skipped: number
  /** How many more have come to wait behind them meanwhile, as far as they are in the log: replay those, too. */
  readonly waiting: number
  /** Of the last event written; the topology has taken the rows when it is past this. Null when there was none. */
  readonly position: Position | null
}

export interface DeadLetters {
  /** In the order of their ids. NOT_FOUND at the first read when there is no such topology. */
  list(options?: DeadLetterListOptions): AsyncIterable<DeadLetter>
  /** NOT_FOUND when no letter has this id. */
  show(id: number): Promise<DeadLetter>
  /**
   * Writes the rows into the log for the topology to take again, each at its step. NOT_FOUND for an id that is no letter's; INVALID for one that
   * was handled before, is not replayable, is of another deployment or waits behind one that is not chosen, and when the topology does not follow
   * the log. Then nothing was written. What waits behind the letters chosen goes with them.
   */
  replay(choice: DeadLetterChoice, options?: ReplayOptions): Promise<HandledLetters>
  /** Puts them away. What waits behind them alone is replayed, if the topology takes rows. */
  discard(choice: DeadLetterChoice, options?: DiscardOptions): Promise<HandledLetters>
}
