/** What one node knows and does about who leads one partition: the words of `term.ts`. */
import type { RegistryWrite } from './registry.ts'
import { isNodeId } from './wire.ts'

/** What the registry holds for a partition: who took which term. It proves nothing to a reader; only an append does. */
export interface TermEntry {
  readonly term: number
  readonly node: string
  readonly incarnation: string
  /** People asked for this node: leadership does not go home as long as it is healthy. */
  readonly isPinned: boolean
}

/** Another node, or this one, as far as this partition is concerned. */
export interface NodeView {
  readonly node: string
  /** Of its last heartbeat; null when none was heard. */
  readonly incarnation: string | null
  readonly isHealthy: boolean
  /** Caught up enough, not draining, and its copy of the partition is not stopped. */
  readonly isEligible: boolean
  /** The term at which it says it leads the partition; 0 if it does not. */
  readonly leadsTerm: number
}

export interface View {
  /** All members, this node too, in the order the partition prefers them. */
  readonly nodes: readonly NodeView[]
  /** Its own heartbeats come back. */
  readonly hearsSelf: boolean
  readonly hearsOthers: boolean
  /** Silence after which a node counts as dead, never less than this node's own delays allow. */
  readonly deadlineMs: number
}

export interface TermOptions {
  /** Who was told to lead and has not begun by then gives up; who was told to resign and has not answered by then is passed over. */
  readonly startMs: number
  /** How long a node that is preferred must be healthy and eligible before leadership goes home to it. */
  readonly homeMs: number
  /** The first wait before something that failed is tried again; doubled each time it fails again, up to `retryMostMs`. */
  readonly retryMs: number
  readonly retryMostMs: number
  /** Who fails to lead again and again lets others go first for twice as long each time, up to this. */
  readonly yieldMostMs: number
  /** A node that was not deposed for so long forgets that it was. */
  readonly calmMs: number
}

export const termOptions: TermOptions = {
  startMs: 5_000,
  homeMs: 5_000,
  retryMs: 200,
  retryMostMs: 5_000,
  yieldMostMs: 120_000,
  calmMs: 60_000,
}

/**
 * `following`: another leads, or nobody. `starting`: the shard was told to lead. `leading`: it has begun. `resigning`: it was told to finish what it has.
 * `handing`: it has, and another node was asked to take the term.
 */
export type TermPhase = 'following' | 'starting' | 'leading' | 'resigning' | 'handing'

export interface Leader {
  /** Null while nobody is known that could lead. */
  readonly node: string | null
  /** The process of it that took the term. */
  readonly incarnation: string | null
  readonly term: number
  /** Its first record is known to be there. */
  readonly isStarted: boolean
}

export interface HandOver {
  readonly to: string
  readonly isPinned: boolean
  /** Nodes that were asked before and did not take the term. */
  readonly failed: readonly string[]
}

export interface TermState {
  readonly node: string
  readonly incarnation: string
  readonly options: TermOptions
  /** Time as it was looked at: it never goes back, and goes on by no more than a deadline from one input to the next. */
  readonly clockMs: number
  readonly inputMs: number | null
  readonly phase: TermPhase
  readonly phaseMs: number
  /** The highest term that the shard was told to lead; no term is led twice. */
  readonly ledTerm: number
  readonly entry: TermEntry | null
  /** Of the entry; -1 before the first was read. */
  readonly revision: number
  readonly entryMs: number
  /** The highest term seen anywhere; the next one is above it. */
  readonly highestTerm: number
  /** The highest term whose first record is known to be in the log. */
  readonly startedTerm: number
  readonly view: View | null
  readonly firstTickMs: number | null
  /** Since when nobody but this node itself is heard. */
  readonly aloneMs: number | null
  /** Since when the entry's node is there but says that it does not lead. */
  readonly idleMs: number | null
  /** Since when nobody leads, as far as this node can tell. */
  readonly openMs: number | null
  readonly mustRead: boolean
  readonly isReading: boolean
  readonly readAfterMs: number
  readonly writing: { readonly entry: TermEntry; readonly revision: number } | null
  /** Writes in a row that met a conflict, though nothing newer was seen since. */
  readonly conflicts: number
  /** No term is raised before. */
  readonly waitUntilMs: number
  /** All others that could lead go first until then; this node says in its heartbeats that it is not eligible. */
  readonly yieldUntilMs: number
  readonly failures: number
  readonly handOver: HandOver | null
  readonly handOverFailures: number
  readonly handOverAfterMs: number
  /** The preferred node that leadership goes home to, and since when it could. */
  readonly home: { readonly node: string; readonly incarnation: string | null; readonly sinceMs: number } | null
  readonly wantsPin: boolean
  /** How often another node took the term from this one while it lived, and when it last did. */
  readonly deposed: number
  readonly deposedMs: number
  readonly told: Leader
}

