/** The changes of a partition's state that several steps make; a draft belongs to one step alone. */
import { backoffMs, isMine } from './term-rules.ts'
import type { TermEntry, TermOutput, TermPhase, TermState } from './term-state.ts'

export type Draft = { -readonly [Name in keyof TermState]: TermState[Name] }
export type Outputs = TermOutput[]

export function enter(draft: Draft, phase: TermPhase): void {
  draft.phase = phase
  draft.phaseMs = draft.clockMs
}

/** The next term for this node; who was asked for by people stays so. */
export function nextEntry(draft: Draft, isPinned = draft.entry?.isPinned === true && isMine(draft, draft.entry)): TermEntry {
  return { term: draft.highestTerm + 1, node: draft.node, incarnation: draft.incarnation, isPinned }
}

export function write(draft: Draft, entry: TermEntry, revision: number, outputs: Outputs): void {
  draft.writing = { entry, revision }
  outputs.push({ kind: 'write', entry, revision })
}

export function yieldFor(draft: Draft, ms: number): void {
  draft.yieldUntilMs = draft.clockMs + ms
}

/** Did not get to lead: the next candidate tries, and this one later. */
export function giveUp(draft: Draft): void {
  draft.failures++
  draft.mustRead = true
  yieldFor(draft, backoffMs(draft, draft.options.retryMs, draft.failures))
  enter(draft, 'following')
}
