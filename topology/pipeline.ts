/** The builder: a pipeline as a chain of calls, which makes the plain list of steps that a topology is. */
import type { AggregateUse } from '../operators/aggregates/aggregate.ts'
import type { AppendOptions } from '../operators/append.ts'
import type { EnrichOptions } from '../operators/enrich.ts'
import type { EventTimeOptions } from '../operators/eventTime.ts'
import type { ProjectionOptions } from '../operators/projection.ts'
import type { TableUse } from '../operators/sources/table.ts'
import type { TumbleOptions } from '../operators/tumble.ts'
import { checkTopology } from './check.ts'
import type { StepInput } from './plan.ts'
import type { FollowedLog, GeneratedPages, Source, Step, Topology } from './topology.ts'

/** Rows by the names and types of their columns; what is not declared may have any name. */
export type Fields = object
type FieldOf<Row> = keyof Row & string
type Uses = Readonly<Record<string, AggregateUse>>
type Results<Aggregates extends Uses> = { [Name in keyof Aggregates]: Aggregates[Name] extends AggregateUse<infer Result> ? Result : never }
type Windowed<Row, Key extends FieldOf<Row>, Aggregates extends Uses> = Pick<Row, Key> & {
  windowStart: number
  windowEnd: number
} & Results<Aggregates>
type Taken<Take> = Take extends readonly (infer Name extends string)[] ? { [N in Name]: unknown } : { [N in keyof Take & string]: unknown }
interface Named {
  readonly id?: string
}

/** Begins a topology; `version` says when its meaning changed. */
export function topology(name: string, { version }: { readonly version: number }): TopologyBuilder {
  return new TopologyBuilder(name, version)
}

/** A table for `enrich`: a file beside the module of the topology. */
export function table(file: string, options: Omit<TableUse, 'file'>): TableUse {
  return { file, ...options }
}

/** Gathers the steps; the default export of a module of a topology is this, or what a sink gives back. */
export class TopologyBuilder {
  readonly #name: string
  readonly #version: number
  readonly #sources: Source[] = []
  readonly #steps: Step[] = []

  constructor(name: string, version: number) {
    this.#name = name
    this.#version = version
  }

  /** Follows the log: all events, or those of some types or categories. Columns are the fields of `data`, and `$stream`, `$type`, `$time` and so on. */
  follow<Row extends Fields = Record<string, unknown>>(log: Pick<FollowedLog, 'types' | 'categories'> = {}): Stream<Row> {
    return this.#from<Row>({ id: 'log', kind: 'log', ...log })
  }

  /** Pages from `module#export`, a function `(options) => { next(rows, fromRow): Page | null }`. */
  generate<Row extends Fields = Record<string, unknown>>(reference: string, options: unknown = {}): Stream<Row> {
    return this.#from<Row>({ id: 'generate', kind: 'generate', reference, options })
  }

  #from<Row extends Fields>(source: FollowedLog | GeneratedPages): Stream<Row> {
    if (!this.#sources.some(({ id }) => id === source.id)) this.#sources.push(source)
    return new Stream<Row>(this, [{ step: source.id, port: 'main' }])
  }

