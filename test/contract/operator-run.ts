/** Runs one operator over an input written as rows and control, cut into pages of any size, with restarts where wanted. */
import { isDeepStrictEqual } from 'node:util'
import { Subject } from 'rxjs'
import type { NewEvent } from '../../event/event.ts'
import { anyRow, type RowType } from '../../operators/expressions/types.ts'
import type { Flow, Page, Row } from '../../operators/flow.ts'
import { StateMemory } from '../../operators/keyed/state-memory.ts'
import type { AnyOperator, ExampleFlow, JoinedInput, PostRequest, StepContext, StepState } from '../../operators/operator.ts'
import { aliveRows, pageOf, rowReader } from '../../operators/page.ts'

export interface Run {
  readonly options: Readonly<Record<string, unknown>>
  readonly functions?: Readonly<Record<string, unknown>>
  readonly key?: readonly string[]
  /** What is known of the columns; nothing when left out. */
  readonly row?: RowType
  readonly input: readonly ExampleFlow[]
  /** Rows of projections of other topologies. */
  readonly projections?: Readonly<Record<string, readonly (readonly [key: readonly unknown[], value: Row])[]>>
  readonly pageRows: number
  /** What its state may take in memory; no bound when left out. */
  readonly stateBytes?: number | undefined
  /** Gives the step up after these barriers (counted from 1) and makes it anew from its saved state. */
  readonly restartAfter?: readonly number[]
  /** Rows that leave say their `$order`. */
  readonly showsOrder?: true
}

export interface Outcome {
  readonly ports: Record<string, Row[]>
  readonly projection: (readonly [key: readonly unknown[], value: unknown])[]
  readonly outbox: (readonly [stream: string, event: NewEvent])[]
  readonly posts: PostRequest[]
  /** Orders of the rows given up, rising, as the fragment hands them on. */
  readonly dead: number[]
  /** Kinds of all that left, in order: for pages `page`. */
  readonly kinds: string[]
  /** How often a row of state was put, and how many were asked for by their keys. */
  puts: number
  reads: number
  /** Rows of state that are left in the end. */
  rowsLeft: number
}

/** State rows in memory, in the order of their keys as a store gives them. */
export class MemoryState implements StepState {
  readonly rowsByKey = new Map<string, Uint8Array>()
  puts = 0
  reads = 0

  rows(prefix: Uint8Array = new Uint8Array(0), from: Uint8Array = prefix): Iterable<readonly [Uint8Array, Uint8Array]> {
    const [begin, least] = [Buffer.from(prefix).toString('hex'), Buffer.from(from).toString('hex')]
    const found = [...this.rowsByKey].filter(([key]) => key.startsWith(begin) && key >= least)
    const sorted = found.sort(([a], [b]) => (a < b ? -1 : 1))
    return sorted.map(([key, value]) => [Buffer.from(key, 'hex'), inTheMiddle(value)] as const)
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const value = this.rowsByKey.get(Buffer.from(key).toString('hex'))
    return value && inTheMiddle(value)
  }

  getMany(keys: readonly Uint8Array[]): (Uint8Array | undefined)[] {
    this.reads += keys.length
    return keys.map(key => this.get(key))
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.puts++
    this.rowsByKey.set(Buffer.from(key).toString('hex'), value.slice())
  }

  delete(key: Uint8Array): void {
    this.rowsByKey.delete(Buffer.from(key).toString('hex'))
  }
}

/** Bytes as a store hands them out: part of a larger buffer, and not aligned. */
function inTheMiddle(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.alloc(3, 0xff), bytes, Buffer.alloc(5, 0xff)]).subarray(3, 3 + bytes.length)
}

