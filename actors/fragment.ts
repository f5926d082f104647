/** The running graph of a plan: built once, then pages and control are pushed through it synchronously. */
import { Observable, type OperatorFunction, Subject, type Subscription } from 'rxjs'
import { assert } from '../event/assert.ts'
import { anyRow } from '../operators/expressions/types.ts'
import { recordedOf } from '../event/stamp.ts'
import type { Barrier, End, Flow, Row, Tick, Watermark } from '../operators/flow.ts'
import type { ProjectionWriter, StepContext, StepState } from '../operators/operator.ts'
import { chainsOf } from '../topology/chains.ts'
import type { Plan } from '../topology/plan.ts'
import type { GivenUpRow } from './dead-letter.ts'
import { KeyLines, linesStep, linesVersion } from './key-lines.ts'
import { Merge } from './merge.ts'
import { SharedProjections } from './shared-projections.ts'
import { SavedWatermarks, watermarksStep, watermarksVersion } from './saved-watermarks.ts'
import type { PulledPage } from './source.ts'
import { TickWaits } from './ticks.ts'
import { type Edge, rowAt, send, type StepCounters, StepNode, type StepOutbox } from './step-node.ts'

export type { StepCounters } from './step-node.ts'

/** The outside of a fragment: its state, its outputs and its module. */
export interface FragmentContext {
  /** URL of the topology's module; tables are read from paths beside it. */
  readonly module: string
  state(step: string, schemaVersion: number): StepState
  projection(name: string, step: string): ProjectionWriter
  /** Rows of a projection of another topology; there are none when left out. */
  lookup?(projection: string): (key: readonly unknown[]) => Row | undefined
  outbox(step: string): StepOutbox
  /** A row that no other step takes. */
  dead(row: GivenUpRow): void
  /** The value named by `module#export`, the module resolved against the topology's. */
  resolve(reference: string): Promise<unknown>
  /** Noted before each call of a user's function, so that one that never returns can be blamed. */
  beforeCall?(step: string, order: number): void
}

export interface Fragment {
  /** Synchronous: when it returns, the flow has left the graph and all calls to the context were made. Throws what broke the graph. */
  push(flow: PulledPage | Watermark | Tick | Barrier | End): void
  readonly counters: ReadonlyMap<string, StepCounters>
  /** The largest watermark that the first `eventTime` has sent; undefined before that. */
  readonly watermark?: number | undefined
  /** When a tick is due, should no row come before it, ms since the epoch; −Infinity for at once, Infinity when nobody waits for one. */
  readonly tickAt?: number
  close(): void
}

type Run = OperatorFunction<Flow, Flow>

interface Outcome {
  /** Rows given up in this push. */
  readonly dead: GivenUpRow[]
  failure?: { readonly error: unknown }
}

