/** Reads where steps take their rows from: `step`, `step.port`, lists of them, or the step before. */
import type { OptionPath } from '../issue.ts'
import { hint } from '../nearest.ts'
import type { StepInput } from '../plan.ts'
import { described, listed, type Reading } from './reading.ts'

/** What is known of a step before its rows are followed. */
export interface FromStep {
  readonly id: string
  readonly path: OptionPath
  readonly isUnderSinks: boolean
  readonly isSink: boolean
  /** It takes what others gave up. */
  readonly takesDead: boolean
  /** As it is written. */
  readonly from: unknown
}

interface Named {
  readonly sources: readonly string[]
  /** A name that is not there may be that of a source, if nobody could read those. */
  readonly areSourcesKnown: boolean
  readonly steps: readonly FromStep[]
}

/** The inputs of every step, in their order; what can not be told is left out and said. */
export function readFrom(reading: Reading, named: Named): readonly (readonly StepInput[])[] {
  const { steps } = named
  const around = new Surroundings(reading, named)
  return steps.map((step, index) => around.inputsOf(step, index))
}

class Surroundings {
  readonly #reading: Reading
  readonly #sources: readonly string[]
  readonly #areSourcesKnown: boolean
  readonly #steps: readonly FromStep[]
  readonly #indexes: ReadonlyMap<string, number>

  constructor(reading: Reading, { sources, steps, areSourcesKnown }: Named) {
    this.#reading = reading
    this.#areSourcesKnown = areSourcesKnown
    this.#sources = sources
    this.#steps = steps
    // Sources stand before all steps; of two with one id the first one is meant.
    this.#indexes = new Map([...steps.map(({ id }, index) => [id, index] as const).toReversed(), ...sources.map(id => [id, -1] as const)])
  }

  inputsOf(step: FromStep, index: number): readonly StepInput[] {
    const { from } = step
    const path = [...step.path, 'from']
    if (from === undefined) return this.#before(step, index)
    if (Array.isArray(from) && from.length > 0) return from.flatMap((one: unknown, at) => this.#input(index, one, [...path, at]))
    if (!Array.isArray(from)) return this.#input(index, from, path)
    this.#reading.say(path, 'missing-from', { message: 'from is an empty list; name a step in it' })
    return []
  }

  /** The step before, or the only source. */
  #before(step: FromStep, index: number): readonly StepInput[] {
    const say = (message: string): [] => {
      const isNamed = !step.isUnderSinks && this.#reading.document.scalarAt([...step.path, 'id']) !== undefined
      this.#reading.say(isNamed ? [...step.path, 'id'] : step.path, 'missing-from', { message, key: !isNamed })
      return []
    }
    if (step.isUnderSinks) return say(`the sink ${step.id} does not say where its rows come from; write from: STEP`)
    const before = this.#steps[index - 1]
    const port = step.takesDead ? 'dead' : 'main'
    if (before === undefined) {
      const [first, ...more] = this.#sources
      if (first === undefined) return []
      if (more.length === 0) return [{ step: first, port }]
      return say(
        `there are ${this.#sources.length} sources, so the first step must say which it takes; write from: ${this.#sources.join(' or ')}`,
      )
    }
    if (before.isSink && !step.takesDead) return say(`the step before is ${before.id}, a sink that gives no rows on; write from: STEP`)
    return [{ step: before.id, port }]
  }

  #input(own: number, from: unknown, path: OptionPath): readonly StepInput[] {
    if (typeof from !== 'string' || from === '') {
      this.#reading.say(path, from === null ? 'missing-value' : 'wrong-type', {
        message: `from must be the name of a step or source, step.port, or a list of them, not ${described(from)}`,
      })
      return []
    }
    const input = this.#named(from, this.#steps[own]?.takesDead === true ? 'dead' : 'main')
    if (!this.#indexes.has(input.step) && !this.#areSourcesKnown) return []
    const mistake = this.#mistakeIn(input, own)
    if (mistake === undefined) return [input]
    this.#reading.say(path, mistake.rule, mistake)
    return []
  }

  /** The longest name that is there; the rest is its port. */
  #named(from: string, port: string): StepInput {
    if (this.#indexes.has(from)) return { step: from, port }
    for (let dot = from.lastIndexOf('.'); dot > 0; dot = from.lastIndexOf('.', dot - 1)) {
      const step = from.slice(0, dot)
      if (this.#indexes.has(step)) return { step, port: from.slice(dot + 1) }
    }
    return { step: from, port }
  }

  #mistakeIn(
    { step: id, port }: StepInput,
    own: number,
  ): { rule: 'unknown-from' | 'from-later' | 'cycle' | 'bad-from'; message: string } | undefined {
    const at = this.#indexes.get(id)
    const step = this.#steps[own] as FromStep
    if (at === undefined) {
      const name = id.includes('.') ? id.slice(0, id.lastIndexOf('.')) : id
      const names = [...this.#sources, ...this.#steps.filter(one => !one.isSink && one !== step).map(one => one.id)]
      return {
        rule: 'unknown-from',
        message: `there is no step or source ${name}${hint(name, names)}${listed(names)}`,
      }
    }
    if (port === '') return { rule: 'bad-from', message: `a port is missing behind the dot of ${id}.` }
    const target = this.#steps[at]
    if (target === undefined || at < own) return undefined
    if (at === own) return { rule: 'cycle', message: `the step ${id} takes from itself` }
    if (target.isSink && port !== 'dead') return { rule: 'bad-from', message: `it can not take rows from ${id}, which is a sink` }
    const circle = this.#wayBack(at, own)
    if (circle !== undefined)
      return { rule: 'cycle', message: `steps take from each other in a circle: ${[...circle, step.id].join(' takes from ')}` }
    return {
      rule: 'from-later',
      message: `the step ${id} stands below; a step stands behind those it takes from, so move it up or this one down`,
    }
  }

  /** The steps from one that was asked for back to the one that asks, if there are such. */
  #wayBack(from: number, to: number): readonly string[] | undefined {
    const idOf = (index: number): string => (this.#steps[index] as FromStep).id
    const ways = new Map<number, readonly string[]>([[from, [idOf(to), idOf(from)]]])
    for (const [index, way] of ways) {
      for (const next of this.#targets(index)) {
        if (next === to) return way
        if (!ways.has(next)) ways.set(next, [...way, idOf(next)])
      }
    }
    return undefined
  }

  #targets(index: number): readonly number[] {
    const step = this.#steps[index] as FromStep
    const from: readonly unknown[] = step.from === undefined ? [] : Array.isArray(step.from) ? step.from : [step.from]
    if (step.from === undefined) return index > 0 && !step.isUnderSinks ? [index - 1] : []
    return from.flatMap(one => {
      const at = typeof one === 'string' ? this.#indexes.get(this.#named(one, 'main').step) : undefined
      return at === undefined || at < 0 ? [] : [at]
    })
  }
}
