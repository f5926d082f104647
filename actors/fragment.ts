/** The running graph of a plan in one thread: built once, then pages and control are pushed through it synchronously. */
import type { Barrier, End, Flow, Tick, Watermark } from '../operators/flow.ts'
import { compareKeys } from '../operators/windows/window-keys.ts'
import type { Plan } from '../topology/plan.ts'
import type { Among, GivenUpRow } from './dead-letter.ts'
import { SavedWatermarks, watermarksStep, watermarksVersion } from './saved-watermarks.ts'
import { SharedProjections } from './shared-projections.ts'
import type { PulledPage } from './source.ts'
import { type GraphContext, StepGraph } from './step-graph.ts'
import { rowAt, type StepCounters } from './step-node.ts'
import { TickWaits } from './ticks.ts'

export type { StepCounters } from './step-node.ts'

/** The outside of a fragment: that of its graph, and what becomes of rows given up. */
export interface FragmentContext extends GraphContext {
  /** A row that no other step takes. */
  dead(row: GivenUpRow): void
  /** Bytes of an epoch that steps in other lanes put. */
  add?(bytes: Uint8Array): void
  /** There is room for pushes again, or something went wrong in a lane. */
  woken?(): void
}

/** Where all steps run in one thread, both are called within the push. */
export interface Passage {
  /** Before each stretch of its way in which it may do something outside; pushes before it may do more in between. */
  begun?(): void
  /** It has gone all the way, and so has every push before it. */
  done?(): void
}

export interface Fragment {
  /**
   * The flow goes all the way through the graph: where all steps run in this thread, before this returns. All calls to the context are made
   * then, those of one push between those of the pushes around it. Throws what broke the graph.
   */
  push(flow: PulledPage | Watermark | Barrier | End, passage?: Passage): void
  /** So much is on its way in lanes that nothing more should be pushed now. */
  readonly isFull?: boolean
  /** Resolves when all that was pushed has gone all the way; left out where that is always so. Rejects with what broke the graph, or CLOSED. */
  drained?(): Promise<void>
  /** About how many bytes wait in lanes for the next barrier. */
  readonly dirtyBytes?: number
  readonly counters: ReadonlyMap<string, StepCounters>
  /** How long each step has worked since it was made, ms, in all lanes together; nobody knows when left out. */
  readonly busyMs?: ReadonlyMap<string, number>
  /** The largest watermark that the first `eventTime` has sent; undefined before that. */
  readonly watermark?: number | undefined
  /** When a tick is due, should no row come before it, ms since the epoch; −Infinity for at once, Infinity when nobody waits for one. */
  readonly tickAt?: number
  /** Nobody waits for lanes any more: what is on its way is given up, and nothing may be pushed. */
  abandon?(): void
  close(): void
}

/** Builds the graph; loads tables, functions and the saved state of every step. */
export async function createFragment(plan: Plan, context: FragmentContext): Promise<Fragment> {
  const watermarks = new SavedWatermarks(context.state(watermarksStep, watermarksVersion))
  const shared = new SharedProjections(plan)
  const waits = new TickWaits(plan)
  const graph = await StepGraph.build({ plan, steps: plan.steps, watermarks, shared, waits }, context)
  const { nodes, dead } = graph
  const hand = handing(plan, context)
  const timed = [...nodes.values()].find(({ step }) => step.operator === 'eventTime')
  return {
    counters: new Map(Array.from(nodes, ([id, node]) => [id, node.counters])),
    get busyMs() {
      return new Map(Array.from(nodes, ([id, node]) => [id, node.busyMs]))
    },
    get watermark() {
      return timed?.sent
    },
    get tickAt() {
      return waits.dueAt
    },
    push(flow, passage) {
      graph.check()
      passage?.begun?.()
      enter(graph, withTicks(flow), { source: plan.source.id, watermarks })
      graph.flush()
      shared.settle()
      if (flow.kind === 'barrier') graph.attempt(() => graph.save(watermarks))
      graph.check()
      hand(dead)
      dead.length = 0
      passage?.done?.()
    },
    close: () => graph.close(),
  }
}

