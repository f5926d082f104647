/** Where several inputs of a step become one: pages in the order of their rows, control when it has come by all of them. */
import type { Flow, Page } from '../operators/flow.ts'
import { aliveRows } from '../operators/page.ts'

interface Waiting {
  readonly input: number
  readonly page: Page
  readonly rows: Int32Array
  next: number
}

/** Holds what one push brought by each input, and sends it on merged by the order of the rows, equal orders by input. Pages keep the number of their input. */
export class Merge {
  readonly #send: (flow: Flow) => void
  readonly #sides: number
  readonly #watermarks: number[]
  #waiting: Waiting[] = []
  #arrived = 0
  #sent = -Infinity

  /** `sides`: inputs from this number on hold no watermark back. */
  constructor(inputs: number, send: (flow: Flow) => void, sides = inputs) {
    this.#send = send
    this.#sides = sides
    this.#watermarks = new Array<number>(inputs).fill(-Infinity)
  }

  /** What was sent last, and what came last by each input; Infinity for one that is idle. */
  get watermarks(): readonly number[] {
    return [this.#sent, ...this.#watermarks]
  }

  /** Goes on from the watermarks of an earlier life. */
  restore([sent, ...inputs]: readonly number[]): void {
    if (sent === undefined || inputs.length !== this.#watermarks.length) return
    this.#sent = sent
    for (const [input, time] of inputs.entries()) this.#watermarks[input] = time
  }

  receive(input: number, flow: Flow): void {
    if (flow.kind === 'page') {
      const rows = aliveRows(flow)
      if (rows.length > 0) this.#waiting.push({ input, page: flow, rows, next: 0 })
    } else if (flow.kind === 'watermark') {
      this.#watermarks[input] = flow.time === 'idle' ? Infinity : flow.time
    } else if (++this.#arrived === this.#watermarks.length) {
      this.#arrived = 0
      this.flush()
      this.#send(flow)
    }
  }

  /** Called when a push has gone all the way, so that no row of it is still to come. */
  flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const queues = this.#watermarks.map((_, input) => waiting.filter(one => one.input === input))
    for (;;) {
      const first = earliest(queues, undefined)
      if (first === undefined) break
      this.#sendRun(first, queues)
    }
    const time = Math.min(...this.#watermarks.slice(0, this.#sides))
    if (time > this.#sent && time < Infinity) {
      this.#sent = time
      this.#send({ kind: 'watermark', time })
    }
  }

  /** Sends the rows of one page up to the first row that another input has earlier. */
  #sendRun(from: Waiting, queues: Waiting[][]): void {
    const other = earliest(queues, from.input)
    const start = from.next
    while (from.next < from.rows.length && (other === undefined || isBefore(from, other))) from.next++
    const { page, input } = from
    this.#send({ ...page, input, selection: from.rows.subarray(start, from.next) })
    if (from.next === from.rows.length) queues[input]?.shift()
  }
}

function orderOf(one: Waiting): number {
  return one.page.order[one.rows[one.next] as number] as number
}

function isBefore(a: Waiting, b: Waiting): boolean {
  const [left, right] = [orderOf(a), orderOf(b)]
  return left < right || (left === right && a.input < b.input)
}

function earliest(queues: readonly Waiting[][], without: number | undefined): Waiting | undefined {
  let best: Waiting | undefined
  for (const [input, queue] of queues.entries()) {
    const first = queue[0]
    if (input !== without && first !== undefined && (best === undefined || isBefore(first, best))) best = first
  }
  return best
}
