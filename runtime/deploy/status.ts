/** What a node says about a topology. */
import type { Counters } from '../../actors/pipeline-options.ts'
import type { SourcePosition } from '../../actors/source.ts'
import type { Position } from '../../event/event.ts'
import { type Place, positionOf } from '../../event/position.ts'
import type { StepStatus, TopologyStatus } from '../../event/topologies.ts'
import type { TopologyRow } from '../../store/state.ts'
import type { Plan } from '../../topology/plan.ts'
import type { PipelineStats } from './pipeline-host.ts'
import type { Deployment } from './registry.ts'

export type { StepStatus, TopologyStatus } from '../../event/topologies.ts'

const IN = 0
const OUT = 1
const LATE = 2
const SUSPECT = 3
const DEAD = 4

export interface StatusParts {
  readonly deployment: Deployment
  /** Of the running pipeline; the row of the last epoch stands in. */
  readonly stats: PipelineStats | null
  readonly row: TopologyRow | undefined
  /** Last sequences of all partitions added up. */
  readonly events: number
  readonly isRebuilt: boolean
  /** Deliveries in its outbox, of one that does not run. */
  readonly undelivered: number
}

export function statusOf({ deployment, stats, row, events, isRebuilt, undelivered }: StatusParts): TopologyStatus {
  const { name, version, status, module, plan, error } = deployment
  const position = stats?.position ?? row
  const counters = stats?.counters ?? row?.counters ?? {}
  const isAtEnd = status === 'ended' || stats?.isAtHead === true || plan.source.kind !== 'log'
  const sum = (column: number, steps = Object.keys(counters)): number =>
    steps.reduce((total, step) => total + (counters[step]?.[column] ?? 0), 0)
  return {
    name,
    version,
    status,
    module,
    position: textOf(position?.place ?? null),
    lagEvents: isAtEnd ? 0 : Math.max(0, events - looked(position)),
    rowsIn: position?.rows ?? 0,
    rowsOut: sum(OUT, sinksOf(plan, counters)),
    late: sum(LATE),
    suspect: sum(SUSPECT),
    dead: sum(DEAD),
    steps: stepsOf(plan, counters, stats?.busyMs),
    epoch: stats?.epoch ?? row?.epoch ?? 0,
    ...(stats?.lastEpochMs !== undefined && { lastEpochMs: stats.lastEpochMs }),
    ...(stats?.watermark !== undefined && { watermark: stats.watermark }),
    ...deliveriesOf(stats, undelivered),
    ...(stats?.held && { held: stats.held }),
    ...(error && { error }),
    ...((deployment.workers ?? 1) > 1 && { workers: deployment.workers as number }),
    ...(isRebuilt && { rebuilt: true as const }),
    ...rebuildingOf(deployment, position, isAtEnd),
  }
}

/** Until it has looked at all that there was when it began. */
function rebuildingOf({ rebuild }: Deployment, position: SourcePosition | undefined, isAtEnd: boolean): Pick<TopologyStatus, 'rebuilding'> {
  if (rebuild === undefined || isAtEnd || (position?.place?.stamp ?? 0) >= rebuild.head) return {}
  const { from, events: total } = rebuild
  return { rebuilding: { from, done: Math.min(total, looked(position)), total } }
}

function looked(position: SourcePosition | undefined): number {
  return Object.values(position?.sequences ?? {}).reduce((sum, sequence) => sum + sequence, 0)
}

function deliveriesOf(stats: PipelineStats | null, undelivered: number): Pick<TopologyStatus, 'deliveries'> {
  const deliveries = stats === null ? undelivered > 0 && { waiting: undelivered } : stats.deliveries
  return deliveries ? { deliveries } : {}
}

function stepsOf({ source, steps }: Plan, counters: Counters, busyMs: PipelineStats['busyMs'] = {}): StepStatus[] {
  return [{ id: source.id, operator: source.kind }, ...steps].map(({ id, operator }) => {
    const counted = (column: number): number => counters[id]?.[column] ?? 0
    const busy = busyMs[id]
    return {
      id,
      operator,
      in: counted(IN),
      out: counted(OUT),
      late: counted(LATE),
      suspect: counted(SUSPECT),
      dead: counted(DEAD),
      ...(busy !== undefined && { busyMs: Math.round(busy) }),
    }
  })
}

function textOf(place: Place | null): Position | null {
  return place && positionOf(place.stamp, place.partition, place.sequence)
}

/** Steps that no other takes from. */
function sinksOf(plan: Plan, counters: Counters): string[] {
  const taken = new Set(plan.steps.flatMap(({ from }) => from.flatMap(({ step, port }) => (port === 'dead' ? [] : [step]))))
  return Object.keys(counters).filter(step => !taken.has(step) && step !== plan.source.id)
}
