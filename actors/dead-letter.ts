/** Dead letters as events: what one holds, and the events that say what became of it, all in one stream a topology. */
import type { DeadLetterData, LetterRow, Turn } from '../event/dead-letters.ts'
import type { NewEvent } from '../event/event.ts'
import { positionOf } from '../event/position.ts'
import type { DeadRow } from '../operators/operator.ts'
import { plainOf } from './dead-letter-json.ts'
import type { RowOrigin } from './source.ts'

export const DEAD_LETTER = 'dead-letter'
export const REPLAYED = 'dead-letter.replayed'
export const DISCARDED = 'dead-letter.discarded'

export type { DeadLetterData, Turn } from '../event/dead-letters.ts'

export const causeLengthMax = 2000

/** Where a topology's dead letters are, and what became of them. */
export function deadLetterStream(topology: string): string {
  return `$dead-letter-${topology}`
}

/** A row given up, with all that its step needs to take it again. */
export interface GivenUpRow extends DeadRow {
  /** Number of the input of the step it came by, and the port it left the step before by. Left out for rows that no step was given. */
  readonly input?: number
  readonly port?: string
  readonly eventTime?: number
  readonly key?: readonly string[]
  readonly turn?: Turn
  readonly waits?: true
  /** In lanes: what tells it from others of its order. */
  readonly among?: Among
}

/** See `rank` and `tie` of a page. */
export interface Among {
  readonly rank: number
  readonly time: number
  readonly key: readonly unknown[]
}

/** A dead letter on its way back: the topology reads it at its place in the log. */
export interface ReplayedData extends LetterRow {
  /** Version of the event of the letter. */
  readonly letter: number
  readonly input: number
  /** 2 for the first replay; 1 for that of a row that waited. */
  readonly attempt: number
}

export interface DiscardedData {
  readonly topology: string
  readonly letter: number
  readonly step: string
  readonly reason?: string
  /** Those of a letter of a step with `inOrder`, whose followers need not wait for it any more. */
  readonly deployment?: number
  readonly turn?: Turn
}

/** The events to try one after the other, until one is small and plain enough to be taken: the last holds no more than where the row was. */
export function deadLetters(
  deployed: { readonly topology: string; readonly deployment: number },
  dead: GivenUpRow,
  origin: RowOrigin | undefined,
): NewEvent<typeof DEAD_LETTER, DeadLetterData>[] {
  return lettersFrom(letterOf(deployed, dead, origin))
}

export function lettersFrom(whole: DeadLetterData): NewEvent<typeof DEAD_LETTER, DeadLetterData>[] {
  const bare = { ...whole, payload: null }
  return [whole, bare, { ...bare, row: {}, replayable: false }].map(data => ({ type: DEAD_LETTER, data }))
}

export function letterOf(
  { topology, deployment }: { readonly topology: string; readonly deployment: number },
  dead: GivenUpRow,
  origin: RowOrigin | undefined,
): DeadLetterData {
  const { step, cause, code, input, port, eventTime, key, turn, waits } = dead
  const row = plainOf(dead.row)
  const isTimed = eventTime !== undefined && Number.isFinite(eventTime)
  const replay = origin?.replay
  return {
    topology,
    deployment,
    step,
    cause: cause.slice(0, causeLengthMax),
    ...(code !== undefined && { code }),
    ...originOf(origin, row.value),
    row: row.value as LetterRow['row'],
    ...(isTimed && { eventTime }),
    ...(key && { key }),
    ...(input !== undefined && { input }),
    ...(port !== undefined && { port }),
    ...(turn && { turn }),
    ...(waits && { waits }),
    attempts: replay?.step === step ? replay.attempt - 1 + dead.attempts : dead.attempts,
    replayable: row.isExact && input !== undefined && (eventTime === undefined || isTimed),
    ...(replay && { replayOf: replay.letter }),
  }
}

function originOf(origin: RowOrigin | undefined, row: unknown): Pick<LetterRow, 'position' | 'payload' | 'stream' | 'type'> {
  if (origin === undefined) return { position: null, payload: row }
  const { place, stream, type, replay } = origin
  if (replay === undefined)
    return { position: positionOf(place.stamp, place.partition, place.sequence), payload: payloadOf(origin), stream, type }
  return {
    position: replay.position,
    payload: replay.payload,
    ...(replay.stream !== undefined && { stream: replay.stream }),
    ...(replay.type !== undefined && { type: replay.type }),
  }
}

function payloadOf(origin: RowOrigin): unknown {
  if (origin.encoding === 'json') {
    try {
      return JSON.parse(Buffer.from(origin.data).toString())
    } catch {
      return { $bytes: Buffer.from(origin.data).toString('base64') }
    }
  }
  return { $bytes: Buffer.from(origin.data).toString('base64'), encoding: origin.encoding }
}

/** The event that sends a letter back to its step, with a row that may have been patched. */
export function replayOf(letter: DeadLetterData & { readonly input: number }, id: number, row: LetterRow['row']): ReplayedData {
  const { topology, deployment, step, input, port, eventTime, key, turn, position, stream, type, payload } = letter
  return {
    topology,
    deployment,
    letter: id,
    step,
    input,
    ...(port !== undefined && { port }),
    row,
    ...(eventTime !== undefined && { eventTime }),
    ...(key && { key }),
    ...(turn && { turn }),
    attempt: letter.attempts + 1,
    position,
    ...(stream !== undefined && { stream }),
    ...(type !== undefined && { type }),
    payload,
  }
}

/** The data of a stored event of the type, if it is a replay of this deployment. */
export function readReplay(data: unknown, deployment: number): ReplayedData | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const replay = data as ReplayedData
  const isWhole = typeof replay.step === 'string' && typeof replay.row === 'object' && replay.row !== null
  return isWhole && replay.deployment === deployment ? replay : undefined
}

/** A letter of a step with `inOrder` that was put away. */
export interface PutAway {
  readonly step: string
  readonly turn: Turn
}

/** The data of a stored event of the type, if it is of this deployment and of a letter that others may wait behind. */
export function readPutAway(data: unknown, deployment: number): PutAway | undefined {
  if (typeof data !== 'object' || data === null) return undefined
  const { step, turn, deployment: of } = data as DiscardedData
  return of === deployment && typeof step === 'string' && turn !== undefined ? { step, turn } : undefined
}