  /** Adds a step; its id is made from `name` when none is given. */
  add(
    operator: string,
    options: object,
    place: { readonly from: readonly StepInput[]; readonly id?: string | undefined; readonly name?: string },
  ): Step {
    const id = place.id ?? this.#freeId(place.name ?? operator)
    const step: Step = { id, operator, options: { ...options }, from: place.from }
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
    const sources = this.#sources.length > 0 ? this.#sources : [{ id: 'log', kind: 'log' }]
    return checkTopology(JSON.parse(JSON.stringify({ name: this.#name, version: this.#version, sources, steps: this.#steps })) as Topology)
  }

  toJSON(): Topology {
    return this.definition
  }
}

/** Rows on their way, from one or more ports of earlier steps. */
export class Stream<Row extends Fields, Key extends FieldOf<Row> = never> {
  readonly #builder: TopologyBuilder
  readonly #from: readonly StepInput[]

  constructor(builder: TopologyBuilder, from: readonly StepInput[]) {
    this.#builder = builder
    this.#from = from
  }

  /** Any operator by name, for those that have no method here. */
  step(operator: string, { id, ...options }: Named & Readonly<Record<string, unknown>> = {}): Stream<Record<string, unknown>> {
    return new Stream(this.#builder, this.#add(operator, options, id))
  }

  #add(operator: string, options: object, id?: string, name?: string): readonly StepInput[] {
    const step = this.#builder.add(operator, options, { from: this.#from, id, ...(name === undefined ? {} : { name }) })
    return [{ step: step.id, port: 'main' }]
  }

  /** Says when rows happened; rows too far in the future leave by `suspect`. */
  eventTime({ id, ...options }: EventTimeOptions & { readonly field: FieldOf<Row> } & Named): Timed<Row, Key> {
    return new Timed<Row, Key>(this.#builder, this.#add('eventTime', options, id))
  }

  /** Keeps rows for which the function `module#export` says true. */
  filter(where: string, { id }: Named = {}): Stream<Row, Key> {
    return new Stream<Row, Key>(this.#builder, this.#add('filter', { where }, id))
  }

  /** Makes new rows, or adds columns, by the function `module#export`. */
  map<Out extends Fields = Record<string, unknown>>(to: string, { id }: Named = {}): Stream<Out> {
    return new Stream<Out>(this.#builder, this.#add('map', { to }, id))
  }

  /** Adds columns from a table. */
  enrich<const Options extends EnrichOptions>({
    id,
    ...options
  }: Options & { readonly match: FieldOf<Row> } & Named): Stream<Row & Taken<Options['take']>> {
    return new Stream<Row & Taken<Options['take']>>(this.#builder, this.#add('enrich', options, id))
  }

  /** Makes a row of each element of a list. */
  unnest<Out extends Fields = Record<string, unknown>>(field: FieldOf<Row>, { id }: Named = {}): Stream<Out> {
    return new Stream<Out>(this.#builder, this.#add('unnest', { field }, id))
  }

  /** Names the columns by which the next steps keep their state apart. */
  keyBy<const Names extends readonly FieldOf<Row>[]>(...fields: Names): Stream<Row, Names[number]> {
    return new Stream<Row, Names[number]>(this.#builder, this.#add('keyBy', { fields }))
  }

  /** Aggregates rows by key in windows; late rows leave by `late`. */
  tumble<const Aggregates extends Uses>({
    id,
    ...options
  }: Omit<TumbleOptions, 'aggregate'> & { readonly id: string; readonly aggregate: Aggregates }): WindowedStream<
    Windowed<Row, Key, Aggregates>,
    Row
  > {
    return new WindowedStream<Windowed<Row, Key, Aggregates>, Row>(this.#builder, this.#add('tumble', options, id))
  }

  /** Aggregates all rows by key, once, at the end of the input. */
  total<const Aggregates extends Uses>({
    id,
    ...options
  }: {
    readonly id: string
    readonly aggregate: Aggregates
  }): Stream<Pick<Row, Key> & Results<Aggregates>> {
    return new Stream<Pick<Row, Key> & Results<Aggregates>>(this.#builder, this.#add('total', options, id))
  }

  /** The rows of this stream and of another together, in the order of their causes. */
  merge(other: Stream<Row, Key>): Stream<Row, Key> {
    return new Stream<Row, Key>(this.#builder, [...this.#from, ...other.#from])
  }

  /** Puts each row under its key, where readers look it up. */
  projection({ id, ...options }: ProjectionOptions & { readonly key: readonly FieldOf<Row>[] } & Named): TopologyBuilder {
    this.#add('projection', options, id, `projection-${options.name}`)
    return this.#builder
  }

  /** Writes each row as an event into a stream of the log. */
  append({ id, ...options }: AppendOptions & Named): TopologyBuilder {
    this.#add('append', options, id, `append-${options.stream}`)
    return this.#builder
  }

  /** The rows that left the last step by another port. */
  port<Other extends Fields = Row>(port: string): Stream<Other> {
    return new Stream<Other>(
      this.#builder,
      this.#from.map(({ step }) => ({ step, port })),
    )
  }
}

/** Rows with an event time. */
class Timed<Row extends Fields, Key extends FieldOf<Row> = never> extends Stream<Row, Key> {
  /** Rows from too far in the future. */
  get suspect(): Stream<Row> {
    return this.port('suspect')
  }
}

/** Rows of closed windows. */
class WindowedStream<Row extends Fields, From extends Fields> extends Stream<Row> {
  /** Rows whose window had closed when they came. */
  get late(): Stream<From> {
    return this.port<From>('late')
  }
}

export * from '../operators/aggregates/index.ts'
export { columns, rows } from '../operators/functions.ts'
