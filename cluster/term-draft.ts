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

/** Failed to lead so many times in a row: others go first, and with nobody else there it waits a little. */
export function yieldAfter(draft: Draft, failures: number): void {
  const { clockMs, options } = draft
  draft.waitUntilMs = clockMs + backoffMs(options.retryMs, options.retryMostMs, failures)
  draft.yieldUntilMs = clockMs + backoffMs(options.startMs, options.yieldMostMs, failures)
}

/** Did not get to lead. */
export function giveUp(draft: Draft): void {
  draft.failures++
  draft.mustRead = true
  yieldAfter(draft, draft.failures)
  enter(draft, 'following')
}
