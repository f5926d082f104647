/** One lane: runs the sections of a plan for the keys that are its own, a push at a time, and hands over what its steps put at barriers. */
import { assert } from '../../event/assert.ts'
import { failPoint } from '../../event/fail-points.ts'
import type { Scope } from '../../event/scope.ts'
import type { Flow } from '../../operators/flow.ts'
import { StateMemory } from '../../operators/keyed/state-memory.ts'
import type { Generations, StateStore } from '../../store/state.ts'
import type { Plan } from '../../topology/plan.ts'
import { type Section, sectionsOf } from '../../topology/sections.ts'
import { sendBack } from '../fragment.ts'
import type { Heartbeat } from '../heartbeat.ts'
import { SavedWatermarks, watermarksStep, watermarksVersion } from '../saved-watermarks.ts'
import { SharedProjections } from '../shared-projections.ts'
import { guardCalls, type SkippedRow } from '../skipped-rows.ts'
import { type GraphContext, StepGraph } from '../step-graph.ts'
import type { StepCounters } from '../step-node.ts'
import { StepStates } from '../step-states.ts'
import { TickWaits } from '../ticks.ts'
import { laneOfKey } from './key-lanes.ts'
import type { FlowsOf, LaneAnswer, LaneTask } from './lane-task.ts'

/** Which of how many. */
export interface LaneNumber {
  readonly lane: number
  readonly lanes: number
}

export interface LaneOptions extends LaneNumber {
  readonly scope?: Scope
  /** Where and under which generations the state of its steps lies: those of the pipeline. */
  readonly slot?: number
  readonly generations?: Generations
  readonly plan: Plan
  readonly module: string
  readonly store: StateStore
  readonly heartbeat: Heartbeat
  readonly incarnation: number
  /** What the state of the topology may take in memory, in all lanes together; no bound when left out. */
  readonly stateBytes?: number
  /** Rows at which a user's function never returned: their calls throw. */
  readonly skip: readonly SkippedRow[]
  readonly resolve: (reference: string) => Promise<unknown>
  readonly monotonic?: () => number
}

interface Level {
  readonly graph: StepGraph
  readonly entries: readonly string[]
}

export class Lane {
  readonly #heartbeat: Heartbeat
  readonly #states: StepStates
  readonly #memory: StateMemory
  readonly #watermarks: SavedWatermarks
  readonly #levels = new Map<number, Level>()
  readonly #left = new Map<string, Flow[]>()
  readonly #order: readonly string[]
  readonly #waits: TickWaits

  /** Loads what was saved of its keys. Rejects with INVALID when the steps can not be built. */
  static async start(options: LaneOptions): Promise<Lane> {
    const { plan } = options
    const { sections } = sectionsOf(plan)
    const lane = new Lane(options)
    const context = lane.#contextOf(options, sections)
    const shared = new SharedProjections({ ...plan, steps: [] })
    for (const [level, own] of Map.groupBy(sections, section => section.level)) {
      const ids = new Set(own.flatMap(({ steps }) => steps))
      const steps = plan.steps.filter(({ id }) => ids.has(id))
      const parts = { plan, steps, watermarks: lane.#watermarks, shared, waits: lane.#waits, outlets: lane.#outlets(own, plan) }
      lane.#levels.set(level, { graph: await StepGraph.build(parts, context), entries: own.map(({ entry }) => entry) })
    }
    return lane
  }

  private constructor({ plan, heartbeat, ...options }: LaneOptions) {
    this.#heartbeat = heartbeat
    this.#memory = new StateMemory(options.stateBytes && options.stateBytes / options.lanes)
    this.#states = new StepStates({ ...options, topology: plan.topology, beat: () => heartbeat.beat() })
    this.#watermarks = new SavedWatermarks(this.#states.state(watermarksStep, watermarksVersion))
    this.#order = plan.steps.map(({ id }) => id)
    this.#waits = new TickWaits(plan)
  }

  #contextOf(options: LaneOptions, sections: readonly Section[]): GraphContext {
    const { plan, module, heartbeat, incarnation, lane, lanes } = options
    const numbers = new Map(plan.steps.map(({ id }, index) => [id, index + 1]))
    const calls = guardCalls(options.skip)
    const splits = new Map(sections.flatMap(({ steps, splitBy }) => steps.map(step => [step, splitBy] as const)))
    const outside = (): never => {
      throw new Error('a step that reaches outside runs in a lane')
    }
    return {
      ...(options.monotonic && { monotonic: options.monotonic }),
      module,
      memory: this.#memory,
      lanes,
      state: (step, version) => this.#states.state(step, version),
      projection: outside,
      outbox: outside,
      resolve: async reference => calls.guard(await options.resolve(reference)),
      beforeCall: (step, order) => {
        heartbeat.note(incarnation, numbers.get(step) ?? 0, order)
        calls.before(step, order)
      },
      owns(step, fields, values) {
        const split = splits.get(step)?.find(columns => columns.every(name => fields.includes(name))) ?? fields
        const key = split.map(name => values[fields.indexOf(name)])
        return laneOfKey(key, lanes) === lane
      },
    }
  }

