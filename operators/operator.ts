/** The shape of an operator: what its file exports, what it is given, and what the catalogue, the docs and the contract suite read. */
import type { OperatorFunction } from 'rxjs'
import type { NewEvent } from '../event/event.ts'
import type { RowType } from './expressions/types.ts'
import type { Flow, Page, Port, Row } from './flow.ts'
import type { StateMemory } from './keyed/state-memory.ts'

/** The durable rows of one step, as they were put last. Puts and deletes between two barriers belong to one epoch. */
export interface StepState {
  /** Rows whose keys begin with `prefix` (all when left out), from the key `from` on, in the order of the bytes of their keys. */
  rows(prefix?: Uint8Array, from?: Uint8Array): Iterable<readonly [key: Uint8Array, value: Uint8Array]>
  /** Undefined when there is none. */
  get(key: Uint8Array): Uint8Array | undefined
  /** Many rows for little more than the price of one. */
  getMany(keys: readonly Uint8Array[]): readonly (Uint8Array | undefined)[]
  put(key: Uint8Array, value: Uint8Array): void
  delete(key: Uint8Array): void
}

/** Rows of a projection, shown to readers as soon as they are put and durable with the epoch. `order` is that of the row that is the cause. */
export interface ProjectionWriter {
  put(key: readonly unknown[], value: unknown, order: number): void
  delete(key: readonly unknown[], order: number): void
  /** The row as it was put last, durable or not; undefined when there is none. */
  get(key: readonly unknown[]): unknown
  /** Rows as they were at the last epoch, in the order of their keys. */
  rows(): Iterable<readonly [key: readonly unknown[], value: unknown]>
}

/** A request to an HTTP server, made after the epoch that holds it; the runtime adds its number and, with a secret, a signature. */
export interface PostRequest {
  readonly url: string
  readonly method: 'POST' | 'PUT' | 'PATCH'
  /** By names in small letters. */
  readonly headers: Readonly<Record<string, string>>
  /** JSON text, sent as it is. */
  readonly body: string
  /** Of one attempt. */
  readonly timeoutMs: number
  /** How often it is tried before it is a dead letter. */
  readonly attempts: number
  /** Name of the environment variable with the secret that signs the body. */
  readonly secretEnvironment?: string
}

/** Events on their way into the log and requests on their way out, in the order of the rows that caused them; the runtime numbers them. */
export interface OutboxWriter {
  append(stream: string, event: NewEvent): void
  /** The row of the page that causes it goes into its dead letter, should it come to that. */
  post(request: PostRequest, page: Page, row: number): void
}

/** A row that could not be worked on, with the step that gave it up and why. */
export interface DeadRow {
  readonly step: string
  readonly cause: string
  readonly code?: string
  readonly order: number
  readonly row: Row
  readonly attempts: number
}

/** One of the inputs of a join. */
export interface JoinedInput {
  readonly row: RowType
  /** The columns it needs of them; `*` for all. */
  readonly reads: readonly string[]
}

/**
 * What a step waits for, asked when no more rows are there, so that the clock is written into the log only while somebody waits for it.
 * Times are ms since the epoch; Infinity means never.
 */
export type Waiting =
  /** Rows leave when the watermark has come to `at()`. */
  | { readonly for: 'watermark'; at(): number }
  /** Rows leave at the first tick from `at()` on; −Infinity asks for one at once. */
  | { readonly for: 'clock'; at(): number }
  /** A step that makes watermarks: a tick at `at(wanted)` makes it idle, or brings its watermark to `wanted`. */
  | { readonly for: 'time'; at(wanted: number): number; isIdle(): boolean }

