/** Runs a topology over a log on the real source and the real graph, at any page size and with restarts, and gathers all that must be the same each time. */
import { isDeepStrictEqual } from 'node:util'
import { deadLetterStream, letterOf } from '../../actors/dead-letter.ts'
import { decodeDelivery, isDelivery } from '../../actors/delivery.ts'
import { createFragment, type Fragment, type FragmentContext } from '../../actors/fragment.ts'
import { Heartbeat } from '../../actors/heartbeat.ts'
import { Lane } from '../../actors/lanes/lane.ts'
import { type LanePort, localLink, portLink, serveLane } from '../../actors/lanes/lane-link.ts'
import type { LaneLink } from '../../actors/lanes/lane-task.ts'
import { LanedFragment } from '../../actors/lanes/laned-fragment.ts'
import { LogSource } from '../../actors/log-source.ts'
import { decodeRequest, eventsOf, Outbox } from '../../actors/outbox.ts'
import { rowKeyText } from '../../actors/projection.ts'
import type { RowOrigin } from '../../actors/source.ts'
import type { StepCounters } from '../../actors/step-node.ts'
import { StepStates } from '../../actors/step-states.ts'
import { TICK } from '../../actors/ticks.ts'
import { defaultLimits } from '../../event/limits.ts'
import { STAMPS_PER_MS } from '../../event/stamp.ts'
import { tickStream, usesClock } from '../../topology/clock.ts'
import { operators } from '../../operators/index.ts'
import { StateMemory } from '../../operators/keyed/state-memory.ts'
import { aliveCount } from '../../operators/page.ts'
import { applyEpoch } from '../../store/epoch-bytes.ts'
import { openMemory } from '../../store/memory.ts'
import type { StateColumn } from '../../store/state.ts'
import { type GivenEvent, GivenLog, isFollowed } from '../../runtime/trial/given-log.ts'
import { type LogSource as LogSourcePlan, type Plan, planTopology } from '../../topology/plan.ts'
import type { Topology } from '../../topology/topology.ts'
import { Chance, partitions } from './random-logs.ts'
import { functions } from './random-options.ts'

export interface RunShape {
  readonly pageRows: number
  /** After how many pages there is a barrier, and after how many of those all is made anew; by chance, as a seed says. */
  readonly barriers: number
  readonly restarts: number
  readonly seed: number
  /** How many lanes each life has, one behind another and again; plain fragments when left out. */
  readonly lanes?: readonly number[]
  /** What the state of all steps may take in memory; no bound when left out. */
  readonly stateBytes?: number
}

/** One page for all, and nothing in between. */
export const plainShape: RunShape = { pageRows: 4096, barriers: 0, restarts: 0, seed: 0 }

const resolve = (reference: string): Promise<unknown> => Promise.resolve(functions[reference])
const identity = { topology: 'random', deployment: 1, partitions, limits: defaultLimits }

/** What a run has brought about: texts by what they are of, each in its order. */
export type Results = Readonly<Record<string, readonly string[]>>

/** The outside of all lives of a topology. */
class World {
  readonly lists = new Map<string, string[]>()
  readonly rows = new Map<string, string>()
  readonly counters: Record<string, StepCounters> = {}
  readonly #store = openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } })
  #states = this.#newStates()
  readonly #outbox = new Outbox(identity, {})
  readonly #numbers = new Map<string, number>()
  /** Steps that write a projection together with others. */
  readonly #shared: ReadonlySet<string>
  rowsIn = 0

  constructor({ steps }: Topology) {
    const writers = Map.groupBy(steps.filter(({ operator }) => operator === 'projection'), ({ options }) => options['name']).values() // prettier-ignore
    this.#shared = new Set([...writers].flatMap(list => (list.length > 1 ? list.map(({ id }) => id) : [])))
  }

  note(list: string, text: string): void {
    const texts = this.lists.get(list)
    if (texts === undefined) this.lists.set(list, [text])
    else texts.push(text)
  }

