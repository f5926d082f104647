/** Rows on their way through a topology that is being built: a method for each operator, with types that follow the columns. */
import type { AppendOptions } from '../operators/append.ts'
import type { DedupeOptions } from '../operators/dedupe.ts'
import type { EnrichOptions } from '../operators/enrich.ts'
import type { FlatMapOptions } from '../operators/flatMap.ts'
import type { FoldOptions } from '../operators/fold.ts'
import type { FoldIntoOptions } from '../operators/foldInto.ts'
import type { FormatOptions } from '../operators/format.ts'
import type { ParseOptions } from '../operators/parse.ts'
import type { PatternOptions } from '../operators/pattern.ts'
import type { ProjectionOptions } from '../operators/projection.ts'
import type { RouteOptions } from '../operators/route.ts'
import type { TapOptions } from '../operators/tap.ts'
import type { TopNOptions } from '../operators/topN.ts'
import type { ValidateOptions } from '../operators/validate.ts'
import type { WebhookOptions } from '../operators/webhook.ts'
import type { Caught, Extended, FieldOf, Fields, Matching, Renamed, Selected, Taken } from './fields.ts'
import type { TopologyBuilder } from './pipeline.ts'
import type { StepInput } from './plan.ts'
import type { By, Identified, Kept, Named } from './step-names.ts'
import type { Joinable } from './stream-joins.ts'
import { TimeMethods } from './stream-time.ts'

type Options = Named<Record<string, unknown>> & Readonly<Record<string, unknown>>

/** Rows on their way, from one or more ports of earlier steps. */
export class Stream<Row extends Fields, Key extends FieldOf<Row> = never> extends TimeMethods<Row, Key> {
  readonly #builder: TopologyBuilder
  readonly from: readonly StepInput[]

  constructor(builder: TopologyBuilder, from: readonly StepInput[]) {
    super()
    this.#builder = builder
    this.from = from
  }

