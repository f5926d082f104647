/** A step in a running graph: its way in and its ways out, what it counts, and what becomes of the rows it gives up. */
import { EventStoreError } from '../event/error.ts'
import { valueAt } from '../operators/columns.ts'
import type { Flow, Page, Row } from '../operators/flow.ts'
import { operators } from '../operators/index.ts'
import type { AnyOperator, OutboxWriter, PostRequest } from '../operators/operator.ts'
import { timerPort } from '../operators/keyed/timer-port.ts'
import { aliveCount } from '../operators/page.ts'
import type { PlanStep } from '../topology/plan.ts'
import type { BusyTimes } from './busy-times.ts'
import type { GivenUpRow, Turn } from './dead-letter.ts'
import { causeOf, compareGivenUp, deadPages, type GivenUp } from './given-up.ts'
import type { KeyLines } from './key-lines.ts'
import type { Merge } from './merge.ts'
import { OrderedRows } from './ordered-rows.ts'

/** Rows that entered a step, left by `main` (or reached the outside, for sinks), and by the other ports. */
export interface StepCounters {
  in: number
  out: number
  late: number
  suspect: number
  dead: number
}

/** Who takes the rows of a port: a step, or the way to one that runs elsewhere. */
export interface Taker {
  /** Where several inputs become one. */
  readonly merge: Merge | undefined
  enter(input: number, flow: Flow): void
}

/** To which input of which step the rows of a port go. */
export interface Edge {
  readonly to: Taker
  readonly input: number
  readonly port: string
}

/** A row with all that its step needs to take it again. */
export type CameRow = Omit<GivenUpRow, 'cause' | 'code'>

/** The outside of one step: a request goes with the row that caused it. */
export interface StepOutbox extends Pick<OutboxWriter, 'append'> {
  post(request: PostRequest, row: CameRow): void
}

export class StepNode {
  readonly step: PlanStep
  readonly operator: AnyOperator
  readonly counters: StepCounters = { in: 0, out: 0, late: 0, suspect: 0, dead: 0 }
  /** Gives a flow to the operator; set when the graph is wired. */
  next: (flow: Flow) => void = () => undefined
  takers: readonly Edge[] = []
  merge: Merge | undefined
  /** Takes all that leaves, for steps that run elsewhere. */
  outlet: ((flow: Flow, port: 'dead' | 'any') => void) | undefined
  /** A step elsewhere takes the rows that it gives up. */
  isCaught = false
  /** Kept where somebody asks for it. */
  busyTimes: BusyTimes | undefined
  busyMs = 0
  /** Of a step that keeps its dead letters in order. */
  ordered: OrderedRows | undefined
  /** The largest watermark that came in, and the last that left. */
  reached = -Infinity
  sent: number | undefined
  readonly #bury: (row: GivenUpRow) => void
  /** The page it is working on. */
  #page: Page | undefined
  #givenUp: GivenUp[] = []
  /** Of the page at work, those that no other step takes. */
  #fallen: GivenUp[] = []

  /** `bury` takes the rows that it gives up and that no other step takes. */
  constructor(step: PlanStep, bury: (row: GivenUpRow) => void) {
    const operator = Object.hasOwn(operators, step.operator) ? operators[step.operator] : undefined
    if (operator === undefined)
      throw new EventStoreError('INVALID', `step ${step.id}: there is no operator ${step.operator}`, { step: step.id })
    this.step = step
    this.operator = operator
    this.#bury = bury
  }

  /** `turn`: the page is one row that comes back, and stood there among those of its key. */
  enter(input: number, flow: Flow, turn?: Turn): void {
    const before = this.busyTimes?.turnTo(this)
    this.#enter(input, flow, turn)
    this.busyTimes?.turnTo(before)
  }