/** What one step is given by the fragment that runs it. */
export interface StepContext {
  readonly step: string
  /** URL of the topology's module: files of tables are resolved against it. */
  readonly module: string
  readonly state: StepState
  /** What the state of all steps may take; there is no bound when left out. */
  readonly memory?: StateMemory
  /** What is known of the columns that come in. */
  readonly row: RowType
  /** The same of each input by itself, at joins. */
  readonly inputs?: readonly JoinedInput[]
  /** The columns that are needed of those that come in, as `needs` of the operator says; `*` among them, or left out, for all. */
  readonly reads?: readonly string[] | undefined
  projection(name: string): ProjectionWriter
  /** The rows of a projection of another topology, as they stand when they are looked up; undefined where there is none. */
  lookup(projection: string): (key: readonly unknown[]) => Row | undefined
  outbox(): OutboxWriter
  /** The value that `module#export` names. */
  resolve(reference: string): Promise<unknown>
  /** Gives up one row of a page; the rows after it go on. */
  dead(page: Page, row: number, error: unknown): void
  /**
   * Called before each call of a user's function, with the order of the row. A function over columns is called for a whole page, noted as
   * −1 − order of its first row; when that call fails it is called row by row, so that only the rows to blame are given up.
   */
  beforeCall(order: number): void
  /** When the row of an order was recorded, ms since the epoch; left out where rows come from no log. */
  recordedOf?(order: number): number
  /** Called while the step is made, by one that waits for the watermark or for the clock. */
  waits?(waiting: Waiting): void
  /** In how many lanes the step runs side by side; one when left out. */
  readonly lanes?: number
  /** Whether the lane has the rows whose columns `fields` hold `values`; all of them when left out. Saved rows of other keys are another lane's. */
  owns?(fields: readonly string[], values: readonly unknown[]): boolean
}

/**
 * What an option holds. `field` is a column, `list` a list of columns, `fields` one or `{ new name: column }`; `function` is `module#export`.
 * `expression` is a text in Postgres syntax, `condition` a boolean one or a function, `columns` `{ column: expression }`, `mapping` one or a
 * function, `routes` `{ port: condition }`, `types` `{ column: type }`, `order` a list of columns with `-` before those that fall.
 */
export type OptionType =
  | 'text'
  | 'texts'
  | 'number'
  | 'boolean'
  | 'duration'
  | 'field'
  | 'list'
  | 'fields'
  | 'order'
  | 'function'
  | 'expression'
  | 'condition'
  | 'columns'
  | 'mapping'
  | 'routes'
  | 'types'
  | 'template'
  | 'aggregates'
  | 'table'
  | 'choice'
  | 'group'
  | 'json'

export interface OptionSpec {
  readonly type: OptionType
  readonly summary: string
  readonly required?: boolean
  readonly default?: unknown
  /** The values of a `choice`. */
  readonly choices?: readonly string[]
  /** The options of a `group`, or of a `choice` that may be a mapping too. */
  readonly options?: Readonly<Record<string, OptionSpec>>
  /** The least and the most a `number` may be, and that it must be whole. */
  readonly least?: number
  readonly most?: number
  readonly isWhole?: boolean
  /** A `duration` may also be units of the calendar: `1 day`, `2 weeks`, `1 month`. */
  readonly orCalendar?: true
  /** Columns named here are not those that come in: they are made here, or belong to a table. */
  readonly isForeign?: boolean
  /** A `field` may also be a list of columns. */
  readonly orList?: true
  /** A value that shows the option at work, for the tests that try each option of each operator; taken from the example when left out. */
  readonly sample?: unknown
}

/** Each row by itself; with state over all rows; with state by key; the way out. */
export type OperatorKind = 'stateless' | 'stateful' | 'keyed' | 'sink'

/** Everything about an operator that is data: check, docs and plan read nothing else. */
export interface OperatorSpec {
  readonly name: string
  readonly kind: OperatorKind
  readonly summary: string
  /** Paragraphs of the documentation page. */
  readonly description?: string
  readonly options: Readonly<Record<string, OptionSpec>>
  /** The option that a value stands for where options are expected: `filter: delay > 5` is `filter: { where: delay > 5 }`. */
  readonly shorthand?: string
  /** Where rows leave, with a sentence each; sinks have none. Every step has a port `dead` besides, for `catch`. */
  readonly ports: Readonly<Record<Port, string>>
  /** Version of the saved state; present when the step has state and so needs a stable `id`. */
  readonly stateVersion?: number
  /** What that state is, in a few words for `explain`: `a cell for each open window and key`. */
  readonly keeps?: string
  /** Rows must carry an event time, so an `eventTime` must stand before the step. */
  readonly needsEventTime?: boolean
  /** A sink whose effects may happen again after a crash. */
  readonly guarantee?: 'atLeastOnce'
  /** Takes what other steps gave up: ports `dead` and no others. */
  readonly takesDead?: true
  /** A join, whose inputs differ: it takes exactly so many, in this order. */
  readonly inputs?: 2
}