  /** Of one life. */
  #newStates(): StepStates {
    return new StepStates({ topology: identity.topology, store: this.#store, beat: () => undefined })
  }

  async open(
    plan: Plan,
    originOf: (order: number) => RowOrigin | undefined,
    how: { lanes?: number; stateBytes?: number },
  ): Promise<Fragment> {
    const { lanes, stateBytes } = how
    this.#states = this.#newStates()
    const letter = (row: Parameters<typeof letterOf>[1]): ReturnType<typeof letterOf> => letterOf(identity, row, originOf(row.order))
    const context: FragmentContext = {
      module: import.meta.url,
      resolve,
      memory: new StateMemory(stateBytes),
      state: (step, version) => this.#states.state(step, version),
      projection: (name, step) => ({
        put: (key, value) => this.#put(step, `${name} ${rowKeyText(key)}`, JSON.stringify(value)),
        delete: key => void this.rows.delete(`${name} ${rowKeyText(key)}`),
        get: key => {
          const text = this.rows.get(`${name} ${rowKeyText(key)}`)
          return text === undefined ? undefined : (JSON.parse(text) as unknown)
        },
        rows: () => [],
      }),
      outbox: step => ({
        append: (stream, event) => this.#outbox.append(step, stream, event),
        post: (request, row) => this.#outbox.post(step, request, letter({ ...row, cause: '' })),
      }),
      dead: row => this.bury(letter(row), `${row.step}/dead`),
    }
    if (lanes === undefined) return createFragment(plan, context)
    const options = {
      plan,
      module: import.meta.url,
      resolve,
      store: this.#store,
      heartbeat: new Heartbeat(),
      incarnation: 1,
      skip: [],
      lanes,
      ...(stateBytes !== undefined && { stateBytes }),
    }
    const links = await Promise.all(
      Array.from({ length: lanes }, async (_, lane) => {
        const started = await Lane.start({ ...options, lane })
        return lane === 0 ? localLink(started) : clonedLink(started)
      }),
    )
    return LanedFragment.start({ plan, links }, { ...context, add: bytes => this.#states.bytes.append(bytes) })
  }

  #put(step: string, row: string, text: string): void {
    this.rows.set(row, text)
    // What another step puts later under the same key may have come before.
    if (!this.#shared.has(step)) this.note(`puts of ${step}`, `${row} ${text}`)
  }

  bury(letter: ReturnType<typeof letterOf>, lane: string): void {
    this.#outbox.appendSystem(lane, deadLetterStream(identity.topology), { type: 'dead-letter', data: letter })
  }

  /** The events of an epoch by their lanes, with their numbers, which have no gaps. */
  seal(): void {
    const batch = this.#store.batch()
    applyEpoch(this.#states.bytes.take(), batch)
    this.#store.write(batch, { sync: true })
    for (const bytes of this.#outbox.seal()) {
      if (isDelivery(bytes)) {
        const delivery = decodeDelivery(bytes)
        this.#number(`${delivery.step}/http`, delivery.delivery)
        this.note(`posts of ${delivery.step}`, JSON.stringify(delivery))
        continue
      }
      const made = decodeRequest(bytes)
      for (const [index, { stream, ...event }] of eventsOf(made).entries()) {
        this.#number(made.producer, made.first + index)
        this.note(`lane ${made.producer}`, JSON.stringify([stream, event]))
      }
    }
  }

  #number(lane: string, number: number): void {
    const expected = (this.#numbers.get(lane) ?? 0) + 1
    if (number !== expected) this.note('broken', `lane ${lane} goes on with ${number} instead of ${expected}`)
    this.#numbers.set(lane, number)
  }

  count(fragment: Fragment): void {
    for (const [step, own] of fragment.counters) {
      const all = (this.counters[step] ??= { in: 0, out: 0, late: 0, suspect: 0, dead: 0 })
      for (const name of ['in', 'out', 'late', 'suspect', 'dead'] as const) all[name] += own[name]
    }
  }
}

/** A lane behind a port that clones what goes through it, and answers when it likes. */
function clonedLink(lane: Lane): LaneLink {
  const { port1, port2 } = new MessageChannel()
  serveLane(lane, port2 as unknown as LanePort)
  const link = portLink(port1 as unknown as LanePort)
  const close = link.close.bind(link)
  return Object.assign(link, {
    close: () => {
      close()
      lane.close()
    },
  })
}

export async function runTopology(topology: Topology, log: readonly GivenEvent[], shape: RunShape): Promise<Results> {
  const plan = await planTopology(topology, { resolve })
  const source = plan.source as LogSourcePlan
  const stream = tickStream(identity.topology)
  const followed = log.filter(event => isFollowed(event, source))
  const events = usesClock(plan) ? withTicks(followed, stream) : followed
  const replays = { stream: deadLetterStream(identity.topology), partition: -1, deployment: 1, ticks: { stream, partition: 0 } }
  const chance = new Chance(shape.seed)
  const world = new World(topology)
  let lives = 0
  let origins: ((order: number) => RowOrigin | undefined) | undefined
  const life = async (from?: LogSource['position']): Promise<{ source: LogSource; fragment: Fragment }> => {
    const reader = new GivenLog(shape.pageRows)
    reader.give(events.filter(({ stamp }) => stamp > (from?.place?.stamp ?? -1)))
    reader.head = Infinity
    const opened = new LogSource({
      plan: source,
      reader,
      storeId: 'random',
      ...(from && { from }),
      upTo: 0,
      ...(usesClock(plan) && { replays }),
      changed: () => Promise.resolve(),
    })
    const lanes = shape.lanes?.[lives++ % shape.lanes.length]
    const { stateBytes } = shape
    const how = { ...(lanes !== undefined && { lanes }), ...(stateBytes !== undefined && { stateBytes }) }
    return { source: opened, fragment: await world.open(plan, order => (origins ?? (() => opened.originOf(order)))(order), how) }
  }
  let now = await life()
  let epoch = 0
  const barrier = async (isLast: boolean): Promise<void> => {
    now.fragment.push({ kind: 'barrier', epoch: ++epoch })
    await now.fragment.drained?.()
    world.seal()
    if (!isLast && !chance.is(shape.restarts)) return
    world.count(now.fragment)
    now.fragment.close()
    if (!isLast) now = await life(now.source.position)
  }
  for (;;) {
    const page = now.source.next()
    if (page === null) break
    for (const dead of now.source.dead) world.bury(letterOf(identity, dead, now.source.originOf(dead.order)), `${dead.step}/dead`)
    const own = now.source.originsOf()
    if (aliveCount(page) > 0) now.fragment.push(page, { begun: () => (origins = own) })
    if (now.fragment.isFull === true) await now.fragment.drained?.()
    if (chance.is(shape.barriers)) await barrier(false)
  }
  now.fragment.push({ kind: 'end' }, { begun: () => (origins = undefined) })
  world.rowsIn = now.source.position.rows
  await barrier(true)
  return resultsOf(world, topology)
}

/** Here and there a tick behind an event, as if the node had written it then. */
function withTicks(events: readonly GivenEvent[], stream: string): readonly GivenEvent[] {
  const data = new TextEncoder().encode('null')
  return events.flatMap((event, index) => {
    const next = events[index + 1]
    if (next === undefined || next.stamp < event.stamp + 2 * STAMPS_PER_MS) return [event]
    const place = { stream, type: TICK, partition: 0, sequence: 0, version: 0, id: `tick-${index}` }
    return [event, { ...event, ...place, encoding: 'json' as const, data, stamp: next.stamp - 1 - (index % 2) * STAMPS_PER_MS }]
  })
}

function resultsOf({ lists, rows, counters, rowsIn }: World, topology: Topology): Results {
  return {
    ...Object.fromEntries([...lists].sort(([a], [b]) => (a < b ? -1 : 1))),
    rows: [...rows].map(([key, text]) => `${key} ${text}`).sort(),
    counters: [`source ${rowsIn}`, ...Object.entries(counters).map(([step, counts]) => `${step} ${JSON.stringify(counts)}`)],
    broken: [...(lists.get('broken') ?? []), ...unbalanced(topology, counters)],
  }
}

/** Steps that send each row on once or not at all: what came in is what left, was too late or suspect, or was given up. */
const keepsRows =
  'eventTime map select rename drop keyBy merge catch parse format validate tap count latest fold reduce append projection webhook deadLetter'.split(
    ' ',
  )

function unbalanced({ steps }: Topology, counters: Readonly<Record<string, StepCounters>>): string[] {
  return steps.flatMap(({ id, operator, options }) => {
    const { in: came, out, late, suspect, dead } = counters[id] as StepCounters
    const left = out + late + suspect + dead
    const keeps = keepsRows.includes(operator) || (operator === 'route' && options['match'] !== 'all')
    const isRight = keeps ? left === came : operator === 'filter' || operator === 'dedupe' || operator === 'changes' ? left <= came : true
    const sinkRight = operators[operator]?.spec.kind !== 'sink' || out + dead === came
    return isRight && sinkRight ? [] : [`${id}: ${came} rows came, ${left} left`]
  })
}

/** Where two runs differ; undefined when they are the same. */
export function difference(whole: Results, other: Results): string | undefined {
  for (const name of new Set([...Object.keys(whole), ...Object.keys(other)])) {
    const [left, right] = [whole[name] ?? [], other[name] ?? []]
    if (isDeepStrictEqual(left, right)) continue
    const at = left.findIndex((text, index) => text !== right[index])
    const index = at < 0 ? left.length : at
    return `${name} [${index}], ${left.length} and ${right.length}:\n  ${left[index]}\n  ${right[index]}`
  }
  return undefined
}
