/** The questions that `term.ts` asks of what a node knows about a partition: who should lead, who does, and whether it may raise the term. */
import type { Leader, NodeView, TermEntry, TermState } from './term-state.ts'

/** A heartbeat sent before the entry was written says nothing about it; they come more often than this. */
const HEARTBEAT_MOST_MS = 300
/** A fresh entry is believed for a deadline, doubled up to so often each time this node was deposed: two that do not hear each other take long turns. */
const DOUBLINGS_MOST = 5

export function isMine({ node, incarnation }: TermState, entry: TermEntry): boolean {
  return entry.node === node && entry.incarnation === incarnation
}

/** The shard was told to lead and not yet known to have stopped. */
export function isActive({ phase }: TermState): boolean {
  return phase === 'starting' || phase === 'leading' || phase === 'resigning'
}

/** Nodes that could lead, the one that should first: a node people asked for as long as it lives, and this one last while it lets others go first. */
export function candidates(state: TermState): NodeView[] {
  const { entry, view } = state
  const lead = (view?.nodes ?? []).filter(({ isHealthy, isEligible }) => isHealthy && isEligible)
  const yields = ({ node }: NodeView): boolean => node === state.node && state.clockMs < state.yieldUntilMs
  const able = [...lead.filter(each => !yields(each)), ...lead.filter(yields)]
  const pinned = entry?.isPinned === true ? able.find(each => isOwner(each, entry) && !yields(each)) : undefined
  return pinned === undefined ? able : [pinned, ...able.filter(each => each !== pinned)]
}

export function canLead(state: TermState, node: string): boolean {
  return candidates(state).some(each => each.node === node)
}

/** The node that should lead, among those not excepted; null when there is none. */
export function candidate(state: TermState, except: readonly string[] = []): NodeView | null {
  return candidates(state).find(({ node }) => !except.includes(node)) ?? null
}

function isOwner({ node, incarnation }: NodeView, entry: TermEntry): boolean {
  return node === entry.node && incarnation === entry.incarnation
}

/** A node that hears not even itself raises no terms: it would depose leaders that all others hear. */
export function mayRaise(state: TermState): boolean {
  return state.revision >= 0 && state.writing === null && state.view?.hearsSelf === true
}

/** True when this node should take the next term now. */
export function mayTake(state: TermState): boolean {
  const { clockMs, view, node, openMs, options } = state
  if (view === null || openMs === null || !mayRaise(state) || state.mustRead || clockMs < state.waitUntilMs) return false
  const rank = candidates(state).findIndex(each => each.node === node)
  // Who should lead and does not take the term may be cut off from the table alone: the next one does not wait for ever.
  if (rank < 0 || clockMs - openMs < rank * options.startMs) return false
  if (view.nodes.length < 2) return true
  // A node that has just started has not had the time to hear who is there, unless it has heard all.
  const isNew = clockMs - (state.firstTickMs ?? clockMs) < view.deadlineMs
  if (isNew && view.nodes.some(({ incarnation }) => incarnation === null)) return false
  // Who hears only itself is more likely to be deaf than to be the last one: three deadlines, and one has passed until silence is noticed.
  return state.aloneMs === null || clockMs - state.aloneMs >= 2 * view.deadlineMs
}

/** True when nobody leads, as far as this node can tell. */
export function isOpen(state: TermState): boolean {
  const { entry, node, view } = state
  if (isActive(state) || state.phase === 'handing' || view === null) return false
  return entry === null || entry.node === node || isVacant(state, entry)
}

/** True when the node of the entry can be taken not to lead, though it has not said so. */
function isVacant(state: TermState, entry: TermEntry): boolean {
  const { clockMs, entryMs, idleMs, deposed, options } = state
  const { deadlineMs, nodes } = state.view!
  const owner = nodes.find(({ node }) => node === entry.node)
  if (isGone(owner, entry)) return clockMs - entryMs >= deadlineMs * 2 ** Math.min(deposed, DOUBLINGS_MOST)
  if (idleMs === null) return false
  if (owner?.isEligible !== true) return clockMs - entryMs >= HEARTBEAT_MOST_MS
  return clockMs - idleMs >= options.startMs + deadlineMs
}

function isGone(owner: NodeView | undefined, entry: TermEntry): boolean {
  return owner === undefined || !owner.isHealthy || !isOwner(owner, entry)
}

/** True when the node of the entry is there and says that it does not lead. */
export function isIdle({ entry, view, node }: TermState): boolean {
  if (entry === null || view === null || entry.node === node) return false
  const owner = view.nodes.find(each => each.node === entry.node)
  return owner !== undefined && !isGone(owner, entry) && owner.leadsTerm < entry.term
}

/** Who leads, as far as this node can tell others. */
export function leaderOf(state: TermState): Leader {
  const { entry, node, incarnation, ledTerm, view, startedTerm } = state
  if (isActive(state)) return { node, incarnation, term: ledTerm, isStarted: state.phase !== 'starting' }
  const nobody: Leader = { node: null, incarnation: null, term: entry?.term ?? state.highestTerm, isStarted: false }
  if (entry === null || entry.node === node) return nobody
  const owner = view?.nodes.find(each => each.node === entry.node)
  const isFresh = view === null || state.clockMs - state.entryMs < view.deadlineMs
  if (!isFresh && (isGone(owner, entry) || (isIdle(state) && owner?.isEligible === false))) return nobody
  const isStarted = startedTerm >= entry.term || (owner?.leadsTerm ?? 0) >= entry.term
  return { node: entry.node, incarnation: entry.incarnation, term: entry.term, isStarted }
}

/** What is waited after `failures` tries that failed, at least one. */
export function backoffMs(firstMs: number, mostMs: number, failures: number): number {
  return Math.min(firstMs * 2 ** Math.min(failures - 1, 30), Math.max(mostMs, firstMs))
}