function contextOf(run: Run, state: MemoryState, outcome: Outcome): StepContext {
  return {
    step: 'step',
    module: import.meta.url,
    row: run.row ?? anyRow,
    ...(isJoin(run) && { inputs: inputsOf(run) }),
    state,
    memory: new StateMemory(run.stateBytes),
    projection: () => ({
      put: (key, value) => {
        // As the runtime does, which throws for what is no JSON.
        JSON.stringify(value)
        outcome.projection.push([key, value])
      },
      delete: key => void outcome.projection.push([key, undefined]),
      get: key => structuredClone(outcome.projection.findLast(([own]) => isDeepStrictEqual(own, key))?.[1]),
      rows: () => latestRows(outcome.projection),
    }),
    lookup: projection => key => run.projections?.[projection]?.findLast(([own]) => isDeepStrictEqual(own, key))?.[1],
    outbox: () => ({
      append: (stream, event) => void outcome.outbox.push([stream, event]),
      post: request => void outcome.posts.push(request),
    }),
    resolve: reference => Promise.resolve(run.functions?.[reference]),
    dead: (page, row) => void outcome.dead.push(page.order[row] as number),
    beforeCall: () => {},
    recordedOf: order => order,
  }
}

/** The row put last under each key; what was removed is gone. */
function latestRows(put: Outcome['projection']): Outcome['projection'] {
  const isLast = (key: readonly unknown[], at: number): boolean => put.findLastIndex(([own]) => isDeepStrictEqual(own, key)) === at
  return put.filter(([key, value], at) => value !== undefined && isLast(key, at))
}

/** Rows with their stamps (`$eventTime`, `$watermark`) when they have them, so that examples can say either. */
export function leave(page: Page, outcome: Pick<Outcome, 'ports'>, { showsOrder }: Run): void {
  const read = rowReader(page, [...page.columns.keys()])
  const list = (outcome.ports[page.port] ??= [])
  for (const row of aliveRows(page)) {
    const stamps = page.eventTime === undefined ? {} : { $eventTime: page.eventTime[row], $watermark: page.watermark?.[row] }
    list.push({ ...read(row), ...stamps, ...(showsOrder && { $order: page.order[row] }) })
  }
}

export async function runOperator(operator: AnyOperator, run: Run): Promise<Outcome> {
  const outcome: Outcome = { ports: {}, projection: [], outbox: [], posts: [], dead: [], kinds: [], puts: 0, reads: 0, rowsLeft: 0 }
  const state = new MemoryState()
  let failure: { error: unknown } | undefined
  const start = async (): Promise<Subject<Flow>> => {
    const subject = new Subject<Flow>()
    const built = await operator.create(run.options as never, contextOf(run, state, outcome))
    subject.pipe(built).subscribe({
      next: flow => {
        outcome.kinds.push(flow.kind)
        if (flow.kind === 'page') leave(flow, outcome, run)
      },
      error: (error: unknown) => (failure ??= { error }),
    })
    return subject
  }
  let step = await start()
  let barriers = 0
  for (const flow of flowsOf(run)) {
    step.next(flow)
    if (failure !== undefined) throw failure.error
    if (flow.kind === 'barrier' && run.restartAfter?.includes(++barriers) === true) step = await start()
  }
  outcome.puts = state.puts
  outcome.reads = state.reads
  outcome.rowsLeft = state.rowsByKey.size
  outcome.dead.sort((a, b) => a - b)
  return outcome
}

/** Pages and control; behind a page of stamped rows comes the watermark of the row that follows, as `eventTime` sends it. */
export function flowsOf(run: Pick<Run, 'input' | 'pageRows' | 'key'>): Flow[] {
  return isJoin(run) ? mergedFlowsOf(run) : plainFlowsOf(run)
}

export function isJoin({ input }: Pick<Run, 'input'>): boolean {
  return input.some(one => typeof one === 'object' && '$input' in one)
}

/** What a plan knows of the inputs of a join: here only whether they have an event time. */
export function inputsOf({ input }: Run): readonly JoinedInput[] {
  const isTimed = input.every(one => typeof one !== 'object' || '$eventTime' in one)
  return [0, 1].map(() => ({ row: { ...anyRow, isTimed }, reads: ['*'] }))
}