  #enter(input: number, flow: Flow, turn: Turn | undefined): void {
    if (flow.kind !== 'page') {
      if (flow.kind === 'watermark' && flow.time !== 'idle' && flow.time > this.reached) this.reached = flow.time
      this.next(flow)
      // Rows given up leave as they came, and so does the time that is theirs.
      if (isTime(flow)) {
        send(this.takers.filter(isOfDead), flow)
        this.outlet?.(flow, 'dead')
      }
      return
    }
    const page = flow.port === 'main' && flow.input === input ? flow : { ...flow, port: 'main' as const, input }
    const ordered = this.#orderedFor(page)
    if (ordered === undefined) this.#work(page)
    else if (turn === undefined) ordered.take(page)
    else ordered.takeBack(page, turn)
  }

  /** From now on rows wait behind an earlier one of their key that was given up. */
  keepInOrder(lines: KeyLines): void {
    this.ordered = new OrderedRows(lines, {
      work: page => this.#work(page),
      wait: (page, row, turn) => {
        this.counters.in++
        this.counters.dead++
        this.#bury({ ...this.#rowOf({ page, row }), attempts: 0, cause: waitsCause, waits: true, turn })
      },
      bury: (page, { row, error }, turn) => this.#bury({ ...this.#letterOf({ page, row }, error), turn }),
    })
  }

  #orderedFor({ input }: Page): OrderedRows | undefined {
    return input < (this.step.sideInputs ?? Infinity) ? this.ordered : undefined
  }

  #work(page: Page): void {
    const { counters } = this
    const [count, dead] = [aliveCount(page), counters.dead]
    counters.in += count
    this.#page = page
    this.next(page)
    this.#page = undefined
    this.#buryFallen()
    if (this.operator.spec.kind === 'sink') counters.out += count - (counters.dead - dead)
    this.#release()
  }

  /** What the operator has made goes to whoever takes it. Rows given up at a barrier are of its epoch, so they go before it. */
  leave(flow: Flow): void {
    if (flow.kind === 'page') {
      const { counters } = this
      if (flow.port === 'late' || flow.port === 'suspect') counters[flow.port] += aliveCount(flow)
      else counters.out += aliveCount(flow)
    } else if (flow.kind !== 'moves') {
      this.#release()
      if (flow.kind === 'watermark' && flow.time !== 'idle') this.sent = flow.time
    }
    send(isTime(flow) ? this.takers.filter(taker => !isOfDead(taker)) : this.takers, flow)
    this.outlet?.(flow, 'any')
    if (flow.kind !== 'page' && !isTime(flow)) this.outlet?.(flow, 'dead')
  }

  giveUp(page: Page, row: number, error: unknown): void {
    this.counters.dead++
    const came = this.#asItCame(page, row)
    if (this.isCaught || this.takers.some(isOfDead)) this.#givenUp.push({ ...came, error })
    else this.#buryInTurn(came, error)
  }

  /** What is given up long after it came has its place behind the rows of its key that were given up before. */
  #buryInTurn(came: Omit<GivenUp, 'error'>, error: unknown): void {
    const ordered = this.#orderedFor(came.page)
    // What no row has caused waits for none, and none for it.
    const isAlone = ordered === undefined || came.page.port === timerPort
    if (isAlone && this.#page !== undefined) this.#fallen.push({ ...came, error })
    else if (isAlone) this.#bury(this.#letterOf(came, error))
    else if (came.page === this.#page) ordered.fault({ row: came.row, error })
    else this.#bury({ ...this.#letterOf(came, error), turn: ordered.lines.join(ordered.lines.keyAt(came.page, came.row)) })
  }

  /** In the order in which they came: an operator may look at a page more than once. */
  #buryFallen(): void {
    if (this.#fallen.length === 0) return
    const rows = this.#fallen
    this.#fallen = []
    for (const { error, ...came } of rows.sort(compareGivenUp)) this.#bury(this.#letterOf(came, error))
  }

  /** Operators change pages as they go; those who take the row want it as it was before that. */
  #asItCame(page: Page, row: number): { readonly page: Page; readonly row: number } {
    const own = this.#page
    if (own === undefined || own === page || page.port === timerPort) return { page, row }
    if (own.order === page.order) return { page: own, row }
    // Its rows were taken out into a page of their own: it is the one of its order, if only one is.
    const order = page.order[row] as number
    const found = own.order.indexOf(order)
    return found < 0 || own.order.indexOf(order, found + 1) >= 0 ? { page, row } : { page: own, row: found }
  }

  #letterOf(came: Omit<GivenUp, 'error'>, error: unknown): GivenUpRow {
    return { ...this.#rowOf(came), ...causeOf(error) }
  }

  #rowOf({ page, row }: Omit<GivenUp, 'error'>): CameRow {
    if (page.port === timerPort) {
      const { input: _, ...place } = placeOf(page, row, undefined)
      return { step: this.step.id, order: page.order[row] as number, ...place, ...amongOf(page, row), attempts: 1 }
    }
    return {
      step: this.step.id,
      order: page.order[row] as number,
      ...placeOf(page, row, this.step.reads),
      ...amongOf(page, row),
      port: this.step.from[page.input]?.port ?? 'main',
      attempts: 1,
    }
  }

  /** What the step writes outside, with the row that caused a request as it came. */
  outboxOver(outbox: StepOutbox): OutboxWriter {
    return {
      append: (stream, event) => outbox.append(stream, event),
      post: (request, page, row) => outbox.post(request, this.#rowOf(this.#asItCame(page, row))),
    }
  }

  /** Sends the rows given up since the last call by the port `dead`, in the order in which they came. */
  #release(): void {
    if (this.#givenUp.length === 0) return
    const rows = this.#givenUp
    this.#givenUp = []
    for (const page of deadPages(this.step.id, rows)) {
      send(this.takers, page)
      this.outlet?.(page, 'dead')
    }
  }
}

