/** Steps of a plan wired to one another: flows come in from outside, go through synchronously, and those that others want are handed out. */
import { Observable, type OperatorFunction, Subject, type Subscription } from 'rxjs'
import { assert } from '../event/assert.ts'
import { recordedOf } from '../event/stamp.ts'
import { anyRow } from '../operators/expressions/types.ts'
import type { Flow, Row } from '../operators/flow.ts'
import type { StateMemory } from '../operators/keyed/state-memory.ts'
import type { ProjectionWriter, StepContext, StepState } from '../operators/operator.ts'
import { chainsOf } from '../topology/chains.ts'
import type { Plan, PlanStep } from '../topology/plan.ts'
import { BusyTimes } from './busy-times.ts'
import type { GivenUpRow } from './dead-letter.ts'
import { KeyLines, linesStep, linesVersion } from './key-lines.ts'
import { Merge } from './merge.ts'
import type { SavedWatermarks } from './saved-watermarks.ts'
import type { SharedProjections } from './shared-projections.ts'
import { type Edge, send, StepNode, type StepOutbox } from './step-node.ts'
import type { TickWaits } from './ticks.ts'

/** The outside of a graph: its state, its outputs and its module. */
export interface GraphContext {
  /** URL of the topology's module; tables are read from paths beside it. */
  readonly module: string
  state(step: string, schemaVersion: number): StepState
  projection(name: string, step: string): ProjectionWriter
  /** Rows of a projection of another topology; there are none when left out. */
  lookup?(projection: string): (key: readonly unknown[]) => Row | undefined
  outbox(step: string): StepOutbox
  /** The value named by `module#export`, the module resolved against the topology's. */
  resolve(reference: string): Promise<unknown>
  /** Noted before each call of a user's function, so that one that never returns can be blamed. */
  beforeCall?(step: string, order: number): void
  /** What the state of its steps may take; there is no bound when left out. */
  readonly memory?: StateMemory
  /** Told of the lines of each step that keeps its dead letters in order. */
  keepsLines?(lines: KeyLines): void
  /** Milliseconds of a clock that never goes back: with it the time of each step is kept. */
  monotonic?(): number
  /** In how many lanes the steps run side by side; one when left out. */
  readonly lanes?: number
  /** See `StepContext.owns`. */
  owns?(step: string, fields: readonly string[], values: readonly unknown[]): boolean
}

/** What is not in the graph and still takes part in it. */
export interface GraphOutside {
  /** Steps that run elsewhere, and what takes the flows that come together at each of them. */
  readonly entries?: ReadonlyMap<string, (flow: Flow) => void>
  /** What takes all that leaves a step of the graph, for those elsewhere that want it; `port` is `dead` for the rows it gives up. */
  readonly outlets?: ReadonlyMap<string, (flow: Flow, port: 'dead' | 'any') => void>
}

export interface GraphParts extends GraphOutside {
  readonly plan: Plan
  /** Of the plan: those that run here, in its order. */
  readonly steps: readonly PlanStep[]
  readonly watermarks: SavedWatermarks
  readonly shared: SharedProjections
  /** Learns what the steps wait for. */
  readonly waits?: TickWaits
}

/** A step that runs elsewhere: its inputs come together here. */
class Entry {
  readonly step: PlanStep
  readonly merge: Merge | undefined
  reached = -Infinity
  readonly #take: (flow: Flow) => void

  constructor(step: PlanStep, take: (flow: Flow) => void) {
    this.step = step
    this.#take = take
    if (step.from.length > 1) this.merge = mergeInto(step, flow => this.enter(flow.kind === 'page' ? flow.input : 0, flow))
  }

  enter(input: number, flow: Flow): void {
    if (flow.kind === 'watermark' && flow.time !== 'idle' && flow.time > this.reached) this.reached = flow.time
    this.#take(flow.kind !== 'page' || (flow.port === 'main' && flow.input === input) ? flow : { ...flow, port: 'main', input })
  }
}

type Run = OperatorFunction<Flow, Flow>

interface Failing {
  failure?: { readonly error: unknown }
}