  /** For the steps that others than those of their section take from. */
  #outlets(sections: readonly Section[], { steps }: Plan): ReadonlyMap<string, (flow: Flow, port: 'dead' | 'any') => void> {
    const outlets = new Map<string, (flow: Flow, port: 'dead' | 'any') => void>()
    for (const section of sections) {
      for (const id of section.steps) {
        if (!steps.some(({ id: taker, from }) => !section.steps.includes(taker) && from.some(({ step }) => step === id))) continue
        const left: Flow[] = []
        this.#left.set(id, left)
        // Nobody elsewhere takes what a step of a section gives up.
        outlets.set(id, (flow, port) => port === 'any' && left.push(flow))
      }
    }
    return outlets
  }

  /** Throws what broke its steps. */
  do({ push, level, parts, replay }: LaneTask): LaneAnswer {
    failPoint('exchange.taken')
    const own = this.#levels.get(level)
    assert(own !== undefined, `there is no section of level ${level}`)
    const { graph } = own
    let epoch: number | undefined
    if (replay) {
      const { step, page } = replay
      graph.attempt(() => sendBack(graph, page, { step, input: page.input }))
    }
    for (const { step, flows } of parts) {
      const node = graph.nodes.get(step)
      assert(node !== undefined, `there is no section that begins with ${step}`)
      for (const flow of flows) {
        if (flow.kind === 'barrier') epoch = flow.epoch
        graph.attempt(() => node.enter(flow.kind === 'page' ? flow.input : 0, flow))
      }
    }
    if (epoch !== undefined) graph.attempt(() => graph.save(this.#watermarks, step => own.entries.includes(step)))
    this.#heartbeat.clear()
    graph.check()
    failPoint(epoch === undefined ? 'exchange.done' : 'exchange.state')
    return { push, level, ...this.#answer(graph), ...(epoch !== undefined && { bytes: this.#states.bytes.take(epoch) }) }
  }

  #answer(graph: StepGraph): Omit<LaneAnswer, 'push' | 'level' | 'bytes'> {
    const parts = this.#order.flatMap((step): FlowsOf[] => {
      const flows = graph.nodes.has(step) ? (this.#left.get(step)?.splice(0) ?? []) : []
      return flows.length === 0 ? [] : [{ step, flows }]
    })
    const dead = graph.dead.splice(0)
    // When so much of its state has changed, an epoch should end whatever waits for it.
    const dirtyBytes = this.#memory.isDirty ? Infinity : this.#states.bytes.length
    return { parts, dead, dirtyBytes, counters: this.#counters, busyMs: this.#busyMs, wanted: this.#waits.wanted }
  }

  get #busyMs(): Record<string, number> {
    const nodes = [...this.#levels.values()].flatMap(({ graph }) => [...graph.nodes])
    return Object.fromEntries(nodes.map(([id, { busyMs }]) => [id, busyMs]))
  }

  get #counters(): Record<string, readonly number[]> {
    const all: Record<string, readonly number[]> = {}
    for (const { graph } of this.#levels.values()) for (const [id, { counters }] of graph.nodes) all[id] = listOf(counters)
    return all
  }

  close(): void {
    for (const { graph } of this.#levels.values()) graph.close()
  }
}

function listOf({ in: came, out, late, suspect, dead }: StepCounters): readonly number[] {
  return [came, out, late, suspect, dead]
}
