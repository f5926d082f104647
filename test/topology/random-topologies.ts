/** Random valid topologies from the catalogue: several sources, branches that meet again, windows behind windows, steps that catch, sinks on many ports. */
import { operators } from '../../operators/index.ts'
import { topologyIssues } from '../../topology/check.ts'
import type { StepInput } from '../../topology/plan.ts'
import { RowTypes } from '../../topology/row-types.ts'
import type { FollowedLog, Step, Topology } from '../../topology/topology.ts'
import { categories, type Chance, types } from './random-logs.ts'
import { functions, optionsOf } from './random-options.ts'

/** How often an operator is tried, beside the others. */
const weights: Readonly<Record<string, number>> = {
  ...Object.fromEntries(Object.keys(operators).map(name => [name, 2])),
  eventTime: 5,
  tumble: 7,
  hop: 5,
  cumulate: 4,
  over: 4,
  globalWindow: 4,
  session: 6,
  topN: 5,
  enrich: 4,
  projection: 3,
  append: 1,
  webhook: 1,
  deadLetter: 1,
  catch: 3,
  merge: 3,
  joinWindow: 3,
  joinInterval: 3,
  total: 1,
}

const functionOf = (reference: string): unknown => functions[reference]

export function isValid(topology: Topology): boolean {
  return topologyIssues(topology, functionOf).length === 0
}

/** A topology while it grows; a step is added only if the check has nothing against it. */
class Growing {
  readonly steps: Step[] = []
  readonly #chance: Chance
  readonly #sources: readonly FollowedLog[]
  readonly #open: StepInput[]
  readonly #dead: StepInput[] = []
  readonly #rows: RowTypes
  readonly #bag: readonly string[]
  readonly #sinks: readonly string[]

  constructor(chance: Chance, without: readonly string[]) {
    this.#chance = chance
    this.#bag = Object.entries(weights).flatMap(([name, weight]) => (without.includes(name) ? [] : new Array<string>(weight).fill(name)))
    this.#sinks = ['append', 'append', 'append', 'projection', 'projection', 'webhook'].filter(name => !without.includes(name))
    this.#sources = randomSources(chance)
    this.#open = this.#sources.map(({ id }) => ({ step: id, port: 'main' }))
    this.#rows = new RowTypes(this.#sources, functionOf)
  }

  get topology(): Topology {
    return { name: 'random', version: 1, sources: this.#sources, steps: [...this.steps] }
  }

  /** Tries one step a few times; what is refused has options that do not fit the columns. */
  grow(operator = this.#chance.oneOf(this.#bag), from = this.#inputsFor(operator)): boolean {
    for (let tries = 0; tries < 4; tries++) if (from.length > 0 && this.#add(operator, from)) return true
    return false
  }

  #add(operator: string, from: readonly StepInput[]): boolean {
    const id = `${operator}${this.steps.length}`
    const ground = { row: this.#rows.into({ from }), from, steps: this.steps }
    const options = optionsOf[operator]?.(this.#chance, ground, id) ?? {}
    const step = { id, operator, options, from }
    if (!isValid({ ...this.topology, steps: [...this.steps, step] })) return false
    this.steps.push(step)
    this.#rows.pass(step)
    const spec = operators[operator]
    const ports = Object.keys({ ...spec?.spec.ports, ...spec?.portsOf?.(options as never) })
    this.#open.push(...ports.map(port => ({ step: id, port })))
    this.#dead.push({ step: id, port: 'dead' })
    return true
  }

  /** Mostly of what came last, so that there are long branches; sometimes several that meet. */
  #inputsFor(operator: string): StepInput[] {
    const chance = this.#chance
    const isTimed = operators[operator]?.spec.needsEventTime === true || (operator === 'topN' && chance.is(0.8))
    const ports =
      operator === 'catch' ? this.#dead : isTimed ? this.#open.filter(port => this.#rows.into({ from: [port] }).isTimed) : this.#open
    const joined = operators[operator]?.spec.inputs
    // The two sides of a join are sometimes one and the same.
    if (joined !== undefined) return ports.length === 0 ? [] : Array.from({ length: joined }, () => chance.oneOf(ports))
    const some = operator === 'merge' ? 2 + chance.below(2) : chance.is(0.2) ? 1 + chance.below(3) : 1
    const inputs = new Set<StepInput>()
    for (let i = 0; i < some && ports.length > 0; i++)
      inputs.add(chance.is(0.6) ? (ports[ports.length - 1 - chance.below(Math.min(4, ports.length))] as StepInput) : chance.oneOf(ports))
    return [...inputs]
  }

  /** Sinks for most of the ports from which nobody takes. */
  close(): void {
    const taken = new Set(this.steps.flatMap(({ from }) => from.map(({ step, port }) => `${step}.${port}`)))
    for (const port of this.#open.filter(({ step, port }) => !taken.has(`${step}.${port}`))) {
      if (this.#chance.is(0.1)) continue
      for (let tries = 0; tries < 20; tries++) if (this.grow(this.#chance.oneOf(this.#sinks), [port])) break
    }
  }
}

function randomSources(chance: Chance): FollowedLog[] {
  const count = chance.oneOf([1, 1, 2, 3])
  return Array.from({ length: count }, (_, index) => ({
    id: `log${index}`,
    kind: 'log',
    ...(chance.is(0.4) && { types: chance.someOf(types) }),
    ...(chance.is(0.2) && { categories: chance.someOf(categories) }),
  }))
}

export interface TopologyOptions {
  /** Operators that are not wanted. */
  readonly without?: readonly string[]
}

export function randomTopology(chance: Chance, { without = [] }: TopologyOptions = {}): Topology {
  const growing = new Growing(chance, without)
  const wanted = 3 + chance.below(chance.is(0.3) ? 20 : 8)
  for (let tries = 0; tries < 40 * wanted && growing.steps.length < wanted; tries++)
    growing.grow(growing.steps.length === 0 && chance.is(0.7) ? 'eventTime' : undefined)
  growing.close()
  return growing.topology
}
