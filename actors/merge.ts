/** Where several inputs of a step become one: pages in the order of their rows, control when it has come by all of them. */
import type { Flow, Moves, Page } from '../operators/flow.ts'
import { aliveRows } from '../operators/page.ts'
import { areIdle, mergedMoves, type Standing, standingBefore, watermarkOf } from './merged-moves.ts'

interface Waiting {
  readonly input: number
  page: Page
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
  /** What came last by each input. */
  readonly #standing: Standing[]
  #waiting: Waiting[] = []
  /** How the watermark of each input moves in this push, and where it stood before it. */
  #moves: Moves[][]
  #before: readonly Standing[]
  #arrived = 0
  #sent = -Infinity

  constructor(inputs: number, send: (flow: Flow) => void, { sides = inputs, hasKey = true }: MergeOptions = {}) {
    this.#send = send
    this.#sides = sides
    this.#hasKey = hasKey
    this.#standing = Array.from({ length: inputs }, () => ({ time: -Infinity, isIdle: false }))
    this.#before = this.#standing.slice()
    this.#moves = this.#standing.map(() => [])
  }

  /** What was sent last, what came last by each input, and then for each 1 when it is idle, else −Infinity. */
  get watermarks(): readonly number[] {
    return [this.#sent, ...this.#standing.map(({ time }) => time), ...this.#standing.map(({ isIdle }) => (isIdle ? 1 : -Infinity))]
  }

  /** Goes on from the watermarks of an earlier life. */
  restore([sent, ...saved]: readonly number[]): void {
    const inputs = this.#standing.length
    if (sent === undefined || (saved.length !== inputs && saved.length !== 2 * inputs)) return
    this.#sent = sent
    for (let input = 0; input < inputs; input++)
      this.#standing[input] = { time: saved[input] as number, isIdle: saved[inputs + input] === 1 }
    this.#before = this.#standing.slice()
  }

  receive(input: number, flow: Flow): void {
    if (flow.kind === 'page') {
      const rows = aliveRows(flow)
      if (rows.length > 0) this.#waiting.push({ input, page: this.#asSent(flow, input), rows, next: 0 })
    } else if (flow.kind === 'moves') {
      this.#moves[input]?.push(flow)
    } else if (flow.kind === 'watermark') {
      const { time } = this.#standing[input] as Standing
      this.#standing[input] = flow.time === 'idle' ? { time, isIdle: true } : { time: flow.time, isIdle: false }
    } else if (++this.#arrived === this.#standing.length) {
      this.#arrived = 0
      this.flush()
      this.#send(flow)
    }
  }

  /** Called when a push has gone all the way, so that no row of it is still to come. */
  flush(): void {
    const waiting = this.#waiting
    this.#waiting = []
    const [before, after] = [this.#before, this.#standing].map(all => all.slice(0, this.#sides)) as [Standing[], Standing[]]
    const moves = this.#movesOf(before)
    // It may have risen while an input was idle that is so no more.
    const time = Math.max(this.#sent, watermarkOf(after), moves?.time ?? -Infinity)
    const isIdle = areIdle(after)
    const hasMoved = time > this.#sent || isIdle !== areIdle(before)
    if (hasMoved && moves?.time === time) this.#send(moves)
    if (isAhead(before, this.#sent) || isAhead(after, this.#sent)) raise(waiting, moves, this.#sent)
    this.#before = this.#standing.slice()
    this.#moves = this.#standing.map(() => [])
    const queues = this.#standing.map((_, input) => waiting.filter(one => one.input === input))
    for (;;) {
      const first = earliest(queues, undefined)
      if (first === undefined) break
      this.#sendRun(first, queues)
    }
    if (!hasMoved) return
    this.#sent = time
    if (time > -Infinity) this.#send({ kind: 'watermark', time })
    if (isIdle) this.#send({ kind: 'watermark', time: 'idle' })
  }

  #movesOf(before: readonly Standing[]): Moves | undefined {
    const inputs = before.map(({ time, isIdle }, input) => ({ moves: this.#moves[input] ?? [], before: time, wasIdle: isIdle }))
    return mergedMoves(inputs, this.#sent)
  }

  #asSent({ key, ...page }: Page, input: number): Page {
    return { ...page, input, ...(key && this.#hasKey && { key }) }
  }

  /** Sends the rows of one page up to the first row that another input has earlier. */
  #sendRun(from: Waiting, queues: Waiting[][]): void {
    const { input, rows, page, next: start } = from
    const other = earliest(queues, input)
    const limit = other === undefined ? Infinity : orderOf(other)
    const goesFirst = other === undefined || input < other.input
    const { order } = page
    let next = start
    while (next < rows.length) {
      const own = order[rows[next] as number] as number
      if (own > limit || (own === limit && !goesFirst)) break
      next++
    }
    from.next = next
    this.#send({ ...page, selection: rows.subarray(start, next) })
    if (next === rows.length) queues[input]?.shift()
  }
}

/** The watermark went on without one of the inputs, which was idle and may stand behind it. */
function isAhead(inputs: readonly Standing[], sent: number): boolean {
  return inputs.some(({ time, isIdle }) => isIdle || time < sent)
}

/** A row of an input that was left out comes when the watermark of all is beyond its own: what has closed meanwhile it is late for. */
function raise(waiting: readonly Waiting[], moves: Moves | undefined, sent: number): void {
  for (const one of waiting) {
    const { page, rows } = one
    if (page.watermark === undefined) continue
    const watermark = page.watermark.slice()
    for (const row of rows)
      watermark[row] = Math.max(watermark[row] as number, moves === undefined ? sent : standingBefore(moves, page.order[row] as number))
    one.page = { ...page, watermark }
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
  for (let input = 0; input < queues.length; input++) {
    const first = queues[input]?.[0]
    if (input !== without && first !== undefined && (best === undefined || isBefore(first, best))) best = first
  }
  return best
}
