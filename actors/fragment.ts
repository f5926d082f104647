/** The running graph of a plan: built once, then pages and control are pushed through it synchronously. */
import { Subject, type Subscription } from 'rxjs'
import { assert } from '../event/assert.ts'
import { EventStoreError } from '../event/error.ts'
import { anyRow } from '../operators/expressions/types.ts'
import type { Flow, Page } from '../operators/flow.ts'
import { operators } from '../operators/index.ts'
import type { AnyOperator, DeadRow, OutboxWriter, ProjectionWriter, StepContext, StepState } from '../operators/operator.ts'
import { aliveCount, rowOf } from '../operators/page.ts'
import type { Plan, PlanStep } from '../topology/plan.ts'
import { Merge } from './merge.ts'

/** The outside of a fragment: its state, its outputs and its module. */
export interface FragmentContext {
  /** URL of the topology's module; tables are read from paths beside it. */
  readonly module: string
  state(step: string, schemaVersion: number): StepState
  projection(name: string, step: string): ProjectionWriter
  outbox(step: string): OutboxWriter
  dead(row: DeadRow): void
  /** The value named by `module#export`, the module resolved against the topology's. */
  resolve(reference: string): Promise<unknown>
  /** Noted before each call of a user's function, so that one that never returns can be blamed. */
  beforeCall?(step: string, order: number): void
}

/** Rows that entered a step, left by `main` (or reached the outside, for sinks), and by the other ports. */
export interface StepCounters {
  in: number
  out: number
  late: number
  suspect: number
  dead: number
}

export interface Fragment {
  /** Synchronous: when it returns, the flow has left the graph and all calls to the context were made. Throws what broke the graph. */
  push(flow: Flow): void
  readonly counters: ReadonlyMap<string, StepCounters>
  /** The largest watermark that the first `eventTime` has sent; undefined before that. */
  readonly watermark?: number | undefined
  close(): void
}

/** A step with its way in; `inputs` grow while the graph is wired. */
interface Node {
  readonly step: PlanStep
  readonly operator: AnyOperator
  readonly subject: Subject<Flow>
  readonly counters: StepCounters
  merge?: Merge
  watermark?: number
}

interface Edge {
  readonly to: Node
  readonly input: number
  readonly port: string
}

/** Builds the graph; loads tables, functions and the saved state of every step. */
export async function createFragment(plan: Plan, context: FragmentContext): Promise<Fragment> {
  const nodes = new Map(plan.steps.map(step => [step.id, nodeOf(step)]))
  const edges = wire(plan, nodes)
  const outcome: Outcome = { dead: [] }
  const subscriptions: Subscription[] = []
  for (const node of nodes.values()) {
    if (node.step.from.length > 1) node.merge = new Merge(node.step.from.length, flow => enter(node, 0, flow))
    const run = await node.operator.create(node.step.options as never, stepContext(node, context, outcome.dead))
    const out = edges.get(node.step.id) ?? []
    subscriptions.push(
      node.subject.pipe(run).subscribe({
        next: flow => attempt(outcome, () => leave(node, out, flow)),
        error: (error: unknown) => void (outcome.failure ??= { error }),
      }),
    )
  }
  const first = edges.get(plan.source.id) ?? []
  const timed = [...nodes.values()].find(({ step }) => step.operator === 'eventTime')
  const merges = [...nodes.values()].flatMap(node => node.merge ?? [])
  return {
    counters: new Map(Array.from(nodes, ([id, node]) => [id, node.counters])),
    get watermark() {
      return timed?.watermark
    },
    push(flow) {
      rethrow(outcome)
      attempt(outcome, () => send(first, flow))
      for (const merge of merges) attempt(outcome, () => merge.flush())
      rethrow(outcome)
      bury(outcome.dead, context)
    },
    close() {
      for (const subscription of subscriptions) subscription.unsubscribe()
    },
  }
}

interface Outcome {
  /** Rows given up in this push. */
  readonly dead: DeadRow[]
  failure?: { readonly error: unknown }
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

/** In the order of the rows, so that dead letters lie in the same order at any size of pages. */
function bury(dead: DeadRow[], context: FragmentContext): void {
  for (const row of dead.sort((a, b) => a.order - b.order)) context.dead(row)
  dead.length = 0
}

function nodeOf(step: PlanStep): Node {
  const operator = operators[step.operator]
  if (operator === undefined)
    throw new EventStoreError('INVALID', `step ${step.id}: there is no operator ${step.operator}`, { step: step.id })
  return { step, operator, subject: new Subject<Flow>(), counters: { in: 0, out: 0, late: 0, suspect: 0, dead: 0 } }
}

function wire(plan: Plan, nodes: ReadonlyMap<string, Node>): Map<string, Edge[]> {
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

/** To every consumer: pages by their port, control to all. */
function send(edges: readonly Edge[], flow: Flow): void {
  for (const edge of edges) {
    if (flow.kind === 'page' && flow.port !== edge.port) continue
    if (edge.to.merge) edge.to.merge.receive(edge.input, flow)
    else enter(edge.to, edge.input, flow)
  }
}

function enter(node: Node, input: number, flow: Flow): void {
  if (flow.kind !== 'page') return node.subject.next(flow)
  const { counters } = node
  const [count, dead] = [aliveCount(flow), counters.dead]
  counters.in += count
  node.subject.next(flow.port === 'main' && flow.input === input ? flow : { ...flow, port: 'main', input })
  if (node.operator.spec.kind === 'sink') counters.out += count - (counters.dead - dead)
}

function leave(node: Node, edges: readonly Edge[], flow: Flow): void {
  if (flow.kind === 'page') {
    const { counters } = node
    if (flow.port === 'late' || flow.port === 'suspect') counters[flow.port] += aliveCount(flow)
    else counters.out += aliveCount(flow)
  } else if (flow.kind === 'watermark' && flow.time !== 'idle') node.watermark = flow.time
  send(edges, flow)
}

function stepContext(node: Node, context: FragmentContext, dead: DeadRow[]): StepContext {
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
    projection: name => context.projection(name, id),
    outbox: () => context.outbox(id),
    resolve: reference => context.resolve(reference),
    beforeCall: order => context.beforeCall?.(id, order),
    dead: (page: Page, row: number, error: unknown) => {
      node.counters.dead++
      dead.push({ step: id, ...causeOf(error), order: page.order[row] as number, row: rowOf(page, row), attempts: 1 })
    },
  }
}

function causeOf(error: unknown): { cause: string; code?: string } {
  if (error instanceof EventStoreError) return { cause: error.message, code: error.code }
  return { cause: error instanceof Error ? `${error.name}: ${error.message}` : String(error) }
}
