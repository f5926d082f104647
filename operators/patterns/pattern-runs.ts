/** The partial matches of one key: what a row makes of them, and what time does. After the automata of SASE+ (Agrawal and others 2008) and Flink's CEP. */
import { EventStoreError } from '../../event/error.ts'
import type { StepCondition } from './pattern-expressions.ts'
import { type Candidate, chain, compareMatches, dropsAfter, type Matched, type Skip } from './pattern-matches.ts'
import type { State, States, Way } from './pattern-states.ts'

/** All that is the same for every key. */
export interface Automaton {
  readonly states: States
  readonly conditions: readonly StepCondition[]
  readonly withinMs: number
  readonly skip: Skip
  /** The most partial matches of a key. */
  readonly limit: number
}

/** A partial match, with a bit for each way on that is still open. */
export interface Run {
  readonly match: Matched
  readonly open: number
}

/** A match, or a partial one whose time is over. */
export interface Outcome {
  readonly time: number
  readonly port: 'main' | 'timedOut'
  readonly match: Matched
}

const nothing: readonly Outcome[] = []

export class Runs {
  readonly #automaton: Automaton
  #runs: readonly Run[] = []
  /** When the time of the oldest partial match is over; Infinity without one. */
  due = Infinity
  /** The place of the row whose turn comes next. */
  place = 0

  constructor(automaton: Automaton) {
    this.#automaton = automaton
  }

  get runs(): readonly Run[] {
    return this.#runs
  }

  set runs(runs: readonly Run[]) {
    this.#runs = runs
    let first = Infinity
    for (let i = 0; i < runs.length; i++) first = Math.min(first, (runs[i] as Run).match.first.time)
    this.due = first + this.#automaton.withinMs
  }

  /** Takes a row. When a condition fails, or there would be too many partial matches, it throws, and it is as if the row had not been. */
  take(row: Candidate): readonly Outcome[] {
    row.place = this.place
    const went: Taking = { row, runs: [], matches: [] }
    for (const run of this.runs) this.#goOn(run, went)
    for (const { target } of this.#automaton.states.start.ways)
      if (this.#fits(target, row, undefined)) this.#reach(chain(row, target, undefined), went)
    const { kept, runs } = this.#withoutSkipped(went.matches, went.runs)
    const { limit } = this.#automaton
    if (runs.length > limit)
      throw new EventStoreError(
        'TOO_LARGE',
        `the key would have more than ${limit} partial matches; a shorter within or greedy keeps fewer`,
        {
          limit: 'limit',
          actual: runs.length,
        },
      )
    this.runs = runs
    this.place++
    return kept.length === 0 ? nothing : kept.map(match => ({ time: row.time, port: 'main', match }))
  }

  #goOn({ match, open }: Run, went: Taking): void {
    const { row } = went
    const state = this.#stateOf(match)
    const isNext = row.place === match.row.place + 1
    const greedy = state.ways[state.greedyWay]
    if (greedy !== undefined && (open & 1) !== 0 && (greedy.contiguity !== 'strict' || isNext) && this.#fits(greedy.target, row, match))
      return this.#reach(chain(row, greedy.target, match, true), went)
    let left = open
    for (let w = 0; w < state.ways.length; w++) {
      const bit = 1 << w
      if ((open & bit) === 0) continue
      const way = state.ways[w] as Way
      if (this.#isBarred(way, row, { match, isNext })) left &= ~bit
      else if (way.target >= 0 && this.#fits(way.target, row, match)) {
        this.#reach(chain(row, way.target, match, way.isLoop), went)
        if (way.contiguity !== 'any') left &= ~bit
      } else if (way.contiguity === 'strict') left &= ~bit
    }
    if (left !== 0) went.runs.push(left === open ? { match, open } : { match, open: left })
  }

  /** Whether the row is one that must not come on this way. */
  #isBarred({ without, withoutNext }: Way, row: Candidate, { match, isNext }: { match: Matched; isNext: boolean }): boolean {
    return without.some(step => this.#fits(step, row, match)) || (isNext && withoutNext.some(step => this.#fits(step, row, match)))
  }

  #fits(step: number, row: Candidate, match: Matched | undefined): boolean {
    if ((row.mask & (1 << step)) === 0) return false
    const { beside } = this.#automaton.conditions[step] as StepCondition
    return beside.every(condition => condition.value(row.values ?? {}, match) === true)
  }

  #stateOf({ step, count }: Matched): State {
    return this.#automaton.states.of(step, count)
  }

  #reach(match: Matched, { runs, matches }: Taking): void {
    const { ways, isMatched } = this.#stateOf(match)
    if (isMatched) matches.push(match)
    if (ways.length > 0) runs.push({ match, open: 2 ** ways.length - 1 })
  }

  /** The matches that are left when each has dropped what it skips, and the partial ones that are. */
  #withoutSkipped(matches: readonly Matched[], runs: readonly Run[]): { kept: readonly Matched[]; runs: readonly Run[] } {
    if (matches.length === 0) return { kept: matches, runs }
    const kept: Matched[] = []
    let left = runs
    let waiting = matches.toSorted(compareMatches)
    for (let match = waiting.shift(); match !== undefined; match = waiting.shift()) {
      kept.push(match)
      const isDropped = dropsAfter(match, this.#automaton.skip)
      waiting = waiting.filter(({ first }) => !isDropped(first))
      left = left.filter(run => !isDropped(run.match.first))
    }
    return { kept, runs: left }
  }

  /** Ends the partial matches whose time is over before then, or then as well: those that only had to last are matches, the others timed out. */
  expire(until: number, includesIt = false): readonly Outcome[] {
    const isOver = (time: number): boolean => time < until || (includesIt && time === until)
    if (!isOver(this.due)) return nothing
    const { withinMs } = this.#automaton
    const outcomes: Outcome[] = []
    for (let time = this.due; isOver(time); time = this.due) {
      const isEnding = ({ match }: Run): boolean => match.first.time + withinMs === time
      const ending = this.runs.filter(isEnding)
      const lasting = ending.filter(run => this.#isLasting(run)).map(({ match }) => match)
      const { kept, runs } = this.#withoutSkipped(lasting, this.runs)
      for (const match of kept) outcomes.push({ time, port: 'main', match })
      const timedOut = runs.filter(run => isEnding(run) && !this.#isLasting(run) && !this.#stateOf(run.match).isMatched)
      for (const { match } of timedOut.toSorted((a, b) => compareMatches(a.match, b.match)))
        outcomes.push({ time, port: 'timedOut', match })
      this.runs = runs.filter(run => !isEnding(run))
    }
    return outcomes
  }

  /** Whether it was only to last: the way that ends by time is open. */
  #isLasting({ match, open }: Run): boolean {
    return this.#stateOf(match).ways.some(({ target }, w) => target < 0 && (open & (1 << w)) !== 0)
  }
}

interface Taking {
  readonly row: Candidate
  readonly runs: Run[]
  readonly matches: Matched[]
}