/** A flow of the source comes to those who take from it; a row that was given up, to its step again. */
export function enter(
  graph: StepGraph,
  flow: PulledPage | Watermark | Tick | Barrier | End,
  { source, watermarks }: { readonly source: string; readonly watermarks: SavedWatermarks },
): void {
  if (flow.kind === 'tick') watermarks.order = Math.max(watermarks.order, flow.order)
  if (flow.kind === 'page') {
    // Where pushes follow one another through layers, a letter comes to its own after others.
    watermarks.order = Math.max(watermarks.order, lastOrderOf(flow) ?? 0)
    const { putAway, replay } = flow
    if (putAway) return graph.attempt(() => graph.nodes.get(putAway.step)?.ordered?.lines.leave(putAway.turn))
    if (replay) return graph.attempt(() => sendBack(graph, flow, replay))
  }
  for (const one of flowsOfSource(flow, watermarks)) graph.receive(source, one)
}

/** A page that holds the clock and no row is a tick for the graph. */
export function withTicks<Other extends Watermark | Barrier | End>(flow: PulledPage | Other): PulledPage | Tick | Other {
  return flow.kind === 'page' && flow.tick !== undefined ? { kind: 'tick', time: flow.tick, order: flow.order[0] as number } : flow
}

/** What the source sends: the rows of a page by the ports of those who want them, before anything is merged; at the end the order of its last row. */
export function flowsOfSource(flow: PulledPage | Watermark | Tick | Barrier | End, { order }: SavedWatermarks): readonly Flow[] {
  if (flow.kind === 'end') return [{ ...flow, order }]
  if (flow.kind !== 'page' || flow.taps === undefined) return [flow]
  const { taps, selection: _, ...page } = flow
  return taps.flatMap(({ port, selection }) => {
    if (selection?.length === 0) return []
    const isWhole = selection === undefined || selection.length === page.count
    return [isWhole ? { ...page, port } : { ...page, port, selection }]
  })
}

/** A row that was given up comes to its step again, stamped with the watermark that stands there now. */
export function sendBack(graph: StepGraph, pulled: PulledPage, { step, input, turn }: NonNullable<PulledPage['replay']>): void {
  const { replay: _, ...page } = pulled
  const node = graph.nodes.get(step)
  if (node !== undefined && input < node.step.from.length)
    return node.enter(input, page.eventTime ? { ...page, watermark: Float64Array.of(node.reached) } : page, turn)
  const cause = `there is no step ${step} that takes it`
  graph.dead.push({ step, cause, code: 'NOT_FOUND', order: page.order[0] as number, row: rowAt(page, 0), attempts: 1 })
}

/** Of a page's rows, some of which may be of no interest to anybody. */
function lastOrderOf(page: PulledPage): number | undefined {
  const last = page.selection === undefined ? page.count - 1 : page.selection.at(-1)
  return last === undefined ? undefined : page.order[last]
}

/** In the order of the rows and then of the steps, so that dead letters lie in the same order at any size of pages. */
export function handing({ steps }: Plan, context: Pick<FragmentContext, 'dead'>): (dead: readonly GivenUpRow[]) => void {
  const numbers = new Map(steps.map(({ id }, number) => [id, number]))
  const numberOf = ({ step }: GivenUpRow): number => numbers.get(step) ?? -1
  return dead => {
    const sorted = dead.toSorted((a, b) => a.order - b.order || numberOf(a) - numberOf(b) || compareAmong(a.among, b.among))
    for (const { among: _, ...row } of sorted) context.dead(row)
  }
}

/** Without a rank it is the first of its order. */
const first: Among = { rank: -1, time: 0, key: [] }

function compareAmong(a = first, b = first): number {
  // Two that are infinite have no difference.
  return (a.rank === b.rank ? 0 : a.rank - b.rank) || a.time - b.time || compareKeys(a.key, b.key)
}
