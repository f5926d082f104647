/** The builder: a topology as a chain of calls, which makes the plain list of steps that a topology file makes too. */
import { durationMs, type Duration } from '../operators/duration.ts'
import type { TableUse } from '../operators/sources/table.ts'
import { checkTopology } from './check.ts'
import type { Fields } from './fields.ts'
import type { StepInput } from './plan.ts'
import { Stream } from './stream.ts'
import type { FollowedLog, GeneratedPages, Guarantee, Source, Step, Topology } from './topology.ts'

export type { Fields } from './fields.ts'
export { Stream } from './stream.ts'

export interface TopologyHead {
  /** Says when its meaning changed. */
  readonly version: number
  readonly guarantee?: Guarantee
  /** Time between two writes of its state; the node's when left out. */
  readonly epoch?: Duration
  /** Between two ticks at least, for one that goes by the clock; a second when left out. */
  readonly tick?: Duration
}

/** A step to add, beside its operator and options. */
export interface AddedStep {
  readonly from: readonly StepInput[]
  readonly id?: string | undefined
  /** What its id is made from when it has none. */
  readonly name?: string | undefined
  readonly inOrder?: readonly string[] | undefined
}

/** Begins a topology. */
export function topology(name: string, head: TopologyHead): TopologyBuilder {
  return new TopologyBuilder(name, head)
}

/** A table for `enrich`: a file beside the module of the topology. */
export function table(file: string, options: Omit<TableUse, 'file'>): TableUse {
  return { file, ...options }
}

/** Gathers the steps; the default export of a module of a topology is this, or what a sink gives back. */
export class TopologyBuilder {
  readonly #name: string
  readonly #head: TopologyHead
  readonly #sources: Source[] = []
  readonly #steps: Step[] = []

  constructor(name: string, head: TopologyHead) {
    this.#name = name
    this.#head = head
  }

  /** Follows the log: all events, or those of some types or categories. Columns are the fields of `data`, and `$stream`, `$type`, `$time` and so on. */
  follow<Row extends Fields = Record<string, unknown>>({
    id = 'log',
    ...log
  }: Partial<Pick<FollowedLog, 'id' | 'types' | 'categories' | 'fields'>> = {}): Stream<Row> {
    return this.#from<Row>({ id, kind: 'log', ...log })
  }

  /** Pages from `module#export`, a function `(options) => { next(rows, fromRow): Page | null }`. */
  generate<Row extends Fields = Record<string, unknown>>(
    reference: string,
    options: unknown = {},
    { id = 'generate', ...more }: Partial<Pick<GeneratedPages, 'id' | 'fields'>> = {},
  ): Stream<Row> {
    return this.#from<Row>({ id, kind: 'generate', reference, options, ...more })
  }

  /** A source of the same name again is the same source. */
  #from<Row extends Fields>(source: Source): Stream<Row> {
    if (!this.#sources.some(({ id }) => id === source.id)) this.#sources.push(source)
    return new Stream<Row>(this, [{ step: source.id, port: 'main' }])
  }

  /** Adds a step; its id is made from `name` when none is given. */
  add(operator: string, options: object, { from, name, inOrder, ...place }: AddedStep): Step {
    const id = place.id ?? this.#freeId(name ?? operator)
    const step: Step = { id, operator, options: { ...options }, from, ...(inOrder && { inOrder }) }
    this.#steps.push(step)
    return step
  }

  #freeId(name: string): string {
    const isTaken = (id: string): boolean => this.#steps.some(step => step.id === id)
    let id = name
    for (let count = 2; isTaken(id); count++) id = `${name}-${count}`
    return id
  }

  /** The topology as plain data; INVALID when something is wrong with it. */
  get definition(): Topology {
    const { version, guarantee, epoch, tick } = this.#head
    const made = {
      name: this.#name,
      version,
      sources: this.#sources.length > 0 ? this.#sources : [{ id: 'log', kind: 'log' }],
      steps: this.#steps,
      ...(guarantee !== undefined && { guarantee }),
      ...(epoch !== undefined && { epochMs: durationMs(epoch, 'epoch') }),
      ...(tick !== undefined && { tickMs: durationMs(tick, 'tick') }),
    }
    return checkTopology(JSON.parse(JSON.stringify(made)) as Topology)
  }

  toJSON(): Topology {
    return this.definition
  }
}

export * from '../operators/aggregates/index.ts'
export { columns, rows } from '../operators/functions.ts'
