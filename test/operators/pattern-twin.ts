/** The dumb matcher: tries every choice of rows for the steps of a pattern and keeps those that the words of the pattern allow. */
import type { Row } from '../../operators/flow.ts'
import type { PatternStepOptions } from '../../operators/patterns/pattern-steps.ts'
import { compareKeys } from '../../operators/windows/window-keys.ts'
import { bare, stampOf, timeOf } from './window-inputs.ts'

/** A condition as text, and in plain words: `of` gives the rows of a step matched so far. */
export interface TwinCondition {
  readonly text: string
  readonly holds: (row: Row, of: (name: string) => readonly Row[]) => boolean
}

export interface TwinStep extends Omit<PatternStepOptions, 'where'> {
  readonly name: string
  readonly condition: TwinCondition | undefined
}

interface Chosen {
  readonly row: number
  readonly step: number
}

interface Way {
  readonly target: number
  readonly contiguity: 'strict' | 'relaxed' | 'any'
  readonly isLeaving: boolean
  readonly without: readonly number[]
  readonly withoutNext: readonly number[]
}

interface Outcome {
  readonly port: 'main' | 'timedOut'
  readonly time: number
  /** The row that completes it; −1 where time does. */
  readonly by: number
  readonly chosen: readonly Chosen[]
}

const isNot = (step: TwinStep): boolean => step.notNext !== undefined || step.notFollowedBy !== undefined
const least = ({ times, oneOrMore }: TwinStep): number => (oneOrMore === true ? 1 : Number(/^\d+/.exec(String(times ?? 1))?.[0]))
const most = ({ times, oneOrMore }: TwinStep): number => {
  if (oneOrMore === true || /\+|\.\.$/.test(String(times ?? ''))) return Infinity
  return Number(/\d+$/.exec(String(times ?? 1))?.[0])
}

/** All that comes of the rows of one key, in the order in which it leaves. */
export function outcomesOf(
  rows: readonly Row[],
  steps: readonly TwinStep[],
  { within, skip }: { within: number; skip: string },
): Outcome[] {
  const fits = (step: number, row: number, chosen: readonly Chosen[]): boolean => {
    const of = (name: string): Row[] => chosen.filter(each => steps[each.step]?.name === name).map(each => rows[each.row] as Row)
    return steps[step]?.condition?.holds(rows[row] as Row, of) ?? true
  }
  const endOf = (chosen: readonly Chosen[]): number => timeOf(rows[chosen[0]?.row as number] as Row) + within
  /** The rows behind the last one that come in time. */
  const behind = (chosen: readonly Chosen[]): number[] => {
    const last = chosen.at(-1)?.row as number
    return [...rows.keys()].filter(row => row > last && timeOf(rows[row] as Row) < endOf(chosen))
  }
  const waysOf = (chosen: readonly Chosen[]): Way[] => {
    const at = chosen.at(-1)?.step ?? -1
    const count = chosen.filter(each => each.step === at).length
    const step = steps[at]
    const ways: Way[] = []
    if (step !== undefined && count < most(step)) {
      const contiguity = step.consecutive === true ? 'strict' : step.allowCombinations === true ? 'any' : 'relaxed'
      ways.push({ target: at, contiguity, isLeaving: false, without: [], withoutNext: [] })
    }
    if (step !== undefined && count < least(step)) return ways
    const [without, withoutNext]: [number[], number[]] = [[], []]
    for (let next = at + 1; ; next++) {
      const to = steps[next]
      if (to === undefined) return [...ways, { target: -1, contiguity: 'any', isLeaving: true, without, withoutNext }]
      if (to.notNext !== undefined) withoutNext.push(next)
      else if (to.notFollowedBy !== undefined) without.push(next)
      else {
        const contiguity = to.next !== undefined ? 'strict' : to.followedBy !== undefined ? 'relaxed' : 'any'
        ways.push({ target: next, contiguity, isLeaving: true, without: [...without], withoutNext: [...withoutNext] })
        if (to.optional !== true) return ways
      }
    }
  }
  /** Whether the rows passed, those before the one taken and with it, leave the way open. */
  const isOpen = (way: Way, chosen: readonly Chosen[], passed: readonly number[], taken?: number): boolean => {
    const at = chosen.at(-1)?.step as number
    const step = steps[at] as TwinStep
    const between = passed.filter(row => row !== taken)
    if (passed.some(row => way.without.some(not => fits(not, row, chosen)))) return false
    if (passed.length > 0 && way.withoutNext.some(not => fits(not, passed[0] as number, chosen))) return false
    const count = chosen.filter(each => each.step === at).length
    if (way.isLeaving && step.greedy === true && count < most(step)) {
      const loopRows = step.consecutive === true ? passed.slice(0, 1) : passed
      if (loopRows.some(row => fits(at, row, chosen))) return false
    }
    if (way.target < 0 || way.contiguity === 'any') return true
    return way.contiguity === 'strict' ? between.length === 0 : !between.some(row => fits(way.target, row, chosen))
  }
  const outcomes: Outcome[] = []
  const visit = (chosen: readonly Chosen[]): void => {
    const ways = waysOf(chosen)
    const [time, by] = [timeOf(rows[chosen.at(-1)?.row as number] as Row), chosen.at(-1)?.row as number]
    const ending = ways.find(({ target }) => target < 0)
    const isMatched = ending?.without.length === 0 && ending.withoutNext.length === 0
    if (isMatched) outcomes.push({ port: 'main', time, by, chosen })
    const passed = behind(chosen)
    if (within < Infinity && !isMatched) {
      const isLasting = ending !== undefined && isOpen(ending, chosen, passed)
      const isStanding = ways.some(way => way.target >= 0 && isOpen(way, chosen, passed))
      if (isLasting || isStanding) outcomes.push({ port: isLasting ? 'main' : 'timedOut', time: endOf(chosen), by: -1, chosen })
    }
    for (const row of passed)
      for (const way of ways)
        if (way.target >= 0 && fits(way.target, row, chosen) && isOpen(way, chosen, passed.slice(0, passed.indexOf(row) + 1), row))
          visit([...chosen, { row, step: way.target }])
  }
  for (const row of rows.keys()) {
    const first = waysOf([]).filter(({ target }) => target >= 0)
    for (const { target } of first) if (fits(target, row, [])) visit([{ row, step: target }])
  }
  return skipping(outcomes.sort(byTime), steps, skip)
}

