/** Where several inputs of a step become one: pages in the order of their rows, control when it has come by all of them. */
import type { Flow, Moves, Page } from '../operators/flow.ts'
import { aliveRows } from '../operators/page.ts'
import { mergedMoves } from './merged-moves.ts'

interface Waiting {
  readonly input: number
  readonly page: Page
  readonly rows: Int32Array
  next: number
}

export interface MergeOptions {
  /** Inputs from this number on hold no watermark back. */
  readonly sides?: number | undefined
  /** False where the inputs have not all the same key: together they have none. */
  readonly hasKey?: boolean
}

/** Holds what one push brought by each input, and sends it on merged by the order of the rows, equal orders by input. Pages keep the number of their input. */
export class Merge {
  readonly #send: (flow: Flow) => void
  readonly #sides: number
  readonly #hasKey: boolean
  readonly #watermarks: number[]
  #waiting: Waiting[] = []
  /** How the watermark of each input moves in this push, and where it stood before it. */
  #moves: Moves[][]
  #before: readonly number[]
  #arrived = 0
  #sent = -Infinity

  constructor(inputs: number, send: (flow: Flow) => void, { sides = inputs, hasKey = true }: MergeOptions = {}) {
    this.#send = send
    this.#sides = sides
    this.#hasKey = hasKey
    this.#watermarks = new Array<number>(inputs).fill(-Infinity)
    this.#before = this.#watermarks.slice()
    this.#moves = this.#watermarks.map(() => [])
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
    this.#before = this.#watermarks.slice()
  }

  receive(input: number, flow: Flow): void {
    if (flow.kind === 'page') {
      const rows = aliveRows(flow)
      if (rows.length > 0) this.#waiting.push({ input, page: flow, rows, next: 0 })
    } else if (flow.kind === 'moves') {
      this.#moves[input]?.push(flow)
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
    const time = Math.min(...this.#watermarks.slice(0, this.#sides))
    const hasMoved = time > this.#sent && time < Infinity
    if (hasMoved) this.#sendMoves(time)
    this.#before = this.#watermarks.slice()
    this.#moves = this.#watermarks.map(() => [])
    const queues = this.#watermarks.map((_, input) => waiting.filter(one => one.input === input))
    for (;;) {
      const first = earliest(queues, undefined)
      if (first === undefined) break
      this.#sendRun(first, queues)
    }
    if (!hasMoved) return
    this.#sent = time
    this.#send({ kind: 'watermark', time })
  }

  #sendMoves(time: number): void {
    const inputs = this.#moves.slice(0, this.#sides).map((moves, input) => ({ moves, before: this.#before[input] as number }))
    const moves = mergedMoves(inputs, this.#sent)
    if (moves?.time === time) this.#send(moves)
  }

  /** Sends the rows of one page up to the first row that another input has earlier. */
  #sendRun(from: Waiting, queues: Waiting[][]): void {
    const other = earliest(queues, from.input)
    const start = from.next
    while (from.next < from.rows.length && (other === undefined || isBefore(from, other))) from.next++
    const { input, rows } = from
    const { key, ...page } = from.page
    this.#send({ ...page, input, selection: rows.subarray(start, from.next), ...(key && this.#hasKey && { key }) })
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