/** As several inputs come merged: how time will move, the rows in runs of one input, and the watermark behind them. */
function mergedFlowsOf({ input, pageRows, key }: Pick<Run, 'input' | 'pageRows' | 'key'>): Flow[] {
  const flows: Flow[] = []
  let [rows, order, epoch, sent] = [[] as Row[], 0, 0, -Infinity]
  const push = (next: Row | undefined): void => {
    const [first, ...others] = rows
    if (first === undefined) return
    const isStamped = rows.every(row => typeof row['$watermark'] === 'number')
    const before = Float64Array.from(rows, row => row['$watermark'] as number)
    const time = (next?.['$watermark'] as number | undefined) ?? (before.at(-1) as number)
    const from = order - rows.length
    const orders = Float64Array.from(rows, (row, at) => (row['$order'] as number | undefined) ?? from + at)
    const hasMoved = isStamped && time > sent
    if (hasMoved) flows.push({ kind: 'moves', order: orders, before, time })
    let run = [first]
    let start = from
    const cut = (): void => {
      flows.push(pageFrom(run, start, key))
      start += run.length
    }
    for (const row of others) {
      if (inputOf(row) !== inputOf(run[0])) {
        cut()
        run = []
      }
      run.push(row)
    }
    cut()
    if (hasMoved) flows.push({ kind: 'watermark', time: (sent = time) })
    rows = []
  }
  for (const [at, one] of input.entries()) {
    if (typeof one === 'object') {
      if (rows.length === pageRows) push(one)
      rows.push(one)
      order++
      continue
    }
    push(input.find((other, index) => index > at && typeof other === 'object') as Row | undefined)
    if (one === 'barrier') flows.push({ kind: 'barrier', epoch: ++epoch })
    else if (one === 'end') flows.push({ kind: 'end', order: order - 1 })
    else flows.push({ kind: 'watermark', time: Number(one.slice('watermark '.length)) })
  }
  push(undefined)
  return flows
}

function plainFlowsOf(run: Pick<Run, 'input' | 'pageRows' | 'key'>): Flow[] {
  const flows: Flow[] = []
  let rows: Row[] = []
  let order = 0
  let epoch = 0
  const cut = (next?: ExampleFlow): void => {
    if (rows.length === 0) return
    flows.push(pageFrom(rows, order - rows.length, run.key))
    rows = []
    if (typeof next === 'object' && typeof next['$watermark'] === 'number') flows.push({ kind: 'watermark', time: next['$watermark'] })
  }
  for (const one of run.input) {
    if (typeof one === 'object') {
      if (rows.length === run.pageRows) cut(one)
      if (rows.length > 0 && inputOf(rows[0]) !== inputOf(one)) cut()
      rows.push(one)
      order++
      continue
    }
    cut()
    if (one === 'barrier') flows.push({ kind: 'barrier', epoch: ++epoch })
    else if (one === 'end') flows.push({ kind: 'end' })
    else if (one.startsWith('tick ')) flows.push({ kind: 'tick', time: Number(one.slice('tick '.length)), order: order - 1 })
    else flows.push({ kind: 'watermark', time: Number(one.slice('watermark '.length)) })
  }
  cut()
  return flows
}

/** The input by which a row comes in; a page has rows of one input. */
function inputOf(row: Row | undefined): number {
  return (row?.['$input'] as number | undefined) ?? 0
}

function pageFrom(rows: readonly Row[], firstOrder: number, key: readonly string[] | undefined): Page {
  const stamp = (name: string): Float64Array => Float64Array.from(rows, row => row[name] as number)
  const isStamped = rows.some(row => '$watermark' in row)
  const order = rows.some(row => '$order' in row) ? stamp('$order') : Float64Array.from(rows, (_, i) => firstOrder + i)
  const plain = rows.map(row =>
    Object.fromEntries(Object.entries(row).filter(([name]) => !['$order', '$eventTime', '$watermark', '$input'].includes(name))),
  )
  const stamps = isStamped ? { eventTime: stamp('$eventTime'), watermark: stamp('$watermark') } : {}
  return { ...pageOf(plain, { order, ...stamps, ...(key && { key }) }), input: inputOf(rows[0]) }
}
