/** How the watermark of several inputs together moves: at each row to the least of what has come by each of them. */
import type { Moves } from '../operators/flow.ts'

export interface MovingInput {
  readonly moves: readonly Moves[]
  /** Its watermark before them. */
  readonly before: number
}

interface Step {
  readonly order: number
  readonly input: number
  readonly time: number
}

/** Undefined when the least does not rise above `sent`. */
export function mergedMoves(inputs: readonly MovingInput[], sent: number): Moves | undefined {
  const steps = inputs.flatMap(({ moves, before }, input) => stepsOf(moves, input, before)).sort((a, b) => a.order - b.order)
  const standing = inputs.map(({ before }) => before)
  const [order, before]: [number[], number[]] = [[], []]
  let time = sent
  for (const step of steps) {
    standing[step.input] = step.time
    const least = Math.min(...standing)
    if (least <= time) continue
    order.push(step.order)
    before.push(time)
    time = least
  }
  return order.length === 0 ? undefined : { kind: 'moves', order: Float64Array.from(order), before: Float64Array.from(before), time }
}

/** The rows behind which the watermark of an input is higher than before them. */
function stepsOf(moves: readonly Moves[], input: number, before: number): Step[] {
  const steps: Step[] = []
  let standing = before
  for (const { order, before: stamps, time } of moves) {
    for (let row = 0; row < order.length; row++) {
      const behind = row + 1 < order.length ? (stamps[row + 1] as number) : time
      if (behind <= standing) continue
      steps.push({ order: order[row] as number, input, time: behind })
      standing = behind
    }
  }
  return steps
}