/**
 * One thing that enters or leaves in an example. A row may say `$order`, `$eventTime`, `$watermark` and `$input` beside its fields;
 * texts are control: `watermark 3600000`, `tick 3600000`, `barrier`, `end`.
 */
export type ExampleFlow = Row | 'barrier' | 'end' | `watermark ${number}` | `tick ${number}`

/** An example that is run by the tests and shown in the docs. */
export interface OperatorExample {
  readonly title: string
  readonly options: Readonly<Record<string, unknown>>
  /** What the references in the options stand for. */
  readonly functions?: Readonly<Record<string, unknown>>
  /** The columns that are the key, for operators that stand behind `keyBy`. */
  readonly key?: readonly string[]
  readonly input: readonly ExampleFlow[]
  readonly output: {
    readonly ports?: Readonly<Record<Port, readonly Row[]>>
    readonly projection?: readonly (readonly [key: readonly unknown[], value: unknown])[]
    readonly outbox?: readonly (readonly [stream: string, event: NewEvent])[]
    readonly posts?: readonly PostRequest[]
    /** Orders of the rows given up. */
    readonly dead?: readonly number[]
  }
}

/** Names of columns; `*` stands for all of them. */
export type FieldSet = ReadonlySet<string>

export interface Operator<Options = never> {
  readonly spec: OperatorSpec
  readonly example: OperatorExample
  /** Ports whose names come from the options, as those of routes; beside those of the spec. */
  portsOf?(options: Options): Readonly<Record<Port, string>>
  /**
   * The columns that leave by each port, given those that come in. A port that is not answered for, and every port when this is left out,
   * has the columns that came in. INVALID when the options and the columns do not fit; `details.option` names the option then. `inputs` are
   * those of each input, of which `input` is all together.
   */
  types?(
    options: Options,
    input: RowType,
    functionOf: (reference: string) => unknown,
    inputs?: readonly RowType[],
  ): Readonly<Record<Port, RowType>>
  /**
   * The columns that must come in, given those that are wanted at each of its ports; a join is asked for each `input` by its number.
   * `functionOf` gives a user's function, if it is known.
   */
  needs(options: Options, wanted: (port: Port) => FieldSet, functionOf: (reference: string) => unknown, input?: number): FieldSet
  /** What it keeps with these options and for how long, where the spec can not say it for all: for `explain`. */
  keepsOf?(options: Options): string
  /** Inputs from this number on are only looked up in: they hold no watermark back. */
  sideInputs?(options: Options): number | undefined
  /**
   * The columns of an input by which its rows may be split among lanes: rows with equal values there meet, and no others need to. `key` is what
   * `keyBy` named. At joins the n-th column of one input meets the n-th of the other. Left out, or empty: all rows must meet in one place.
   */
  splitBy?(options: Options, key: readonly string[], input: number): readonly string[]
  /** Something leaves because time has passed while no row came: the topology reads and writes ticks. */
  usesClock?(options: Options): boolean
  /** Makes state that an earlier version of the operator wrote into that of the next; by the earlier `stateVersion`. */
  readonly upgrades?: Readonly<Record<number, StateUpgrade>>
  /** For steps with an option `upgrade`: makes state of an earlier version of the step, of the same key, into its own. Throws INVALID. */
  upgradeState?(options: Options, context: UpgradeContext): Promise<StateUpgrade>
  /** Builds the step: once a fragment, before the first page. */
  create(options: Options, context: StepContext): OperatorFunction<Flow, Flow> | Promise<OperatorFunction<Flow, Flow>>
}

/** Rows of a step's state made into rows of another version; one by one, so that there may be more than memory holds. */
export type StateUpgrade = (rows: Iterable<StateRow>) => Iterable<StateRow>
export type StateRow = readonly [key: Uint8Array, value: Uint8Array]

/** What a step is given to make new state of old. */
export interface UpgradeContext {
  readonly step: string
  /** The value that `module#export` names. */
  resolve(reference: string): Promise<unknown>
  /** Of the state as it was saved. */
  readonly schemaVersion: number
  /** A sign of life, before each call of a user's function. */
  beat(): void
}

/** An operator whose options the catalogue does not know by type; `check` has proved them by the spec. */
export type AnyOperator = Operator<never>