export class StepGraph {
  readonly nodes: ReadonlyMap<string, StepNode>
  /** Rows given up since they were last handed over. */
  readonly dead: GivenUpRow[]
  readonly #entries: ReadonlyMap<string, Entry>
  readonly #edges: ReadonlyMap<string, readonly Edge[]>
  readonly #merges: readonly Merge[]
  readonly #subscriptions: readonly Subscription[]
  readonly #failing: Failing

  /** Loads tables, functions and the saved state of every step. */
  static async build(parts: GraphParts, context: GraphContext): Promise<StepGraph> {
    const { plan, steps, watermarks, outlets } = parts
    const dead: GivenUpRow[] = []
    const failing: Failing = {}
    const bury = (row: GivenUpRow): void => void dead.push(row)
    const nodes = new Map(steps.map(step => [step.id, new StepNode(step, bury)]))
    const entries = new Map<string, Entry>()
    for (const step of plan.steps) {
      const take = parts.entries?.get(step.id)
      if (take) entries.set(step.id, new Entry(step, take))
    }
    const edges = wire([...nodes.values(), ...entries.values()])
    for (const entry of entries.values()) watermarks.restore(entry)
    const runs = new Map<StepNode, Run>()
    const busyTimes = context.monotonic && new BusyTimes(() => context.monotonic?.() ?? 0)
    for (const node of nodes.values()) {
      const { id, from } = node.step
      // Where it runs in lanes, its inputs have come together at the entry.
      if (from.length > 1 && (context.lanes ?? 1) === 1)
        node.merge = mergeInto(node.step, flow => node.enter(flow.kind === 'page' ? flow.input : 0, flow))
      watermarks.restore(node)
      node.takers = edges.get(id) ?? []
      node.outlet = outlets?.get(id)
      node.busyTimes = busyTimes
      node.isCaught = node.outlet !== undefined && isCaught(id, plan)
      keepInOrder(node, plan, context)
      runs.set(node, await node.operator.create(node.step.options as never, stepContext(node, context, parts)))
    }
    const subscriptions = chainsOfAll(plan, nodes).map(chain => subscribe(chain, runs, failing))
    return new StepGraph({ nodes, entries, edges, dead, subscriptions, failing })
  }

  private constructor(parts: {
    nodes: ReadonlyMap<string, StepNode>
    entries: ReadonlyMap<string, Entry>
    edges: ReadonlyMap<string, readonly Edge[]>
    dead: GivenUpRow[]
    subscriptions: readonly Subscription[]
    failing: Failing
  }) {
    this.nodes = parts.nodes
    this.dead = parts.dead
    this.#entries = parts.entries
    this.#edges = parts.edges
    this.#subscriptions = parts.subscriptions
    this.#failing = parts.failing
    this.#merges = [...parts.nodes.values(), ...parts.entries.values()].flatMap(({ merge }) => merge ?? [])
  }

  /** A flow of a source, or of a step that runs elsewhere, for those here that take from it; `dead`: only for those that take what it gave up. */
  receive(from: string, flow: Flow, port: 'dead' | 'any' = 'any'): void {
    const takers = this.#edges.get(from)
    if (takers === undefined) return
    const wanted = takers.filter(taker => (taker.port === 'dead') === (port === 'dead'))
    this.attempt(() => send(wanted, flow))
  }

  /** Who takes from a source or step elsewhere. */
  takersOf(from: string): readonly Edge[] {
    return this.#edges.get(from) ?? []
  }

