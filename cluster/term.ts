/**
 * Who leads one partition, as one node decides it: a pure step, without clock, socket or promise. The table says who may try, by compare-and-set; what
 * makes an old leader harmless is the condition of each append. A term is led by at most one incarnation of one node, and told to its shard once.
 */
import { isSameTerm } from './leaders.ts'
import type { RegistryWrite } from './registry.ts'
import { type Draft, enter, giveUp, nextEntry, type Outputs, write, yieldAfter } from './term-draft.ts'
import { ask, askAnother, asked, commanded, leadOn, resign, resigned } from './term-hand-over.ts'
import { isActive, isIdle, isMine, isOpen, leaderOf, mayTake } from './term-rules.ts'
import type { Stepped, TermEntry, TermInput, TermState, View } from './term-state.ts'

/** What is read behind so many counts even if its revision is lower: the registry was made anew, and not only this read is old. */
const CONFLICTS_MOST = 3

/** What comes of an input. Neither is changed. */
export function step(state: TermState, input: TermInput): Stepped {
  const draft: Draft = { ...state }
  const outputs: Outputs = []
  passTime(draft, input.nowMs)
  apply(draft, input, outputs)
  settle(draft, outputs)
  return { state: draft, outputs }
}

/** A pause of the process is not silence of the others: from one input to the next no more than a deadline passes, and time never goes back. */
function passTime(draft: Draft, nowMs: number): void {
  const passedMs = Math.max(0, nowMs - (draft.inputMs ?? nowMs))
  draft.clockMs += Math.min(passedMs, draft.view?.deadlineMs ?? passedMs)
  draft.inputMs = nowMs
}

function apply(draft: Draft, input: TermInput, outputs: Outputs): void {
  switch (input.kind) {
    case 'tick':
      return tick(draft, input.view, outputs)
    case 'entry':
      if (isNewer(draft, input)) adopt(draft, input.entry, input.revision)
      return
    case 'read':
      draft.isReading = false
      draft.mustRead = false
      if (isNewer(draft, input) || draft.conflicts >= CONFLICTS_MOST) adopt(draft, input.entry, input.revision)
      return
    case 'read-failed':
      draft.isReading = false
      draft.readAfterMs = draft.clockMs + draft.options.retryMs
      return
    case 'write':
      return written(draft, input.result)
    case 'started':
      return started(draft, input.term, outputs)
    case 'lost':
      return lost(draft, input.term, outputs)
    case 'resigned':
      if (input.term === draft.ledTerm && draft.phase === 'resigning') resigned(draft, outputs)
      return
    case 'record':
      draft.startedTerm = Math.max(draft.startedTerm, input.term)
      draft.highestTerm = Math.max(draft.highestTerm, input.term)
      // The log is ahead of the watch.
      if (input.term > (draft.entry?.term ?? 0)) draft.mustRead = true
      return
    case 'hand-over':
      return commanded(draft, input.to, outputs)
    case 'resign':
      return resign(draft, outputs)
    case 'take':
      return asked(draft, input, outputs)
    case 'declined':
      if (draft.phase === 'handing' && input.term === draft.ledTerm && input.by === draft.handOver?.to) askAnother(draft, outputs)
      return
  }
}

function tick(draft: Draft, view: View, outputs: Outputs): void {
  const { clockMs, options } = draft
  draft.view = view
  draft.firstTickMs ??= clockMs
  draft.aloneMs = view.hearsOthers || view.nodes.length < 2 ? null : (draft.aloneMs ?? clockMs)
  draft.idleMs = isIdle(draft) ? (draft.idleMs ?? clockMs) : null
  draft.openMs = isOpen(draft) ? (draft.openMs ?? clockMs) : null
  if (clockMs - draft.deposedMs >= options.calmMs) draft.deposed = 0
  if (draft.mustRead && !draft.isReading && clockMs >= draft.readAfterMs) {
    draft.isReading = true
    outputs.push({ kind: 'read' })
  }
  const inPhaseMs = clockMs - draft.phaseMs
  switch (draft.phase) {
    case 'following':
      if (mayTake(draft)) write(draft, nextEntry(draft), draft.revision, outputs)
      return
    case 'starting':
      if (inPhaseMs < options.startMs) return
      outputs.push({ kind: 'resign', term: draft.ledTerm, isPlanned: false })
      return giveUp(draft)
    case 'leading':
      return leadOn(draft, view, outputs)
    case 'resigning':
      // A shard that does not answer can not be waited for; the append of the next leader stops it.
      if (inPhaseMs >= options.startMs) resigned(draft, outputs)
      return
    case 'handing':
      if (inPhaseMs >= view.deadlineMs) return askAnother(draft, outputs)
      ask(draft, draft.handOver!, outputs)
      return
  }
}

