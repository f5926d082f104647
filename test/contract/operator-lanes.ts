/** Runs one operator in lanes, split and merged as the lead of a topology does it, with a life in another number of lanes behind each restart. */
import * as assert from 'uvu/assert'
import { Heartbeat } from '../../actors/heartbeat.ts'
import { Lane } from '../../actors/lanes/lane.ts'
import type { LaneAnswer } from '../../actors/lanes/lane-task.ts'
import { MergedPages } from '../../actors/lanes/merged-pages.ts'
import { type PackedFlow, PagePacker, PageUnpacker } from '../../actors/lanes/packed-page.ts'
import { SectionSplits } from '../../actors/lanes/section-splits.ts'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Flow, Row } from '../../operators/flow.ts'
import { operators } from '../../operators/index.ts'
import { onPage } from '../../operators/lift.ts'
import type { AnyOperator } from '../../operators/operator.ts'
import { applyEpoch } from '../../store/epoch-bytes.ts'
import { openMemory } from '../../store/memory.ts'
import type { StateColumn, StateStore } from '../../store/state.ts'
import type { Plan, PlanStep } from '../../topology/plan.ts'
import { type Section, sectionsOf } from '../../topology/sections.ts'
import { flowsOf, inputsOf, isJoin, leave, type Run } from './operator-run.ts'

interface LanedOutcome {
  readonly ports: Record<string, Row[]>
  /** Orders of the rows given up, rising. */
  readonly dead: number[]
}

/** How many lanes the lives of a run have, one behind another and again. */
export const lanesTried: readonly (readonly number[])[] = [[2], [4], [2, 4, 1], [1, 3]]

const stepId = 'step'

/** Stands before steps that look at each row alone: those are in a lane when what feeds them is. */
const passing: AnyOperator = {
  spec: { name: 'passing', kind: 'keyed', summary: '', options: {}, ports: { main: '' } },
  example: { title: '', options: {}, input: [], output: {} },
  needs: () => new Set(['*']),
  splitBy: ({ by }: { readonly by: readonly string[] }) => by,
  create: () => onPage((page, emit) => emit(page)),
}

/** Undefined where all rows must meet in one place, whatever the options of the operator say of splitting. */
function planFor(operator: AnyOperator, run: Run): { plan: Plan; section: Section } | undefined {
  if (operators[operator.spec.name] !== operator) return undefined
  const isAlone = operator.splitBy === undefined
  const by = Object.keys(run.input.find(one => typeof one === 'object') ?? {}).filter(name => !name.startsWith('$'))
  const { options, key = [], row = anyRow } = run
  const count = operator.spec.inputs ?? 1
  const sideInputs = operator.sideInputs?.(options as never)
  const step: PlanStep = {
    id: stepId,
    operator: operator.spec.name,
    options,
    from: Array.from({ length: count }, () => ({ step: isAlone ? 'before' : 'log', port: 'main' })),
    row: { ...row, key },
    ...(isJoin(run) && { inputs: inputsOf(run) }),
    ...(sideInputs !== undefined && { sideInputs }),
  }
  const ports = Object.keys({ ...operator.spec.ports, ...operator.portsOf?.(options as never) })
  const out: PlanStep = { id: 'out', operator: 'append', options: {}, from: ports.map(port => ({ step: stepId, port })) }
  const before: PlanStep = { id: 'before', operator: 'passing', options: { by }, from: [{ step: 'log', port: 'main' }] }
  const steps = isAlone ? [before, step, out] : [step, out]
  const plan: Plan = { topology: 'contract', version: 1, source: { id: 'log', kind: 'log', fields: ['*'] }, steps }
  const section = sectionsOf(plan).sections.find(one => one.steps.includes(stepId))
  return section === undefined ? undefined : { plan, section }
}

/** All lanes of one life, with what stands before and behind them. */
class Lanes {
  readonly #lanes: readonly Lane[]
  readonly #splits: SectionSplits
  readonly #merged = new MergedPages()
  readonly #entry: string
  /** What is sent goes as it would between threads. */
  readonly #packers: readonly (readonly [PagePacker, PageUnpacker])[]
  #pushes = 0

  constructor(lanes: readonly Lane[], section: Section) {
    this.#lanes = lanes
    this.#entry = section.entry
    this.#splits = new SectionSplits([section], lanes.length)
    this.#packers = lanes.map(() => [new PagePacker(), new PageUnpacker()])
  }

