/** What a pipeline pulls its pages from: the log, or a user's generator. */
import type { Encoding, Stamp } from '../event/event.ts'
import type { Place } from '../event/position.ts'
import type { Page, Port } from '../operators/flow.ts'
import type { DeadRow } from '../operators/operator.ts'
import type { PutAway, ReplayedData, Turn } from './dead-letter.ts'

/** How far a source was read; saved with every epoch. */
export interface SourcePosition {
  /** Of the last row handed out; null before the first, and always for generators. */
  readonly place: Place | null
  /** Rows handed out since the deployment. */
  readonly rows: number
  /** Last sequence handed out of each partition. */
  readonly sequences: Readonly<Record<string, number>>
}

export const NOTHING_READ: SourcePosition = { place: null, rows: 0, sequences: {} }

/** Where a row came from, for its dead letter. */
export interface RowOrigin {
  readonly place: Place
  readonly stream: string
  readonly type: string
  readonly encoding: Encoding
  readonly data: Uint8Array
  /** Of a row that was given up before and is tried again. */
  readonly replay?: ReplayedData
}

/** The rows of a page that leave the source by one of its ports. */
export interface Tap {
  readonly port: Port
  /** All rows when left out. */
  readonly selection?: Int32Array
}

/** A page of a source, with what the graph must know of its way beside it. */
export interface PulledPage extends Page {
  /** By which ports its rows leave; by `main` when left out. */
  readonly taps?: readonly Tap[]
  /** The one row was given up before: it goes to this step and to no other. */
  readonly replay?: { readonly step: string; readonly input: number; readonly turn?: Turn }
  /** It holds no row: a letter was put away, so that the rows behind it wait for it no more. */
  readonly putAway?: PutAway
  /** It holds no row but the clock: when this was recorded, ms since the epoch. */
  readonly tick?: number
}

export interface Source {
  readonly id: string
  /** The next page, or null when there is none now. */
  next(): PulledPage | null
  /** After a null: no row will ever come. */
  readonly isEnded: boolean
  readonly position: SourcePosition
  /** Rows of the page last handed out that could not be read; they are not alive in it. */
  readonly dead: readonly DeadRow[]
  /** The stored event of a row of the page last handed out. */
  originOf(order: number): RowOrigin | undefined
  /** The same of that page, when others have been handed out since. */
  originsOf(): (order: number) => RowOrigin | undefined
  /** After a null: all rows below this stamp were handed out; left out by what makes its own rows. */
  readonly head?: Stamp
  /** Resolves when there may be more. May resolve too often, and too late by a poll of the pipeline. */
  changed(): Promise<void>
}
