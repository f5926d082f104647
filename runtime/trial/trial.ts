/** Runs a plan over given events in memory: the real source, the real steps, and nothing written or sent. */
import { createFragment, type Fragment, type StepCounters } from '../../actors/fragment.ts'
import { GeneratorSource } from '../../actors/generator-source.ts'
import { LogSource } from '../../actors/log-source.ts'
import { rowKeyText } from '../../actors/projection.ts'
import type { PulledPage, Source } from '../../actors/source.ts'
import type { Row } from '../../operators/flow.ts'
import { tickMsDefault, tickStream, usesClock } from '../../topology/clock.ts'
import { deadLetterStream } from '../../actors/dead-letter.ts'
import { recordedOf } from '../../event/stamp.ts'
import { partitionOf } from '../../event/stream-id.ts'
import { aliveCount, aliveRows, pageOf, selectRows } from '../../operators/page.ts'
import type { LogSource as LogSourcePlan, Plan, PlanStep } from '../../topology/plan.ts'
import { type DeadRowKept, type Delivery, Gathered, type Kept, type OutputEvent, type PlainRow, type StateRowKept } from './gathered.ts'
import { PARTITIONS_DEFAULT } from '../options.ts'
import { clockStartMs } from './given.ts'
import { type GivenEvent, GivenLog, isFollowed } from './given-log.ts'
import { isTick, TrialTicks } from './trial-ticks.ts'

/** A port of a step whose rows are wanted. */
export interface WatchedPort {
  readonly step: string
  readonly port: string
}

export interface TrialOptions {
  readonly plan: Plan
  /** URL of the topology's module. */
  readonly module: string
  /** The value that `module#export` names. */
  readonly resolve: (reference: string) => Promise<unknown>
  readonly pageRows?: number
  /** Ends an epoch behind every page instead of once, at the end. */
  readonly hasEpochPerPage?: boolean
  readonly watched?: readonly WatchedPort[]
  /** Rows of projections of other topologies, which steps look up. */
  readonly tables?: Readonly<Record<string, readonly PlainRow[]>>
  /** How many of each kind of result are kept; all of them when left out. */
  readonly keep?: number
  /** Before each call of a user's function: 0 is the source, n the n-th step. */
  beforeCall?(step: number, order: number): void
}

export interface TrialOutcome {
  readonly source: { readonly id: string; readonly kind: 'log' | 'generate'; readonly rows: number; readonly dead: number }
  /** In the order of the plan. */
  readonly steps: Readonly<Record<string, Readonly<StepCounters>>>
  /** By stream. */
  readonly outputs: Readonly<Record<string, Kept<OutputEvent>>>
  /** By sink. */
  readonly webhooks: Readonly<Record<string, Kept<Delivery>>>
  /** By projection. */
  readonly state: Readonly<Record<string, Kept<StateRowKept>>>
  /** By port and step, of the ports that were watched. */
  readonly rows: Readonly<Record<string, Readonly<Record<string, Kept<PlainRow>>>>>
  readonly dead: Kept<DeadRowKept>
  /** Event time, ms; left out before the first. */
  readonly watermark?: number
}

const observer = 'trial:observer'

/** One run of a plan; `give` what comes in, `end` it, and read the `outcome`. */
export class Trial {
  readonly #plan: Plan
  readonly #watched: readonly WatchedPort[]
  readonly #gathered: Gathered
  readonly #fragment: Fragment
  readonly #source: Source
  readonly #log: GivenLog | undefined
  readonly #hasEpochPerPage: boolean
  #epoch = 0
  #sourceDead = 0
  #rows = 0