  /** What several steps bring together is one side of a join only as a step of its own. */
  protected override join<Out extends Fields>(operator: string, options: object, right?: Joinable<Fields>): WindowedStream<Out, Row> {
    if (right === undefined) return this.windowed<Out>(operator, options)
    const from = [this.from, right.from].map(side =>
      side.length === 1 ? (side[0] as StepInput) : { step: this.#builder.add('merge', {}, { from: side }).id, port: 'main' },
    )
    return new Stream<Row>(this.#builder, from).windowed<Out>(operator, options) as WindowedStream<Out, Row>
  }

  #add(operator: string, options: object, name?: string): readonly StepInput[] {
    const { id, inOrder, ...rest } = options as Options
    const step = this.#builder.add(operator, rest, { from: this.from, id, name, inOrder })
    return [{ step: step.id, port: 'main' }]
  }

  #then<Out extends Fields, OutKey extends FieldOf<Out> = never>(operator: string, options: object): Stream<Out, OutKey> {
    return new Stream<Out, OutKey>(this.#builder, this.#add(operator, options))
  }

  protected override aggregated<Out extends Fields>(operator: string, options: object): Stream<Out> {
    return this.#then<Out>(operator, options)
  }

  protected override next<Out extends Fields, OutKey extends FieldOf<Out>>(operator: string, options: object): Stream<Out, OutKey> {
    return this.#then<Out, OutKey>(operator, options)
  }

  protected override timed(options: object): Timed<Row, Key> {
    return new Timed<Row, Key>(this.#builder, this.#add('eventTime', options))
  }

  protected override windowed<Out extends Fields>(operator: string, options: object): WindowedStream<Out, Row> {
    return new WindowedStream<Out, Row>(this.#builder, this.#add(operator, options))
  }

  #into(operator: string, options: object, name = operator): TopologyBuilder {
    this.#add(operator, options, name)
    return this.#builder
  }

  /** Any operator by name. */
  step(operator: string, options: Options = {}): Stream<Record<string, unknown>> {
    return this.#then(operator, options)
  }

  /** Keeps rows for which a condition holds: an expression, or a function as `module#export`. */
  filter(where: string, named: Named<Row> = {}): Stream<Row, Key> {
    return this.#then<Row, Key>('filter', { where, ...named })
  }

  /** Adds columns `{ name: expression }`. */
  map<const Columns extends Readonly<Record<string, string>>>(to: Columns, named?: Named<Row>): Stream<Extended<Row, Columns>>
  /** Makes new rows, or adds columns, by the function `module#export`; or adds columns whose types the caller knows. */
  map<Out extends Fields = Record<string, unknown>>(to: string | Readonly<Record<string, string>>, named?: Named<Row>): Stream<Out>
  map(to: string | Readonly<Record<string, string>>, named: Named<Row> = {}): Stream<Record<string, unknown>> {
    return this.#then('map', { to, ...named })
  }

  /** Only these columns: by name, or `{ column: expression }`. */
  select<const Columns extends readonly FieldOf<Row>[] | Readonly<Record<string, string>>>(
    columns: Columns,
    named: Named<Row> = {},
  ): Stream<Selected<Row, Columns>> {
    return this.#then<Selected<Row, Columns>>('select', { columns, ...named })
  }

  /** Other names for columns, `{ newName: name }`; the others stay. */
  rename<const Names extends Readonly<Record<string, FieldOf<Row>>>>(columns: Names, named: Identified = {}): Stream<Renamed<Row, Names>> {
    return this.#then<Renamed<Row, Names>>('rename', { columns, ...named })
  }

  /** All columns but these. */
  drop<const Names extends readonly FieldOf<Row>[]>(columns: Names, named: Identified = {}): Stream<Omit<Row, Names[number]>> {
    return this.#then<Omit<Row, Names[number]>>('drop', { columns, ...named })
  }

  /** Any number of rows for each row. */
  flatMap<Out extends Fields = Record<string, unknown>>(options: FlatMapOptions & Named<Row>): Stream<Out> {
    return this.#then<Out>('flatMap', options)
  }

  /** Makes a row of each element of a list. */
  unnest<Out extends Fields = Record<string, unknown>>(field: FieldOf<Row>, named: Named<Row> = {}): Stream<Out> {
    return this.#then<Out>('unnest', { field, ...named })
  }

  /** Reads a text or bytes into columns. */
  parse<Out extends Fields = Record<string, unknown>>(options: ParseOptions & { readonly field: FieldOf<Row> } & Named<Row>): Stream<Out> {
    return this.#then<Out>('parse', options)
  }

  /** Writes columns into one. */
  format<const Into extends string>(
    options: FormatOptions & { readonly into: Into } & Named<Row>,
  ): Stream<Row & { [Name in Into]: unknown }> {
    return this.#then<Row & { [Name in Into]: unknown }>('format', options)
  }

  /** Gives up rows that are not as a schema or a condition says. */
  validate(options: ValidateOptions & Named<Row>): Stream<Row, Key> {
    return this.#then<Row, Key>('validate', options)
  }

  /** Lets a function look at rows on their way. */
  tap(options: TapOptions & Named<Row>): Stream<Row, Key> {
    return this.#then<Row, Key>('tap', options)
  }

  /** Each row by the first route whose condition holds, else by `else`. */
  route<const Routes extends RouteOptions['routes']>(
    routes: Routes,
    options: Omit<RouteOptions, 'routes'> & Named<Row> = {},
  ): { readonly [Name in (keyof Routes & string) | 'else']: Stream<Row, Key> } {
    const [from] = this.#add('route', { routes, ...options })
    const names = [...Object.keys(routes), 'else'] as ((keyof Routes & string) | 'else')[]
    const streams = names.map(port => [port, new Stream<Row, Key>(this.#builder, [{ step: from?.step ?? '', port }])])
    return Object.fromEntries(streams) as { readonly [Name in (keyof Routes & string) | 'else']: Stream<Row, Key> }
  }

  /** The rows of this stream and of others together, in the order of their causes; as a step of its own when it is given an id. */
  merge(other: Stream<Row, Key> | readonly Stream<Row, Key>[], { id }: Identified = {}): Stream<Row, Key> {
    const others = other instanceof Stream ? [other] : other
    const all = new Stream<Row, Key>(this.#builder, [...this.from, ...others.flatMap(one => one.from)])
    return id === undefined ? all : all.#then<Row, Key>('merge', { id })
  }

  /** The rows that the last step gave up, with why. */
  catch(named: Identified = {}): Stream<Caught<Row>> {
    return this.port('dead').#then<Caught<Row>>('catch', named)
  }

  /** Adds columns from a table. */
  enrich<const Enriching extends EnrichOptions>(
    options: Enriching & { readonly match: FieldOf<Row> | readonly FieldOf<Row>[] } & Named<Row>,
  ): Stream<Row & Taken<Enriching['take']>> {
    return this.#then<Row & Taken<Enriching['take']>>('enrich', options)
  }

  /** Names the columns by which the next steps keep their state apart. */
  keyBy<const Names extends readonly FieldOf<Row>[]>(...fields: Names): Stream<Row, Names[number]> {
    return this.#then<Row, Names[number]>('keyBy', { fields })
  }

  /** The first row of each key. */
  dedupe(options: DedupeOptions & By<Row> & Kept<Row>): Stream<Row, Key> {
    return this.#then<Row, Key>('dedupe', options)
  }

  /** The first rows of each window in an order, with their rank. */
  topN(options: TopNOptions & By<Row> & Kept<Row>): Stream<Row & { rank: number }> {
    return this.#then<Row & { rank: number }>('topN', options)
  }

  /** A state by key, changed by a function with each row. */
  fold<Out extends Fields = Record<string, unknown>>(options: FoldOptions & By<Row> & Kept<Row>): Stream<Out> {
    return this.#then<Out>('fold', options)
  }

  /** One row by key, made by a function of the one before and each new row. */
  reduce(options: { readonly with: string } & By<Row> & Kept<Row>): Stream<Row> {
    return this.#then<Row>('reduce', options)
  }

  /** The newest row of each key. */
  latest(options: By<Row> & Kept<Row>): Stream<Row, Key> {
    return this.#then<Row, Key>('latest', options)
  }

  /** Rows that differ from the one before of the same key. */
  changes(options: { readonly of?: readonly FieldOf<Row>[] } & By<Row> & Kept<Row>): Stream<Row, Key> {
    return this.#then<Row, Key>('changes', options)
  }

  /** How many rows of the key there were, with each row. */
  count<const As extends string = 'count'>(options: { readonly as?: As } & By<Row> & Kept<Row>): Stream<Row & { [Name in As]: number }> {
    return this.#then<Row & { [Name in As]: number }>('count', options)
  }

  /** Rows of a key that follow one another as described; late rows leave by `late`, what ran out of time by `timedOut`. */
  pattern<const Select extends Fields = object, const K extends readonly FieldOf<Row>[] = readonly Key[]>(
    options: Omit<PatternOptions, 'by' | 'select'> & Kept<Row> & { readonly by?: K; readonly select?: Select },
  ): MatchedStream<Matching<Row, K[number], Select>, Row> {
    return new MatchedStream<Matching<Row, K[number], Select>, Row>(this.#builder, this.#add('pattern', options))
  }

  /** Puts each row under its key, where readers look it up. */
  projection(options: ProjectionOptions & { readonly key: readonly FieldOf<Row>[] } & Named<Row>): TopologyBuilder {
    return this.#into('projection', options, `projection-${options.name}`)
  }

  /** Folds the events that the rows are into the rows of a projection, by what a module says of them. */
  foldInto(options: FoldIntoOptions & Kept<Row>): TopologyBuilder {
    return this.#into('foldInto', options)
  }

  /** Writes each row as an event into a stream of the log. */
  append(options: AppendOptions & Named<Row>): TopologyBuilder {
    return this.#into('append', options, `append-${options.stream}`)
  }

  /** Sends each row as an HTTP request. */
  webhook(options: WebhookOptions & Named<Row>): TopologyBuilder {
    return this.#into('webhook', options)
  }

  /** Gives each row up, with a reason. */
  deadLetter(options: { readonly reason?: string } & Identified = {}): TopologyBuilder {
    return this.#into('deadLetter', options)
  }

  /** The rows that left the last step by another port. */
  port<Other extends Fields = Row>(port: string): Stream<Other> {
    return new Stream<Other>(
      this.#builder,
      this.from.map(({ step }) => ({ step, port })),
    )
  }
}

/** Rows with an event time. */
export class Timed<Row extends Fields, Key extends FieldOf<Row> = never> extends Stream<Row, Key> {
  /** Rows from too far in the future. */
  get suspect(): Stream<Row> {
    return this.port('suspect')
  }
}

/** Rows of closed windows. */
export class WindowedStream<Row extends Fields, From extends Fields> extends Stream<Row> {
  /** Rows whose window had closed when they came. */
  get late(): Stream<From> {
    return this.port<From>('late')
  }
}

/** Matches of a pattern. */
class MatchedStream<Row extends Fields, From extends Fields> extends WindowedStream<Row, From> {
  /** Partial matches that ran out of `within`. */
  get timedOut(): Stream<Row> {
    return this.port('timedOut')
  }
}