  /** No row of this push is still to come: what waited for others goes on. */
  flush(): void {
    for (const merge of this.#merges) this.attempt(() => merge.flush())
  }

  /** What the steps themselves know nothing of. Steps that came together elsewhere leave their watermarks to who did that. */
  save(watermarks: SavedWatermarks, isElsewhere?: (step: string) => boolean): void {
    const own = [...this.nodes.values()].filter(({ step }) => isElsewhere?.(step.id) !== true)
    watermarks.save([...own, ...this.#entries.values()])
    for (const { ordered } of this.nodes.values()) ordered?.lines.save()
  }

  /** RxJS reports what a consumer throws later and elsewhere; here the first failure is kept, and `check` throws it. */
  attempt(work: () => void): void {
    attempt(this.#failing, work)
  }

  check(): void {
    const { failure } = this.#failing
    if (failure !== undefined) throw failure.error
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe()
  }
}

function mergeInto({ from, row, sideInputs: sides }: PlanStep, take: (flow: Flow) => void): Merge {
  return new Merge(from.length, take, { sides, hasKey: row === undefined || row.key.length > 0 })
}

/** Not where the rows given up are caught: nobody would ever send them back. */
function keepInOrder(node: StepNode, plan: Plan, context: GraphContext): void {
  const { id, inOrder } = node.step
  if (inOrder === undefined || isCaught(id, plan)) return
  const lines = new KeyLines(id, inOrder, context.state(linesStep(id), linesVersion))
  node.keepInOrder(lines)
  context.keepsLines?.(lines)
}

function isCaught(id: string, { steps }: Plan): boolean {
  return steps.some(({ from }) => from.some(({ step, port }) => step === id && port === 'dead'))
}

function wire(takers: readonly (StepNode | Entry)[]): Map<string, Edge[]> {
  const edges = new Map<string, Edge[]>()
  for (const to of takers) {
    for (const [input, from] of to.step.from.entries()) {
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
  return [...chains, ...alone].map(ids => ids.flatMap(id => nodes.get(id) ?? [])).filter(({ length }) => length > 0)
}

/** One pipe for the steps of a chain: what one sends reaches the next without leaving it. */
function subscribe(chain: readonly StepNode[], runs: ReadonlyMap<StepNode, Run>, failing: Failing): Subscription {
  const subject = new Subject<Flow>()
  let [pipe, last]: [Observable<Flow>, StepNode | undefined] = [subject, undefined]
  for (const node of chain) {
    if (last === undefined) node.next = flow => subject.next(flow)
    else pipe = pipe.pipe(link(last, node, failing))
    pipe = pipe.pipe(runs.get(node) as Run)
    last = node
  }
  return pipe.subscribe({
    next: flow => attempt(failing, () => last?.leave(flow)),
    error: (error: unknown) => void (failing.failure ??= { error }),
  })
}

/** Between two steps of a chain: the same counting as between any others, and a way in for rows that come back to the second. */
function link(from: StepNode, to: StepNode, failing: Failing): Run {
  return source =>
    new Observable<Flow>(out => {
      to.next = flow => out.next(flow)
      return source.subscribe({
        next: flow => attempt(failing, () => from.leave(flow)),
        error: error => out.error(error),
        complete: () => out.complete(),
      })
    })
}

function attempt(failing: Failing, work: () => void): void {
  try {
    work()
  } catch (error) {
    failing.failure ??= { error }
  }
}

function stepContext(node: StepNode, context: GraphContext, { plan, shared, waits }: GraphParts): StepContext {
  const { id } = node.step
  const { stateVersion } = node.operator.spec
  const { lanes = 1 } = context
  let state: StepState | undefined
  return {
    step: id,
    module: context.module,
    row: node.step.row ?? anyRow,
    ...(node.step.inputs && { inputs: node.step.inputs }),
    reads: node.step.reads,
    get state() {
      assert(stateVersion !== undefined, `operator ${node.step.operator} uses state but its spec has no stateVersion`)
      return (state ??= context.state(id, stateVersion))
    },
    ...(context.memory && { memory: context.memory }),
    projection: name => shared.writerFor(id, name, context.projection(name, id)),
    lookup: name => context.lookup?.(name) ?? (() => undefined),
    outbox: () => node.outboxOver(context.outbox(id)),
    resolve: reference => context.resolve(reference),
    beforeCall: order => context.beforeCall?.(id, order),
    dead: (page, row, error) => node.giveUp(page, row, error),
    ...(plan.source.kind === 'log' && { recordedOf }),
    ...(waits && { waits: waiting => waits.add(id, waiting) }),
    ...(lanes > 1 && {
      lanes,
      owns: (fields: readonly string[], values: readonly unknown[]) => context.owns?.(id, fields, values) ?? true,
    }),
  }
}