const waitsCause = 'waits behind an earlier row of its key'

function isTime({ kind }: Flow): boolean {
  return kind === 'moves' || kind === 'watermark'
}

function isOfDead({ port }: Edge): boolean {
  return port === 'dead'
}

/** To every consumer: pages by their port, control to all. */
export function send(takers: readonly Edge[], flow: Flow): void {
  for (const { to, input, port } of takers) {
    if (flow.kind === 'page' && flow.port !== port) continue
    if (to.merge) to.merge.receive(input, flow)
    else to.enter(input, flow)
  }
}

/** The row with what a step needs to take it again. */
function placeOf(
  page: Page,
  row: number,
  reads: readonly string[] | undefined,
): { row: Row; input: number; eventTime?: number; key?: readonly string[] } {
  return {
    row: rowAt(page, row, reads),
    input: page.input,
    ...(page.eventTime && { eventTime: page.eventTime[row] as number }),
    ...(page.key && { key: page.key }),
  }
}

function amongOf({ rank, tie }: Page, row: number): Pick<GivenUpRow, 'among'> {
  if (rank === undefined && tie === undefined) return {}
  const key = tie?.key.map(column => valueAt(column, row)) ?? []
  return { among: { rank: rank?.[row] ?? (tie === undefined ? -1 : Infinity), time: tie?.time[row] ?? 0, key } }
}

/** All of those read that are not null, by name, as own members whatever the names of the columns are. */
export function rowAt(page: Page, row: number, reads: readonly string[] = ['*']): Row {
  // What else lies in the page depends on who else reads it, and on where it has come by.
  const isRead = reads.includes('*') ? () => true : (name: string) => reads.includes(name)
  const sorted = [...page.columns].filter(([name]) => isRead(name)).sort(([a], [b]) => (a < b ? -1 : 1))
  const values = sorted.map(([name, column]) => [name, valueAt(column, row)] as const)
  return Object.fromEntries(values.filter(([, value]) => value !== null))
}
