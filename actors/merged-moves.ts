/** How the watermark of several inputs together moves: at each row to the least of those that are not idle, and when all are, to the largest. */
import type { Moves } from '../operators/flow.ts'

export interface MovingInput {
  readonly moves: readonly Moves[]
  /** Its watermark before them, and whether it was idle. */
  readonly before: number
  readonly wasIdle: boolean
}

interface Step {
  readonly order: number
  readonly input: number
  readonly time: number
  readonly isIdle: boolean
}

/** What came last by each input. */
export interface Standing {
  readonly time: number
  readonly isIdle: boolean
}

export function areIdle(inputs: readonly Standing[]): boolean {
  return inputs.every(({ isIdle }) => isIdle)
}

/** The watermark of inputs together: idle ones hold nothing back, and when none is left the foremost counts. As Flink's StatusWatermarkValve has it. */
export function watermarkOf(inputs: readonly Standing[]): number {
  const active = inputs.filter(({ isIdle }) => !isIdle)
  if (active.length === 0) return Math.max(...inputs.map(({ time }) => time))
  return Math.min(...active.map(({ time }) => time))
}

/** Undefined when the watermark does not rise above `sent` and no idleness begins or ends. */
export function mergedMoves(inputs: readonly MovingInput[], sent: number): Moves | undefined {
  const shared = movesOfAll(inputs, sent)
  if (shared !== undefined) return shared.time > sent ? shared : undefined
  const steps = inputs.flatMap((moving, input) => stepsOf(moving, input)).sort((a, b) => a.order - b.order)
  const standing: Standing[] = inputs.map(({ before, wasIdle }) => ({ time: before, isIdle: wasIdle }))
  const [order, before]: [number[], number[]] = [[], []]
  let time = sent
  let isIdle = areIdle(standing)
  for (const step of steps) {
    standing[step.input] = step
    const least = watermarkOf(standing)
    const areAllIdle = areIdle(standing)
    if (least <= time && isIdle === areAllIdle) continue
    order.push(step.order)
    before.push(time)
    time = Math.max(time, least)
    isIdle = areAllIdle
  }
  if (order.length === 0) return undefined
  return { kind: 'moves', order: Float64Array.from(order), before: Float64Array.from(before), time, ...(isIdle && { isIdle }) }
}

/** The moves that all inputs share, as those have that come from one `eventTime`: merged with themselves they are what they were. */
function movesOfAll(inputs: readonly MovingInput[], sent: number): Moves | undefined {
  const shared = inputs[0]?.moves[0]
  if (shared === undefined || shared.isIdle === true) return undefined
  const isShared = inputs.every(({ moves, before, wasIdle }) => moves.length === 1 && moves[0] === shared && before === sent && !wasIdle)
  return isShared ? shared : undefined
}

/** The rows behind which the watermark of an input is higher than before them, or which end or begin its idleness. */
function stepsOf({ moves, before, wasIdle }: MovingInput, input: number): Step[] {
  const steps: Step[] = []
  let standing: Standing = { time: before, isIdle: wasIdle }
  for (const { order, before: stamps, time, isIdle = false } of moves) {
    for (let row = 0; row < order.length; row++) {
      const behind = Math.max(standing.time, row + 1 < order.length ? (stamps[row + 1] as number) : time)
      if (behind === standing.time && isIdle === standing.isIdle) continue
      const step = { order: order[row] as number, input, time: behind, isIdle }
      steps.push(step)
      standing = step
    }
  }
  return steps
}

/** The watermark as it stands before the row of an order. */
export function standingBefore({ order, before, time }: Pick<Moves, 'order' | 'before' | 'time'>, row: number): number {
  let [low, high] = [0, order.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if ((order[middle] as number) < row) low = middle + 1
    else high = middle
  }
  return low < order.length ? (before[low] as number) : time
}