/** At one time what time completes comes before what rows do; then by row, then by the first rows in which they differ. */
function byTime(a: Outcome, b: Outcome): number {
  return a.time - b.time || a.by - b.by || (a.port === b.port ? byRows(a, b) : a.port === 'main' ? -1 : 1)
}

function byRows(a: Outcome, b: Outcome): number {
  for (let i = 0; i < Math.min(a.chosen.length, b.chosen.length); i++) {
    const [one, other] = [a.chosen[i] as Chosen, b.chosen[i] as Chosen]
    if (one.row !== other.row) return one.row - other.row
    if (one.step !== other.step) return one.step - other.step
  }
  return a.chosen.length - b.chosen.length
}

function skipping(outcomes: readonly Outcome[], steps: readonly TwinStep[], skip: string): Outcome[] {
  const [strategy, name] = skip.split(' ')
  const kept: Outcome[] = []
  const drops: ((first: number) => boolean)[] = []
  for (const outcome of outcomes) {
    const first = outcome.chosen[0]?.row as number
    if (drops.some(isDropped => isDropped(first))) continue
    kept.push(outcome)
    if (outcome.port !== 'main' || strategy === 'none') continue
    const last = outcome.chosen.at(-1)?.row as number
    const named = outcome.chosen.filter(({ step }) => steps[step]?.name === name).map(({ row }) => row)
    const to = (strategy === 'toFirst' ? named[0] : named.at(-1)) ?? -1
    if (strategy === 'pastLast') drops.push(row => row <= last)
    else if (strategy === 'toNext') drops.push(row => row === first)
    else drops.push(row => row < to)
  }
  return kept
}

/** What leaves each port for rows of several keys with their stamps. `n` of a row is a bit of its own. */
export function patternAnswer(
  given: readonly Row[],
  steps: readonly TwinStep[],
  options: { within: number; skip: string },
): Record<'main' | 'timedOut' | 'late', Row[]> {
  const inTime = given.filter(row => timeOf(row) >= stampOf(row))
  const all = [...new Set(inTime.map(({ k }) => k))].flatMap(k => {
    const rows = inTime.filter(row => row['k'] === k).sort((a, b) => timeOf(a) - timeOf(b))
    return outcomesOf(rows, steps, options).map(({ port, time, chosen }) => {
      const times = chosen.map(({ row }) => timeOf(rows[row] as Row))
      const bits = steps.flatMap(({ name }, step) => {
        const of = chosen.filter(each => each.step === step).map(({ row }) => (rows[row] as Row)['n'] as number)
        return [[name, of.length === 0 ? null : of.reduce((sum, n) => sum + n, 0)] as const]
      })
      const named = Object.fromEntries(bits.filter((_, step) => !isNot(steps[step] as TwinStep)).map(([name, sum]) => [`of_${name}`, sum]))
      return { port, row: { k, matchStart: times[0], matchEnd: times.at(-1), ...named, $eventTime: time, $watermark: time } }
    })
  })
  all.sort((a, b) => a.row.$eventTime - b.row.$eventTime || compareKeys([a.row.k], [b.row.k]))
  const of = (port: string): Row[] => all.filter(each => each.port === port).map(({ row }) => row)
  return { main: of('main'), timedOut: of('timedOut'), late: given.filter(row => timeOf(row) < stampOf(row)).map(bare) }
}