/** `nowMs` is of a clock that only goes forward. */
export type TermInput = { readonly nowMs: number } & (
  | { readonly kind: 'tick'; readonly view: View }
  /** The registry's entry changed, as a watch says, or was read. */
  | { readonly kind: 'entry' | 'read'; readonly entry: TermEntry | null; readonly revision: number }
  | { readonly kind: 'read-failed' }
  | { readonly kind: 'write'; readonly result: RegistryWrite }
  /** This node's shard appended and applied the first record of a term. */
  | { readonly kind: 'started'; readonly term: number }
  /** The shard no longer leads a term: fenced, could not tell what became of an append, or could not start. */
  | { readonly kind: 'lost'; readonly term: number }
  /** The shard has finished what it had and leads no longer, as it was told. */
  | { readonly kind: 'resigned'; readonly term: number }
  /** The first record of a term was followed, whoever wrote it. */
  | { readonly kind: 'record'; readonly term: number }
  /** People want this node to lead. */
  | { readonly kind: 'hand-over'; readonly to: string }
  /** Lead no longer, whoever is next. */
  | { readonly kind: 'resign' }
  /** The leader asks this node to take the term after its own. */
  | { readonly kind: 'take'; readonly from: string; readonly term: number; readonly revision: number; readonly isPinned: boolean }
  /** Who was asked can not. */
  | { readonly kind: 'declined'; readonly by: string; readonly term: number }
)

export type TermOutput =
  | { readonly kind: 'read' }
  | { readonly kind: 'write'; readonly entry: TermEntry; readonly revision: number }
  | { readonly kind: 'lead'; readonly term: number }
  /** `isPlanned`: what is in flight is finished first, and `resigned` is the answer. */
  | { readonly kind: 'resign'; readonly term: number; readonly isPlanned: boolean }
  | { readonly kind: 'take'; readonly to: string; readonly term: number; readonly revision: number; readonly isPinned: boolean }
  | { readonly kind: 'decline'; readonly to: string; readonly term: number }
  | { readonly kind: 'tell'; readonly leader: Leader }

export interface Stepped {
  readonly state: TermState
  readonly outputs: readonly TermOutput[]
}

/** A node that has just started: it knows nothing and leads nothing. */
export function firstTermState(node: string, incarnation: string, options: Partial<TermOptions> = {}): TermState {
  return {
    node,
    incarnation,
    options: { ...termOptions, ...options },
    clockMs: 0,
    inputMs: null,
    phase: 'following',
    phaseMs: 0,
    ledTerm: 0,
    entry: null,
    revision: -1,
    entryMs: 0,
    highestTerm: 0,
    startedTerm: 0,
    view: null,
    firstTickMs: null,
    aloneMs: null,
    idleMs: null,
    openMs: null,
    mustRead: true,
    isReading: false,
    readAfterMs: 0,
    writing: null,
    conflicts: 0,
    waitUntilMs: 0,
    yieldUntilMs: 0,
    failures: 0,
    handOver: null,
    handOverFailures: 0,
    handOverAfterMs: 0,
    home: null,
    wantsPin: false,
    deposed: 0,
    deposedMs: 0,
    told: { node: null, incarnation: null, term: 0, isStarted: false },
  }
}

/** The entry in a value of the registry; null when it is none. */
export function readTermEntry(value: unknown): TermEntry | null {
  const { term, node, incarnation, isPinned } = (value ?? {}) as Partial<Record<keyof TermEntry, unknown>>
  const isWhole = isTerm(term) && isNodeId(node) && typeof incarnation === 'string' && typeof isPinned === 'boolean'
  return isWhole ? { term, node, incarnation, isPinned } : null
}

/** Terms are whole numbers from 1. */
export function isTerm(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0
}
