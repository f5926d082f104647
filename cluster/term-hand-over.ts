/** How leadership passes on while its leader lives: home, away from a node that drains, or to where people want it. */
import { type Draft, enter, giveUp, nextEntry, type Outputs, write, yieldAfter } from './term-draft.ts'
import { backoffMs, candidate, canLead, isMine, mayRaise } from './term-rules.ts'
import type { HandOver, TermInput, View } from './term-state.ts'

/** A leader looks whether another should lead: it drains, or one that is preferred has been there for a while. */
export function leadOn(draft: Draft, view: View, outputs: Outputs): void {
  const { clockMs, options, node } = draft
  if (clockMs - draft.phaseMs >= options.homeMs) draft.failures = 0
  if (!mayRaise(draft)) return
  // A registry that was made anew has forgotten who leads.
  if ((draft.entry?.term ?? 0) < draft.ledTerm) return assertTerm(draft, outputs)
  if (draft.wantsPin) return pin(draft, outputs)
  const isDraining = view.nodes.some(each => each.node === node && !each.isEligible)
  const preferred = candidate(draft, isDraining ? [node] : [])
  if (preferred === null || preferred.node === node) {
    draft.home = null
    return
  }
  if (draft.home?.node !== preferred.node || draft.home.incarnation !== preferred.incarnation)
    draft.home = { node: preferred.node, incarnation: preferred.incarnation, sinceMs: clockMs }
  const isHome = isDraining || clockMs - draft.home.sinceMs >= options.homeMs
  if (isHome && clockMs >= draft.handOverAfterMs) handOver(draft, { to: preferred.node, isPinned: false, failed: [] }, outputs)
}

function assertTerm(draft: Draft, outputs: Outputs): void {
  const { ledTerm: term, node, incarnation, wantsPin: isPinned, revision } = draft
  write(draft, { term, node, incarnation, isPinned }, revision, outputs)
}

function handOver(draft: Draft, to: HandOver, outputs: Outputs): void {
  draft.handOver = to
  enter(draft, 'resigning')
  outputs.push({ kind: 'resign', term: draft.ledTerm, isPlanned: true })
}

/** People want a node to lead. */
export function commanded(draft: Draft, to: string, outputs: Outputs): void {
  if (draft.phase !== 'leading') return
  if (to === draft.node) {
    draft.wantsPin = true
    if (mayRaise(draft)) pin(draft, outputs)
    return
  }
  if (canLead(draft, to)) handOver(draft, { to, isPinned: true, failed: [] }, outputs)
}

/** The same term, with a note for all nodes that people asked for this one. */
function pin(draft: Draft, outputs: Outputs): void {
  const { entry } = draft
  if (entry === null || !isMine(draft, entry) || entry.term !== draft.ledTerm) return
  draft.wantsPin = !entry.isPinned
  if (draft.wantsPin) write(draft, { ...entry, isPinned: true }, draft.revision, outputs)
}

/** This node should no longer lead. */
export function resign(draft: Draft, outputs: Outputs): void {
  const { phase, node, ledTerm } = draft
  if (phase === 'starting') {
    outputs.push({ kind: 'resign', term: ledTerm, isPlanned: false })
    return giveUp(draft)
  }
  if (phase !== 'leading') return
  const next = candidate(draft, [node])
  if (next !== null) return handOver(draft, { to: next.node, isPinned: false, failed: [] }, outputs)
  enter(draft, 'resigning')
  outputs.push({ kind: 'resign', term: ledTerm, isPlanned: true })
}

/** The shard has finished what it had, or did not answer. */
export function resigned(draft: Draft, outputs: Outputs): void {
  const to = draft.handOver
  if (to === null) {
    yieldAfter(draft, 1)
    return enter(draft, 'following')
  }
  enter(draft, 'handing')
  ask(draft, to, outputs)
}

export function ask({ ledTerm: term, revision }: Draft, { to, isPinned }: HandOver, outputs: Outputs): void {
  outputs.push({ kind: 'take', to, term, revision, isPinned })
}

/** Who was asked did not take the term: the next one is, or this node leads on. */
export function askAnother(draft: Draft, outputs: Outputs): void {
  const failed = [...draft.handOver!.failed, draft.handOver!.to]
  draft.handOverFailures++
  draft.handOverAfterMs = draft.clockMs + backoffMs(draft.options.homeMs, draft.options.yieldMostMs, draft.handOverFailures)
  const next = draft.view?.hearsSelf === true ? candidate(draft, failed) : null
  if (next !== null && next.node !== draft.node) {
    draft.handOver = { to: next.node, isPinned: false, failed }
    enter(draft, 'handing')
    return ask(draft, draft.handOver, outputs)
  }
  draft.handOver = null
  enter(draft, 'following')
  if (mayRaise(draft)) write(draft, nextEntry(draft), draft.revision, outputs)
}

/** The leader asks this node to take the term after its own. */
export function asked(draft: Draft, input: TermInput & { kind: 'take' }, outputs: Outputs): void {
  const { view, node } = draft
  // Said again while the answer of the table is awaited, or come too late.
  if (draft.phase !== 'following' || draft.writing !== null || input.revision < draft.revision) return
  const isEligible = view?.nodes.some(each => each.node === node && each.isEligible) === true && draft.clockMs >= draft.yieldUntilMs
  if (!isEligible || !mayRaise(draft)) {
    outputs.push({ kind: 'decline', to: input.from, term: input.term })
    return
  }
  draft.highestTerm = Math.max(draft.highestTerm, input.term)
  write(draft, nextEntry(draft, input.isPinned), input.revision, outputs)
}