/** Builds the graph; loads tables, functions and the saved state of every step. */
export async function createFragment(plan: Plan, context: FragmentContext): Promise<Fragment> {
  const outcome: Outcome = { dead: [] }
  const bury = (row: GivenUpRow): void => void outcome.dead.push(row)
  const nodes = new Map(plan.steps.map(step => [step.id, new StepNode(step, bury)]))
  const edges = wire(plan, nodes)
  const watermarks = new SavedWatermarks(context.state(watermarksStep, watermarksVersion))
  const shared = new SharedProjections(plan)
  const ticks = new TickWaits(plan)
  const runs = new Map<StepNode, Run>()
  for (const node of nodes.values()) {
    if (node.step.from.length > 1) node.merge = mergeInto(node)
    watermarks.restore(node)
    node.takers = edges.get(node.step.id) ?? []
    keepInOrder(node, context)
    runs.set(node, await node.operator.create(node.step.options as never, stepContext(node, { plan, context, shared, ticks })))
  }
  const subscriptions = chainsOfAll(plan, nodes).map(chain => subscribe(chain, runs, outcome))
  const first = edges.get(plan.source.id) ?? []
  const numbers = new Map(plan.steps.map(({ id }, number) => [id, number]))
  const timed = [...nodes.values()].find(({ step }) => step.operator === 'eventTime')
  const merges = [...nodes.values()].flatMap(({ merge }) => merge ?? [])
  return {
    counters: new Map(Array.from(nodes, ([id, node]) => [id, node.counters])),
    get watermark() {
      return timed?.sent
    },
    get tickAt() {
      return ticks.dueAt
    },
    push(flow) {
      rethrow(outcome)
      if (flow.kind === 'page') watermarks.order = lastOrderOf(flow) ?? watermarks.order
      attempt(outcome, () => {
        if (flow.kind === 'page' && flow.putAway) nodes.get(flow.putAway.step)?.ordered?.lines.leave(flow.putAway.turn)
        else if (flow.kind === 'page' && flow.replay) sendBack(flow, flow.replay, { nodes, bury })
        else if (flow.kind === 'page' && flow.tick !== undefined) send(first, { kind: 'tick', time: flow.tick, order: watermarks.order })
        else if (flow.kind === 'page' && flow.taps) sendByTaps(flow, flow.taps, first)
        else send(first, flow.kind === 'end' ? { ...flow, order: watermarks.order } : flow)
      })
      for (const merge of merges) attempt(outcome, () => merge.flush())
      shared.settle()
      if (flow.kind === 'barrier') attempt(outcome, () => save(nodes, watermarks))
      rethrow(outcome)
      hand(outcome.dead, numbers, context)
    },
    close() {
      for (const subscription of subscriptions) subscription.unsubscribe()
    },
  }
}

function mergeInto(node: StepNode): Merge {
  const { from, row, sideInputs: sides } = node.step
  const hasKey = row === undefined || row.key.length > 0
  return new Merge(from.length, flow => node.enter(flow.kind === 'page' ? flow.input : 0, flow), { sides, hasKey })
}

/** Not where the rows given up are caught: nobody would ever send them back. */
function keepInOrder(node: StepNode, context: FragmentContext): void {
  const { id, inOrder } = node.step
  if (inOrder === undefined || node.takers.some(({ port }) => port === 'dead')) return
  node.keepInOrder(new KeyLines(id, inOrder, context.state(linesStep(id), linesVersion)))
}

/** What the steps themselves know nothing of. */
function save(nodes: ReadonlyMap<string, StepNode>, watermarks: SavedWatermarks): void {
  watermarks.save(nodes.values())
  for (const { ordered } of nodes.values()) ordered?.lines.save()
}

function wire(plan: Plan, nodes: ReadonlyMap<string, StepNode>): Map<string, Edge[]> {
  const edges = new Map<string, Edge[]>()
  for (const to of nodes.values()) {
    for (const [input, from] of to.step.from.entries()) {
      assert(from.step === plan.source.id || nodes.has(from.step), `step ${to.step.id} takes from ${from.step}, which is not in the plan`)
      const list = edges.get(from.step) ?? []
      list.push({ to, input, port: from.port })
      edges.set(from.step, list)
    }
  }
  return edges
}

/** Every step in a chain, those that run by themselves in one of their own. */
function chainsOfAll(plan: Plan, nodes: ReadonlyMap<string, StepNode>): StepNode[][] {
  const chains = chainsOf(plan)
  const chained = new Set(chains.flat())
  const alone = plan.steps.flatMap(({ id }) => (chained.has(id) ? [] : [[id]]))
  return [...chains, ...alone].map(ids => ids.flatMap(id => nodes.get(id) ?? []))
}

/** One pipe for the steps of a chain: what one sends reaches the next without leaving it. */
function subscribe(chain: readonly StepNode[], runs: ReadonlyMap<StepNode, Run>, outcome: Outcome): Subscription {
  const subject = new Subject<Flow>()
  let [pipe, last]: [Observable<Flow>, StepNode | undefined] = [subject, undefined]
  for (const node of chain) {
    if (last === undefined) node.next = flow => subject.next(flow)
    else pipe = pipe.pipe(link(last, node, outcome))
    pipe = pipe.pipe(runs.get(node) as Run)
    last = node
  }
  return pipe.subscribe({
    next: flow => attempt(outcome, () => last?.leave(flow)),
    error: (error: unknown) => void (outcome.failure ??= { error }),
  })
}

