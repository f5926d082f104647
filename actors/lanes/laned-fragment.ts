/**
 * A fragment whose keyed steps run in lanes. The lead runs what stands before, between and behind the sections, in layers; each push goes through
 * layers and levels in turn, several pushes behind one another, and none overtakes: so what is seen outside is what one thread would have made.
 */
import { assert } from '../../event/assert.ts'
import { EventStoreError } from '../../event/error.ts'
import { failPoint } from '../../event/fail-points.ts'
import type { Flow, Tick } from '../../operators/flow.ts'
import { aliveCount } from '../../operators/page.ts'
import type { Plan } from '../../topology/plan.ts'
import { isInLayer, sectionsOf, type Sections } from '../../topology/sections.ts'
import type { GivenUpRow } from '../dead-letter.ts'
import { enter, flowsOfSource, type Fragment, type FragmentContext, handing, type Passage, sendBack, withTicks } from '../fragment.ts'
import { SavedWatermarks, watermarksStep, watermarksVersion } from '../saved-watermarks.ts'
import { SharedProjections } from '../shared-projections.ts'
import type { PulledPage } from '../source.ts'
import { StepGraph } from '../step-graph.ts'
import type { StepCounters } from '../step-node.ts'
import { TickWaits } from '../ticks.ts'
import { LaneFigures } from './lane-figures.ts'
import { type LaneAnswer, LaneFailure, type LaneLink } from './lane-task.ts'
import { MergedPages } from './merged-pages.ts'
import { SectionSplits } from './section-splits.ts'
import { lastOrderOf, noteLeft, type Pushed, type Travelling } from './travelling.ts'

/** Pushes that may be on their way; more would only wait. */
const pushesMax = 16

export interface LanedOptions {
  readonly plan: Plan
  readonly links: readonly LaneLink[]
}

export class LanedFragment implements Fragment {
  readonly #options: LanedOptions
  readonly #context: FragmentContext
  readonly #sections: Sections
  readonly #watermarks: SavedWatermarks
  readonly #shared: SharedProjections
  readonly #hand: (dead: readonly GivenUpRow[]) => void
  readonly #layers: StepGraph[] = []
  readonly #splits: SectionSplits
  readonly #merged = new Map<string, MergedPages>()
  readonly #figures: LaneFigures
  readonly #waits: TickWaits
  #travelling: Travelling[] = []
  #pushes = 0
  #current: Travelling | undefined
  #isAdvancing = false
  #failure: { readonly error: unknown } | undefined
  #waiting: { resolve(): void; reject(error: unknown): void }[] = []

  /** The lanes were started before. */
  static async start(options: LanedOptions, context: FragmentContext): Promise<LanedFragment> {
    const fragment = new LanedFragment(options, context)
    await fragment.#build()
    return fragment
  }

  private constructor(options: LanedOptions, context: FragmentContext) {
    const { plan, links } = options
    this.#options = options
    this.#context = context
    this.#sections = sectionsOf(plan)
    this.#watermarks = new SavedWatermarks(context.state(watermarksStep, watermarksVersion))
    this.#shared = new SharedProjections(plan)
    this.#hand = handing(plan, context)
    this.#figures = new LaneFigures(links.length)
    this.#waits = new TickWaits(plan)
    for (const [lane, link] of links.entries()) link.answered = answer => this.#answered(lane, answer)
    this.#splits = new SectionSplits(this.#sections.sections, links.length)
    for (const step of this.#sections.sections.flatMap(({ steps }) => steps)) {
      this.#merged.set(step, new MergedPages())
      this.#waits.add(step, { for: 'watermark', at: () => this.#figures.wanted(step) })
    }
  }

