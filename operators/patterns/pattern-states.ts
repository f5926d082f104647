/** A pattern as an automaton: where a partial match may stand, and in which ways it goes on from there. */
import type { Contiguity, PatternStep } from './pattern-steps.ts'

/** One way on: a row of step `target` is taken. */
export interface Way {
  /** The number of the step; −1 when the pattern ends by time, if nothing that must not follow did. */
  readonly target: number
  readonly isLoop: boolean
  readonly contiguity: Contiguity
  /** Steps of which no row may come on this way, and those of which none may come first. */
  readonly without: readonly number[]
  readonly withoutNext: readonly number[]
}

export interface State {
  readonly ways: readonly Way[]
  /** The pattern is matched here. */
  readonly isMatched: boolean
  /** The way that takes another row of the same step before all others: its number, −1 without one. */
  readonly greedyWay: number
}

export interface States {
  readonly start: State
  /** The state with so many rows of a step. */
  of(step: number, count: number): State
  /** Rows that fit no step matter too, because some rows must stand right behind one another. */
  readonly needsEveryRow: boolean
}

export function statesOf(steps: readonly PatternStep[]): States {
  const states = steps.map(({ least, most }, step) => {
    const count = most === Infinity ? least : most
    return Array.from({ length: count }, (_, rows) => stateOf(steps, step, rows + 1))
  })
  return {
    start: stateOf(steps, -1, 0),
    of: (step, count) => {
      const own = states[step] as readonly State[]
      return own[Math.min(count, own.length) - 1] as State
    },
    needsEveryRow: steps.some(({ contiguity, inner, most }) => contiguity === 'strict' || (inner === 'strict' && most > 1)),
  }
}

function stateOf(steps: readonly PatternStep[], at: number, count: number): State {
  const ways: Way[] = []
  const step = steps[at]
  const isLooping = step !== undefined && count < step.most
  if (isLooping) ways.push({ target: at, isLoop: true, contiguity: step.inner, without: [], withoutNext: [] })
  let isMatched = false
  if (step === undefined || count >= step.least) {
    const [without, withoutNext]: [number[], number[]] = [[], []]
    let next = at + 1
    for (; next < steps.length; next++) {
      const { isNot, contiguity, isOptional } = steps[next] as PatternStep
      if (isNot) (contiguity === 'strict' ? withoutNext : without).push(next)
      else {
        const own = step === undefined ? 'any' : contiguity
        ways.push({ target: next, isLoop: false, contiguity: own, without: [...without], withoutNext: [...withoutNext] })
        if (!isOptional) break
      }
    }
    const isAtEnd = next === steps.length
    const isFree = without.length === 0 && withoutNext.length === 0
    isMatched = isAtEnd && isFree && step !== undefined
    if (isAtEnd && !isFree) ways.push({ target: -1, isLoop: false, contiguity: 'any', without, withoutNext })
  }
  return { ways, isMatched, greedyWay: isLooping && step.isGreedy ? 0 : -1 }
}