/** What holds whatever the input was: a higher term ends a lower one, a term that the table gives this node is led, and changes are told. */
function settle(draft: Draft, outputs: Outputs): void {
  if (draft.highestTerm > draft.ledTerm && draft.phase !== 'following') {
    if (isActive(draft)) outputs.push({ kind: 'resign', term: draft.ledTerm, isPlanned: false })
    if (draft.handOver === null) {
      draft.deposed++
      draft.deposedMs = draft.clockMs
    } else draft.handOverFailures = 0
    draft.handOver = null
    draft.wantsPin = false
    enter(draft, 'following')
  }
  const { entry } = draft
  if (
    draft.phase === 'following' &&
    entry !== null &&
    isMine(draft, entry) &&
    entry.term > draft.ledTerm &&
    entry.term >= draft.highestTerm
  ) {
    draft.ledTerm = entry.term
    draft.home = null
    enter(draft, 'starting')
    outputs.push({ kind: 'lead', term: entry.term })
  }
  const leader = leaderOf(draft)
  const { told } = draft
  if (isSameTerm(leader, told) && leader.isStarted === told.isStarted) return
  draft.told = leader
  outputs.push({ kind: 'tell', leader })
}

/** Revisions rise with terms, but for a registry that was made anew: its terms go on. */
function isNewer(draft: Draft, { entry, revision }: { readonly entry: TermEntry | null; readonly revision: number }): boolean {
  return revision > draft.revision || (entry?.term ?? 0) > (draft.entry?.term ?? 0)
}

function adopt(draft: Draft, entry: TermEntry | null, revision: number): void {
  const isOther = entry?.term !== draft.entry?.term || entry?.node !== draft.entry?.node
  draft.entry = entry
  draft.revision = revision
  draft.conflicts = 0
  draft.highestTerm = Math.max(draft.highestTerm, entry?.term ?? 0)
  if (!isOther) return
  draft.entryMs = draft.clockMs
  draft.idleMs = null
}

function written(draft: Draft, result: RegistryWrite): void {
  const { writing } = draft
  if (writing === null) return
  draft.writing = null
  if (result.kind === 'written') {
    if (result.revision > draft.revision) adopt(draft, writing.entry, result.revision)
    return
  }
  // The watch may have said already what became of it.
  if (draft.revision > writing.revision) return
  draft.mustRead = true
  if (result.kind === 'unknown') return
  draft.conflicts++
  draft.waitUntilMs = Math.max(draft.waitUntilMs, draft.clockMs + draft.options.retryMs)
}

function started(draft: Draft, term: number, outputs: Outputs): void {
  if (term !== draft.ledTerm) return
  draft.startedTerm = Math.max(draft.startedTerm, term)
  if (draft.phase === 'starting') return enter(draft, 'leading')
  // It began after this node had given it up.
  if (draft.phase === 'following') outputs.push({ kind: 'resign', term, isPlanned: false })
}

function lost(draft: Draft, term: number, outputs: Outputs): void {
  if (term !== draft.ledTerm) return
  if (draft.phase === 'starting') return giveUp(draft)
  if (draft.phase === 'resigning') return resigned(draft, outputs)
  if (draft.phase !== 'leading') return
  draft.failures++
  draft.mustRead = true
  // The first time it may well be the one that should go on, at once; who keeps losing lets others try.
  if (draft.failures > 1) yieldAfter(draft, draft.failures - 1)
  enter(draft, 'following')
}