  async #build(): Promise<void> {
    const { plan } = this.#options
    const { sections, layers, lastLayer } = this.#sections
    for (let layer = 0; layer <= lastLayer; layer++) {
      const steps = plan.steps.filter(({ id }) => layers.get(id) === layer)
      const entries = sections.filter(({ level }) => level === layer + 1).map(({ entry }) => entry)
      const outlets = new Map<string, (flow: Flow, port: 'dead' | 'any') => void>()
      for (const { id } of [...steps, ...(layer === 0 ? [plan.source] : [])]) {
        const isWanted = plan.steps.some(
          ({ id: to, from }) => from.some(({ step }) => step === id) && !isInLayer(this.#sections, to, layer),
        )
        if (isWanted) outlets.set(id, (flow, port) => this.#leave(id, flow, port))
      }
      const own = { entries: new Map(entries.map(id => [id, (flow: Flow) => this.#splits.take(id, flow)])), outlets }
      const parts = { plan, steps, watermarks: this.#watermarks, shared: this.#shared, waits: this.#waits, ...own }
      this.#layers.push(await StepGraph.build(parts, this.#context))
    }
  }

  #leave(step: string, flow: Flow, port: 'dead' | 'any'): void {
    if (this.#current) noteLeft(this.#current, step, [flow, port])
  }

  push(flow: Pushed, passage?: Passage): void {
    this.#check()
    const travelling = {
      push: ++this.#pushes,
      flow: withTicks(flow),
      passage,
      layer: -1,
      answers: [],
      missing: 0,
      left: new Map(),
      dead: [],
    }
    this.#travelling.push(travelling)
    this.#advance()
    this.#check()
  }

  get isFull(): boolean {
    return this.#travelling.length >= pushesMax
  }

  get dirtyBytes(): number {
    return this.#figures.dirtyBytes
  }

  drained(): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure.error as Error)
    if (this.#travelling.length === 0) return Promise.resolve()
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  #answered(lane: number, answer: LaneAnswer | LaneFailure): void {
    // Closed since.
    if (this.#failure) return
    if (answer instanceof LaneFailure) return this.#fail(answer.error)
    const travelling = this.#travelling.find(({ push }) => push === answer.push)
    assert(travelling !== undefined && travelling.layer + 1 === answer.level, 'a lane answers what was not asked')
    travelling.answers[lane] = answer
    travelling.missing--
    this.#figures.note(lane, answer)
    const wasFull = this.isFull
    this.#advance()
    if (wasFull || this.#failure) this.#context.woken?.()
  }

  /** Runs every layer that can run: of each push when its lanes have answered, and never before that of the push before it. */
  #advance(): void {
    if (this.#isAdvancing) return
    this.#isAdvancing = true
    try {
      this.#runAll()
    } catch (error) {
      this.#fail(error)
    } finally {
      this.#isAdvancing = false
    }
    if (this.#failure || this.#travelling.length > 0) return
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  #runAll(): void {
    const { lastLayer } = this.#sections
    for (let hasRun = true; hasRun && !this.#failure;) {
      hasRun = false
      let before = lastLayer
      for (const travelling of this.#travelling) {
        while (travelling.missing === 0 && travelling.layer < before) {
          this.#runLayer(travelling, travelling.layer + 1)
          hasRun = true
          if (travelling.layer === lastLayer) this.#finish(travelling)
        }
        before = travelling.layer
      }
      this.#travelling = this.#travelling.filter(({ layer }) => layer < lastLayer)
    }
  }

  #runLayer(travelling: Travelling, layer: number): void {
    const graph = this.#layers[layer] as StepGraph
    this.#current = travelling
    travelling.passage?.begun?.()
    if (layer > 0) {
      this.#comeBack(travelling)
      failPoint('exchange.merged')
    }
    const before = [...travelling.left]
    travelling.layer = layer
    this.#enter(graph, travelling)
    for (const [step, flows] of before) for (const [flow, port] of flows) graph.receive(step, flow, port)
    graph.flush()
    if (travelling.flow.kind === 'barrier') graph.attempt(() => graph.save(this.#watermarks))
    graph.check()
    travelling.dead.push(...graph.dead.splice(0))
    this.#current = undefined
    if (layer < this.#sections.lastLayer) this.#give(travelling, layer + 1)
  }

  /** The source comes to the first layer; a letter to whichever layer has its step. */
  #enter(graph: StepGraph, { flow, layer }: Travelling): void {
    const { source } = this.#options.plan
    const letter = flow.kind === 'page' ? (flow.replay ?? flow.putAway) : undefined
    if (letter === undefined && layer > 0) return
    if (letter !== undefined && !graph.nodes.has(letter.step)) return
    // Nobody wants its rows; it only comes by so that none overtakes another.
    if (flow.kind === 'page' && letter === undefined && aliveCount(flow) === 0) return
    enter(graph, flow, { source: source.id, watermarks: this.#watermarks })
    if (letter === undefined) this.#leaveSource(source.id, flow)
  }

  /** Steps of later layers may take from the source itself. */
  #leaveSource(source: string, flow: Pushed | Tick): void {
    const { plan } = this.#options
    const isWanted = plan.steps.some(({ id, from }) => from.some(({ step }) => step === source) && !isInLayer(this.#sections, id, 0))
    if (!isWanted) return
    for (const one of flowsOfSource(flow, this.#watermarks)) this.#leave(source, one, 'any')
  }

  /** What the lanes answered, merged, for whoever takes it. */
  #comeBack(travelling: Travelling): void {
    const answers = travelling.answers.filter(answer => answer !== undefined)
    travelling.answers = []
    for (const { dead, bytes } of answers) {
      travelling.dead.push(...dead)
      if (bytes) this.#context.add?.(bytes)
    }
    const steps = new Set(answers.flatMap(({ parts }) => parts.map(({ step }) => step)))
    for (const step of steps) {
      const lanes = answers.map(({ parts }) => parts.find(part => part.step === step)?.flows ?? [])
      this.#merged.get(step)?.merge(lanes, flow => this.#leave(step, flow, 'any'))
    }
  }

  /** Gives the lanes what has come to the entries of a level. */
  #give(travelling: Travelling, level: number): void {
    const { links } = this.#options
    const { push, flow } = travelling
    const tasks = this.#splits.tasks({ push, level, flow })
    travelling.missing = tasks.length
    travelling.answers = links.map(() => undefined)
    for (const { lane, task } of tasks) {
      failPoint('exchange.given')
      links[lane]?.give(task)
    }
  }

  #finish({ flow, dead, passage }: Travelling): void {
    const [first, replay] = [this.#layers[0] as StepGraph, flow.kind === 'page' ? flow.replay : undefined]
    if (replay && !this.#options.plan.steps.some(({ id }) => id === replay.step)) sendBack(first, flow as PulledPage, replay)
    dead.push(...first.dead.splice(0))
    this.#shared.settle(this.#travelling.at(-1)?.flow === flow ? Infinity : lastOrderOf(flow))
    this.#hand(dead)
    passage?.done?.()
  }

  #fail(error: unknown): void {
    this.#failure ??= { error }
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    this.#context.woken?.()
  }

  #check(): void {
    if (this.#failure) throw this.#failure.error
  }

  get busyMs(): ReadonlyMap<string, number> {
    const nodes = new Map(this.#layers.flatMap(graph => [...graph.nodes]))
    return new Map(this.#options.plan.steps.map(({ id }) => [id, nodes.get(id)?.busyMs ?? this.#figures.busyMs(id)]))
  }

  get counters(): ReadonlyMap<string, StepCounters> {
    const nodes = new Map(this.#layers.flatMap(graph => [...graph.nodes]))
    return new Map(this.#options.plan.steps.map(({ id }) => [id, nodes.get(id)?.counters ?? this.#figures.counted(id)]))
  }

  get tickAt(): number {
    return this.#waits.dueAt
  }

  get watermark(): number | undefined {
    const nodes = this.#layers.flatMap(graph => [...graph.nodes.values()])
    return nodes.find(({ step }) => step.operator === 'eventTime')?.sent
  }

  abandon(): void {
    this.#failure ??= { error: new EventStoreError('CLOSED', 'the lanes of the topology are closed') }
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure.error)
  }

  close(): void {
    this.abandon()
    for (const graph of this.#layers) graph.close()
    for (const link of this.#options.links) link.close()
  }
}