/** Between two steps of a chain: the same counting as between any others, and a way in for rows that come back to the second. */
function link(from: StepNode, to: StepNode, outcome: Outcome): Run {
  return source =>
    new Observable<Flow>(out => {
      to.next = flow => out.next(flow)
      return source.subscribe({
        next: flow => attempt(outcome, () => from.leave(flow)),
        error: error => out.error(error),
        complete: () => out.complete(),
      })
    })
}

/** The rows of a page by the ports of those who want them, before anything is merged. */
function sendByTaps(pulled: PulledPage, taps: NonNullable<PulledPage['taps']>, first: readonly Edge[]): void {
  const { taps: _, selection: __, ...page } = pulled
  for (const { port, selection } of taps) {
    if (selection?.length === 0) continue
    const isWhole = selection === undefined || selection.length === page.count
    send(first, isWhole ? { ...page, port } : { ...page, port, selection })
  }
}

/** A row that was given up comes to its step again, stamped with the watermark that stands there now. */
function sendBack(
  pulled: PulledPage,
  { step, input, turn }: NonNullable<PulledPage['replay']>,
  { nodes, bury }: { nodes: ReadonlyMap<string, StepNode>; bury: (row: GivenUpRow) => void },
): void {
  const { replay: _, ...page } = pulled
  const node = nodes.get(step)
  if (node !== undefined && input < node.step.from.length)
    return node.enter(input, page.eventTime ? { ...page, watermark: Float64Array.of(node.reached) } : page, turn)
  const cause = `there is no step ${step} that takes it`
  bury({ step, cause, code: 'NOT_FOUND', order: page.order[0] as number, row: rowAt(page, 0), attempts: 1 })
}

/** RxJS reports what a consumer throws later and elsewhere; here the first failure is kept and `push` throws it. */
function attempt(outcome: Outcome, work: () => void): void {
  try {
    work()
  } catch (error) {
    outcome.failure ??= { error }
  }
}

function rethrow({ failure }: Outcome): void {
  if (failure !== undefined) throw failure.error
}

/** Of a page's rows, some of which may be of no interest to anybody. */
function lastOrderOf(page: PulledPage): number | undefined {
  const last = page.selection === undefined ? page.count - 1 : page.selection.at(-1)
  return last === undefined ? undefined : page.order[last]
}

/** In the order of the rows and then of the steps, so that dead letters lie in the same order at any size of pages. */
function hand(dead: GivenUpRow[], numbers: ReadonlyMap<string, number>, context: FragmentContext): void {
  const numberOf = ({ step }: GivenUpRow): number => numbers.get(step) ?? -1
  for (const row of dead.sort((a, b) => a.order - b.order || numberOf(a) - numberOf(b))) context.dead(row)
  dead.length = 0
}

interface Shared {
  readonly plan: Plan
  readonly context: FragmentContext
  readonly shared: SharedProjections
  readonly ticks: TickWaits
}

function stepContext(node: StepNode, { plan, context, shared, ticks }: Shared): StepContext {
  const { id } = node.step
  const { stateVersion } = node.operator.spec
  let state: StepState | undefined
  return {
    step: id,
    module: context.module,
    row: node.step.row ?? anyRow,
    get state() {
      assert(stateVersion !== undefined, `operator ${node.step.operator} uses state but its spec has no stateVersion`)
      return (state ??= context.state(id, stateVersion))
    },
    projection: name => shared.writerFor(id, name, context.projection(name, id)),
    lookup: name => context.lookup?.(name) ?? (() => undefined),
    outbox: () => node.outboxOver(context.outbox(id)),
    resolve: reference => context.resolve(reference),
    beforeCall: order => context.beforeCall?.(id, order),
    ...(plan.source.kind === 'log' && { recordedOf }),
    waits: waiting => ticks.add(id, waiting),
    dead: (page, row, error) => node.giveUp(page, row, error),
  }
}
