/** What the writers of the kill test send: a lane is one sequential client, and the number of a request says all that is in it. */
import type { NewEvent } from '../../event/event.ts'
import type { AppendOptions } from '../../event/event-store.ts'
import type { CommandLine } from './kill-commands.ts'

/** `plain` sends without ids and is never repeated; the others are sent again after a crash, as a careful client does. */
export type LaneKind = 'plain' | 'ids' | 'version' | 'producer' | 'hundred' | 'ordered'

export interface Lane {
  readonly lane: number
  readonly kind: LaneKind
}

export interface LaneRequest {
  readonly stream: string
  readonly events: readonly NewEvent[]
  readonly options: AppendOptions
}

/** 1,160 clients, so that more than a thousand requests are in flight whenever all of them wait. */
const counts: Readonly<Record<LaneKind, number>> = { plain: 400, ids: 300, version: 250, producer: 200, hundred: 8, ordered: 2 }

export const lanes: readonly Lane[] = (Object.keys(counts) as LaneKind[])
  .flatMap(kind => Array.from({ length: counts[kind] }, () => kind))
  .map((kind, lane) => ({ lane, kind }))

export const isRepeated = ({ lane, kind }: Lane): boolean => (kind === 'hundred' ? lane % 2 === 0 : kind !== 'plain' && kind !== 'ordered')

export const HUNDRED = 100
export const ORDERED = 600
const SHARED_STREAMS = 40
const WORDS = 'all that was acknowledged is there, in its order, once, and as it was sent; '

export const eventsOf = ({ kind }: Lane): number => (kind === 'hundred' ? HUNDRED : kind === 'ordered' ? ORDERED : 1)

/** What the event stored for place `index` of a lane's request must be. */
export function eventOf({ lane, kind }: Lane, request: number, index: number): NewEvent {
  const words = WORDS.slice(0, (lane * 31 + request * 7 + index) % WORDS.length)
  const data = { lane, request, index, cents: (lane * 13 + request) % 200, at: request * 600_000 + (lane % 7) * 1000, words }
  const hasId = kind === 'ids' || kind === 'version' || (kind === 'hundred' && lane % 2 === 0)
  return { type: `sent.${kind}`, data, ...(hasId && { id: `${lane}/${request}/${index}` }) }
}

export function streamOf({ lane, kind }: Lane, request: number, index: number): string {
  if (kind === 'plain' || kind === 'producer') return `${kind}-${lane % SHARED_STREAMS}`
  if (kind === 'ordered') return `ordered-${lane}-${(request + index) % SHARED_STREAMS}`
  return `${kind}-${lane}`
}

/** Requests are numbered from 1. */
export function requestOf(lane: Lane, request: number): LaneRequest {
  const events = Array.from({ length: eventsOf(lane) }, (_, index) => eventOf(lane, request, index))
  return { stream: streamOf(lane, request, 0), events, options: optionsOf(lane, request) }
}

function optionsOf({ lane, kind }: Lane, request: number): AppendOptions {
  if (kind === 'version') return { expectedVersion: request - 1 }
  if (kind === 'producer') return { producer: `lane-${lane}`, producerSequence: request }
  return {}
}

/** One line of the pipe from the victim to the judge. */
export type Line =
  | { readonly phase: 'opening' | 'open' | 'closing' | 'closed' }
  | { readonly flying: number; readonly segments: number }
  | { readonly lane: number; readonly request: number; readonly place: Place | null }
  | CommandLine
  | { readonly wrong: string }

/** Where an acknowledgement said that a request lies; null when it said no more than that it is stored. */
export interface Place {
  readonly partition: number
  readonly firstSequence: number
  readonly firstVersion: number
  readonly version: number
}

/** What the victim is told once it is to begin. */
export interface Order {
  readonly directory: string
  readonly partitions: number
  readonly shards: number
  readonly segmentEntries: number
  /** Next request of each lane. */
  readonly next: readonly number[]
  /** Begins to close after so many milliseconds of appending; never when null. */
  readonly closeAfterMs: number | null
  /** The module with `sums`; the topology of the file runs beside it. */
  readonly topology: string | null
  /** With `os` an append is answered once the system has it: a kill takes nothing of that. */
  readonly durability: 'os' | 'disk'
}
