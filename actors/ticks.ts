/** The clock as rows of the log: what a tick is, and when the next one is due, for those steps of a graph that wait for it. */
import type { NewEvent } from '../event/event.ts'
import type { Waiting } from '../operators/operator.ts'
import type { Plan } from '../topology/plan.ts'

export const TICK = 'tick'
/** A tick says nothing but when it was recorded. */
export const tickEvent: NewEvent = { type: TICK, data: null }

type TimeStep = Extract<Waiting, { for: 'time' }>

/** What the steps of a graph wait for. */
export class TickWaits {
  readonly #plan: Plan
  readonly #waits = new Map<string, Waiting[]>()
  /** The steps whose watermark comes to a step. */
  readonly #timesOf = new Map<string, readonly string[]>()

  constructor(plan: Plan) {
    this.#plan = plan
  }

  add(step: string, waiting: Waiting): void {
    this.#waits.set(step, [...(this.#waits.get(step) ?? []), waiting])
  }

  /** When the next tick is due, ms since the epoch; −Infinity for at once, Infinity when nobody waits for one. */
  get dueAt(): number {
    let due = Infinity
    for (const [step, waits] of this.#waits) {
      for (const waiting of waits) {
        if (waiting.for === 'clock') due = Math.min(due, waiting.at())
        else if (waiting.for === 'watermark') due = Math.min(due, this.#dueFor(step, waiting.at()))
      }
    }
    return due
  }

  /** A source that is not idle holds the watermark back, so a tick must make it idle first; when all are, the first to get there counts. */
  #dueFor(step: string, wanted: number): number {
    if (wanted === Infinity) return Infinity
    const times = this.#timeStepsBefore(step)
    const active = times.filter(time => !time.isIdle())
    return Math.min(...(active.length > 0 ? active : times).map(time => time.at(wanted)))
  }

  /** The least watermark at which rows leave each step, of those at which any are to. */
  get wanted(): Readonly<Record<string, number>> {
    const all: Record<string, number> = {}
    for (const [step, waits] of this.#waits) {
      const wanted = Math.min(...waits.map(waiting => (waiting.for === 'watermark' ? waiting.at() : Infinity)))
      if (wanted < Infinity) all[step] = wanted
    }
    return all
  }

  #timeStepsBefore(step: string): TimeStep[] {
    let ids = this.#timesOf.get(step)
    if (ids === undefined) this.#timesOf.set(step, (ids = [...this.#idsBefore(step)]))
    return ids.flatMap(id => (this.#waits.get(id) ?? []).filter(waiting => waiting.for === 'time'))
  }

  #idsBefore(step: string): Set<string> {
    const found = new Set<string>()
    const { from = [], sideInputs } = this.#plan.steps.find(({ id }) => id === step) ?? {}
    for (const { step: before } of from.slice(0, sideInputs)) {
      const isTime = this.#waits.get(before)?.some(waiting => waiting.for === 'time') === true
      for (const id of isTime ? [before] : this.#idsBefore(before)) found.add(id)
    }
    return found
  }
}