  /** Loads functions and tables and builds the steps. INVALID when the plan can not be built. */
  static async start(options: TrialOptions): Promise<Trial> {
    const { plan, watched = [], resolve, beforeCall } = options
    const gathered = new Gathered(plan.topology, options.keep ?? Number.POSITIVE_INFINITY)
    const opened: { source?: Source } = {}
    const numbers = new Map(plan.steps.map(({ id }, index) => [id, index + 1]))
    const fragment = await createFragment(watchedPlan(plan, watched), {
      module: options.module,
      state: (step, version) => gathered.state(step, version),
      projection: name => gathered.projection(name),
      lookup: name => readerOf(options.tables, name),
      outbox: step => gathered.outbox(step),
      dead: row => gathered.giveUp(row, opened.source?.originOf(row.order)),
      resolve: async reference => observed(reference, watched, gathered) ?? resolve(reference),
      beforeCall: (step, order) => beforeCall?.(numbers.get(step) ?? 0, order),
    })
    const { source, log } = await openSource(options)
    opened.source = source
    return new Trial(options, { gathered, fragment, source, log })
  }

  private constructor(
    { plan, watched = [], hasEpochPerPage = false }: TrialOptions,
    parts: { gathered: Gathered; fragment: Fragment; source: Source; log: GivenLog | undefined },
  ) {
    this.#plan = plan
    this.#watched = watched
    this.#hasEpochPerPage = hasEpochPerPage
    this.#gathered = parts.gathered
    this.#fragment = parts.fragment
    this.#source = parts.source
    this.#log = parts.log
  }

  /** Events of the log, in its order; those that the topology does not follow are passed over. */
  give(events: readonly GivenEvent[]): void {
    const { source, topology } = this.#plan
    const isWanted = (event: GivenEvent): boolean => source.kind === 'log' && (isFollowed(event, source) || isTick(event, topology))
    this.#log?.give(events.filter(isWanted))
    this.#pull(Number.POSITIVE_INFINITY)
  }