  push(flows: readonly Flow[], dead: number[], send: (flow: Flow) => void): Uint8Array[] {
    for (const flow of flows) this.#splits.take(this.#entry, flow)
    const answers: LaneAnswer[] = []
    const push = ++this.#pushes
    for (const { lane, task } of this.#splits.tasks({ push, level: 1, flow: { kind: 'barrier', epoch: 0 } })) {
      const parts = task.parts.map(part => ({ ...part, flows: this.#across(lane, part.flows) }))
      answers.push((this.#lanes[lane] as Lane).do({ ...task, parts }))
    }
    for (const answer of answers) dead.push(...answer.dead.map(({ order }) => order))
    this.#merged.merge(
      answers.map(({ parts }) => parts.flatMap(({ flows }) => flows)),
      send,
    )
    return answers.flatMap(({ bytes }) => bytes ?? [])
  }

  #across(lane: number, flows: readonly Flow[]): Flow[] {
    const [packer, unpacker] = this.#packers[lane] as readonly [PagePacker, PageUnpacker]
    return flows.map(flow => unpacker.unpack(structuredClone<PackedFlow>(packer.pack(flow, []))))
  }

  close(): void {
    for (const lane of this.#lanes) lane.close()
  }
}

/**
 * The same input as `runOperator`; `lanes` says in how many lanes each life runs, one behind another and again. Undefined for steps that are
 * never split, with these options.
 */
async function runInLanes(operator: AnyOperator, run: Run, lanes: readonly number[]): Promise<LanedOutcome | undefined> {
  const known = operators as Record<string, AnyOperator>
  try {
    known['passing'] = passing
    const planned = planFor(operator, run)
    return planned && (await runPlan(planned, run, lanes))
  } finally {
    delete known['passing']
  }
}

async function runPlan(planned: { plan: Plan; section: Section }, run: Run, lanes: readonly number[]): Promise<LanedOutcome> {
  const outcome: LanedOutcome = { ports: {}, dead: [] }
  const store: StateStore = openMemory<StateColumn>({ columns: { state: 'scattered', meta: 'small' } })
  let lives = 0
  const start = async (): Promise<Lanes> => {
    const count = lanes[lives++ % lanes.length] as number
    const options = {
      plan: planned.plan,
      module: import.meta.url,
      store,
      heartbeat: new Heartbeat(),
      incarnation: 1,
      skip: [],
      lanes: count,
      ...(run.stateBytes !== undefined && { stateBytes: run.stateBytes }),
      resolve: (reference: string) => Promise.resolve(run.functions?.[reference]),
    }
    const started = await Promise.all(Array.from({ length: count }, (_, lane) => Lane.start({ ...options, lane })))
    return new Lanes(started, planned.section)
  }
  let now = await start()
  let barriers = 0
  for (const flows of pushesOf(withCauses(flowsOf(run)))) {
    const bytes = now.push(flows, outcome.dead, flow => flow.kind === 'page' && leave(flow, outcome, run))
    if (flows.at(-1)?.kind !== 'barrier') continue
    const batch = store.batch()
    for (const one of bytes) applyEpoch(one, batch)
    store.write(batch, { sync: true })
    if (run.restartAfter?.includes(++barriers) !== true) continue
    now.close()
    now = await start()
  }
  now.close()
  outcome.dead.sort((a, b) => a - b)
  return outcome
}

/** Time moves and the input ends at rows, as it does in a topology: the lanes learn at which, since each sees its own rows alone. */
function withCauses(flows: readonly Flow[]): Flow[] {
  let [last, time, isTold] = [0, -Infinity, false]
  return flows.flatMap((flow, at): Flow[] => {
    if (flow.kind === 'moves') isTold = true
    if (flow.kind === 'end') return [{ kind: 'end', order: flow.order ?? last }]
    if (flow.kind === 'watermark' && flow.time !== 'idle') {
      const moves = { kind: 'moves', order: Float64Array.of(last), before: Float64Array.of(time), time: flow.time } as const
      const untold = isTold || flow.time <= time ? [] : [moves]
      time = Math.max(time, flow.time)
      isTold = false
      return [...untold, flow]
    }
    if (flow.kind !== 'page') return [flow]
    last = flow.order.at(-1) as number
    const next = flows[at + 1]
    if (isTold || flow.watermark === undefined || next?.kind !== 'watermark' || next.time === 'idle' || next.time <= time) return [flow]
    isTold = true
    return [{ kind: 'moves', order: flow.order, before: flow.watermark, time: next.time }, flow]
  })
}

/** A push ends behind the watermark of its rows, or behind other control. */
function pushesOf(flows: readonly Flow[]): Flow[][] {
  const pushes: Flow[][] = [[]]
  for (const flow of flows) {
    if (flow.kind === 'page' || flow.kind === 'moves') {
      pushes.at(-1)?.push(flow)
    } else {
      pushes.at(-1)?.push(flow)
      pushes.push([])
    }
  }
  return pushes.filter(({ length }) => length > 0)
}

/** What must not depend on lanes. A column of nulls alone is there or not. */
function fromLanes({ ports, dead }: LanedOutcome): LanedOutcome {
  const whole = (row: Row): Row => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null))
  const sent = Object.entries(ports).flatMap(([port, rows]) => (rows.length === 0 ? [] : [[port, rows.map(whole)]]))
  return { ports: Object.fromEntries(sent) as Record<string, Row[]>, dead }
}

/**
 * Fails when lanes do not give what was given in one; false for steps that are never split, with these options. `lanes` says in how many each
 * life runs.
 */
export async function equalInLanes(
  operator: AnyOperator,
  run: Run,
  outcome: LanedOutcome,
  lanes = lanesTried[run.input.length % lanesTried.length] as readonly number[],
): Promise<boolean> {
  const laned = await runInLanes(operator, run, lanes)
  if (laned !== undefined) assert.equal(fromLanes(laned), fromLanes(outcome), `lanes ${lanes.join()}`)
  return laned !== undefined
}