  /** Events one by one, with the ticks that a node would have written meanwhile, up to what the clock reads at last; answers all of them. */
  giveWithTicks(events: readonly GivenEvent[], clockMs: number): readonly GivenEvent[] {
    if (!usesClock(this.#plan)) {
      this.give(events)
      return events
    }
    const { topology, tickMs = tickMsDefault } = this.#plan
    const ticks = new TrialTicks({ topology, tickMs, tickAt: () => this.#fragment.tickAt ?? Number.POSITIVE_INFINITY })
    for (const event of events) {
      ticks.moveTo(recordedOf(event.stamp), tick => this.give([tick]))
      ticks.note(event)
      this.give([event])
    }
    ticks.moveTo(clockMs, tick => this.give([tick]), true)
    return ticks.events
  }

  /** Rows in place of those of a generator. */
  giveRows(rows: readonly Row[], pageRows: number): void {
    // Its clock stands still, as that of a generator does here.
    if (usesClock(this.#plan)) this.#fragment.push({ ...pageOf([{}], { order: Float64Array.of(-1) }), tick: clockStartMs })
    for (let start = 0; start < rows.length; start += pageRows) {
      const some = rows.slice(start, start + pageRows)
      this.#push(pageOf(some, { order: Float64Array.from(some, (_, index) => start + index) }))
    }
    this.#rows += rows.length
  }

  /** The rows of the generator itself, at most so many; true when there are no more. */
  generate(rowsMax: number): boolean {
    this.#pull(rowsMax)
    return this.#source.isEnded
  }

  #pull(rowsMax: number): void {
    let left = rowsMax
    while (left > 0) {
      const page = this.#source.next()
      if (page === null) return
      if (page.tick !== undefined) {
        this.#push(page)
        continue
      }
      const { dead } = this.#source
      for (const row of dead) this.#gathered.giveUp(row, this.#source.originOf(row.order))
      this.#sourceDead += dead.length
      this.#rows += Math.min(page.count, left)
      this.#push(
        page.count <= left
          ? page
          : selectRows(
              page,
              aliveRows(page).filter(row => row < left),
            ),
      )
      left -= page.count
    }
  }

  #push(page: PulledPage): void {
    if (aliveCount(page) > 0) this.#fragment.push(page)
    if (this.#hasEpochPerPage) this.#barrier()
  }

  #barrier(): void {
    this.#fragment.push({ kind: 'barrier', epoch: ++this.#epoch })
    this.#gathered.barrier()
  }

  /** No row will come any more; with `closes` the input has an end, at which open windows close. */
  end({ closes }: { readonly closes: boolean }): void {
    if (closes) this.#fragment.push({ kind: 'end' })
    this.#barrier()
  }

  close(): void {
    this.#fragment.close()
  }

  get outcome(): TrialOutcome {
    const { counters, watermark } = this.#fragment
    const { id } = this.#source
    const gathered = this.#gathered
    const rowsAt = (port: string): [string, Kept<PlainRow>][] =>
      this.#watched.flatMap(one => (one.port === port ? [[one.step, gathered.rows.get(portName(one)) ?? { count: 0, first: [] }]] : []))
    const ports = [...new Set(this.#watched.map(({ port }) => port))]
    return {
      source: { id, kind: this.#plan.source.kind, rows: this.#rows, dead: this.#sourceDead },
      steps: Object.fromEntries(this.#plan.steps.map(step => [step.id, counters.get(step.id) as StepCounters])),
      outputs: Object.fromEntries(gathered.outputs),
      webhooks: Object.fromEntries(gathered.webhooks),
      state: Object.fromEntries(gathered.projections),
      rows: Object.fromEntries(ports.map(port => [port, Object.fromEntries(rowsAt(port))])),
      dead: { count: gathered.dead.count, first: gathered.dead.first.toSorted((a, b) => a.order - b.order) },
      ...(watermark !== undefined && Number.isFinite(watermark) && { watermark }),
    }
  }
}

/** The rows of a projection that were given, by their keys. */
function readerOf(tables: TrialOptions['tables'] = {}, name: string): (key: readonly unknown[]) => Row | undefined {
  const given = Object.hasOwn(tables, name) ? (tables[name] ?? []) : []
  const rows = new Map(given.map(({ key, value }) => [rowKeyText(Array.isArray(key) ? key : [key]), value as Row]))
  return key => rows.get(rowKeyText(key))
}

function portName({ step, port }: WatchedPort): string {
  return `${step}.${port}`
}

/** The plan with a step behind each watched port that notes the rows and lets none through; for them all columns are decoded. */
function watchedPlan(plan: Plan, watched: readonly WatchedPort[]): Plan {
  if (watched.length === 0) return plan
  const observers = watched.map(({ step, port }, index): PlanStep => ({
    id: `${observer}#${index}`,
    operator: 'filter',
    options: { where: `${observer}#row${index}` },
    from: [{ step, port }],
  }))
  const { source } = plan
  return { ...plan, source: source.kind === 'log' ? wholeRows(source) : source, steps: [...plan.steps, ...observers] }
}

function wholeRows(source: LogSourcePlan): LogSourcePlan {
  return { ...source, fields: ['*', ...source.fields.filter(name => name.startsWith('$'))] }
}

function observed(reference: string, watched: readonly WatchedPort[], gathered: Gathered): ((row: PlainRow) => boolean) | undefined {
  const index = reference.startsWith(`${observer}#row`) ? Number(reference.slice(`${observer}#row`.length)) : -1
  const port = watched[index]
  if (port === undefined) return undefined
  return row => {
    gathered.seen(portName(port), row)
    return false
  }
}

async function openSource({ plan, resolve, pageRows = 4096, beforeCall }: TrialOptions): Promise<{ source: Source; log?: GivenLog }> {
  const { source, topology } = plan
  if (source.kind === 'log') {
    const log = new GivenLog(pageRows)
    const stream = tickStream(topology)
    const ticks = { stream, partition: partitionOf(stream, PARTITIONS_DEFAULT) }
    const replays = usesClock(plan) && { replays: { stream: deadLetterStream(topology), partition: -1, deployment: 0, ticks } }
    return { log, source: new LogSource({ plan: source, reader: log, storeId: 'trial', changed: () => Promise.resolve(), ...replays }) }
  }
  const { id, reference, options } = source
  const make = await resolve(reference)
  return {
    source: new GeneratorSource({
      id,
      reference,
      options,
      make,
      pageRows,
      ...(usesClock(plan) && { now: () => clockStartMs }),
      beforeCall: row => beforeCall?.(0, row),
    }),
  }
}
