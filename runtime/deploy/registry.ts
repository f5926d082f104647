/** The deployed topologies as the log knows them: a fold of the stream `$topology`. */
import type { Event, NewEvent, Stamp } from '../../event/event.ts'
import type { Scope } from '../../event/scope.ts'
import type { DeploymentStatus, PlainFailure } from '../../event/topologies.ts'
import { slotScope } from '../../store/slot.ts'
import type { Plan } from '../../topology/plan.ts'
import type { StateLayout } from '../../topology/state-layout.ts'

export const TOPOLOGY_STREAM = '$topology'

export interface DeployedData {
  readonly name: string
  readonly version: number
  /** URL of the module or file; functions and tables are named beside it. */
  readonly module: string
  readonly export?: string
  /** Made at deployment, so that a restart runs what was deployed. */
  readonly plan: Plan
  readonly until?: 'head'
  /** The last stamp to read, for one that ends. */
  readonly head?: Stamp
  /** Of one that took the place of an earlier revision and is folded from the first event on. */
  readonly rebuild?: Rebuild
  /** Lanes for its keyed steps; one when left out. */
  readonly workers?: number
  /** It took the place of one that was paused. */
  readonly isPaused?: true
  /** Where its rows lie; the first slot when left out. */
  readonly slot?: number
  /** What rows up to this stamp made it send, the version whose place it took has sent. */
  readonly mutedTo?: Stamp
  /** How its state lies there; left out by versions that did not know of it. */
  readonly layout?: StateLayout
}

export interface Rebuild {
  /** The revision whose place it took. */
  readonly from: number
  /** Events of the log then, and the stamp of the last. */
  readonly events: number
  readonly head: Stamp
}

/** What another module makes of a deployment that keeps its position and its state. */
export type UpdatedData = Pick<DeployedData, 'name' | 'version' | 'module' | 'export' | 'plan' | 'layout' | 'workers'> & {
  readonly deployment: number
}

/** It goes on from a savepoint, whose rows lie in another slot. */
export type RestoredData = Named &
  Required<Pick<DeployedData, 'slot' | 'layout'>> & {
    readonly savepoint: string
    /** What was sent since is sent again, as it is made now. */
    readonly resends?: true
  }

interface Named {
  readonly name: string
  readonly deployment: number
}

/** A version is folded from the first event on beside the one that runs. */
export type RebuildingData = Named & { readonly next: DeployedData }

/** `rebuilt`: version of the event with which that began. */
type Rebuilt = Named & { readonly rebuilt: number }

export type TopologyEvent =
  | { readonly type: 'topology.deployed'; readonly data: DeployedData }
  | { readonly type: 'topology.updated'; readonly data: UpdatedData }
  | { readonly type: 'topology.rebuilding'; readonly data: RebuildingData }
  | { readonly type: 'topology.swapped'; readonly data: Rebuilt & { readonly mutedTo: Stamp } }
  | { readonly type: 'topology.rebuild-ended'; readonly data: Rebuilt & { readonly error?: PlainFailure } }
  | { readonly type: 'topology.restored'; readonly data: RestoredData }
  | { readonly type: 'topology.paused'; readonly data: Named }
  | { readonly type: 'topology.resumed'; readonly data: Named }
  | { readonly type: 'topology.rescaled'; readonly data: Named & { readonly workers: number } }
  | { readonly type: 'topology.draining'; readonly data: Named & { readonly head: Stamp } }
  | { readonly type: 'topology.ended'; readonly data: Named }
  | { readonly type: 'topology.failed'; readonly data: Named & { readonly error: PlainFailure } }
  | { readonly type: 'topology.undeployed'; readonly data: Named }

/** One deployment of a topology. */
export interface Deployment extends DeployedData {
  /** Version of its event in `$topology`: tells it from others of the same name. */
  readonly deployment: number
  readonly status: DeploymentStatus
  /** Version of the last event that changed its plan or its module, and of the last that changed how its state lies. */
  readonly planned: number
  readonly revised: number
  /** Also while it is paused. */
  readonly isDraining?: true
  readonly error?: PlainFailure
  /** Folds beside it, and takes its place when it has caught up. */
  readonly beside?: Deployment
  /** Why the last one that did was given up. */
  readonly besideError?: PlainFailure
}

/** The name in the database. */
export function storedTopology(scope: Scope, { name, slot }: Pick<Deployment, 'name' | 'slot'>): string {
  return slotScope(scope, slot) + name
}

/** Nothing will come of it any more. */
export function isOver({ status }: Pick<Deployment, 'status'>): boolean {
  return status === 'ended' || status === 'failed'
}

/** What it is while it runs. */
export function runningStatus({ isDraining }: Pick<Deployment, 'isDraining'>): 'running' | 'draining' {
  return isDraining === true ? 'draining' : 'running'
}

/** Whatever stands in the log, later events about another deployment than the current one change nothing. */
export function foldTopology(deployed: Map<string, Deployment>, event: Pick<Event, 'type' | 'data' | 'version'>): void {
  const told = event as unknown as TopologyEvent
  if (told.type === 'topology.deployed') {
    const { version } = event
    const status = told.data.isPaused === true ? 'paused' : 'running'
    deployed.set(told.data.name, { ...told.data, deployment: version, planned: version, revised: version, status })
    return
  }
  const { name, deployment } = told.data
  const current = deployed.get(name)
  if (current?.deployment !== deployment) return
  if (told.type === 'topology.undeployed') deployed.delete(name)
  else deployed.set(name, changed(current, told, event.version))
}

function changed(current: Deployment, event: TopologyEvent, version: number): Deployment {
  if (event.type === 'topology.updated') return { ...updated(current, event.data), planned: version, revised: version }
  if (event.type === 'topology.rebuilding') return rebuilding(current, event.data, version)
  if (event.type === 'topology.swapped' || event.type === 'topology.rebuild-ended') return afterRebuild(current, event)
  if (event.type === 'topology.restored') return restored(current, event.data, version)
  if (event.type === 'topology.ended') return { ...current, status: 'ended' }
  if (event.type === 'topology.failed') return { ...current, status: 'failed', error: event.data.error }
  if (isOver(current)) return current
  if (event.type === 'topology.paused') return { ...current, status: 'paused' }
  if (event.type === 'topology.resumed') return { ...current, status: runningStatus(current) }
  if (event.type === 'topology.rescaled') return { ...current, workers: event.data.workers }
  if (event.type === 'topology.draining') return { ...current, status: 'draining', isDraining: true, head: event.data.head }
  return current
}

/** One that has failed runs again: the module may be mended. */
function updated(before: Deployment, data: UpdatedData): Deployment {
  const { error: _, export: __, layout: last, ...current } = before
  // What a version began anew, those after it go on with.
  const layout = data.layout ?? (last && { ...last, cleared: [], forgotten: [] })
  return { ...current, ...data, ...(layout && { layout }), status: current.status === 'failed' ? runningStatus(current) : current.status }
}

function rebuilding(before: Deployment, { next }: RebuildingData, version: number): Deployment {
  const { besideError: _, ...current } = before
  const beside: Deployment = { ...next, deployment: version, planned: version, revised: version, status: 'running', mutedTo: Infinity }
  return { ...current, beside }
}

function afterRebuild(
  current: Deployment,
  { type, data }: Extract<TopologyEvent, { readonly type: 'topology.swapped' | 'topology.rebuild-ended' }>,
): Deployment {
  const { beside, besideError: _, ...rest } = current
  if (beside?.deployment !== data.rebuilt) return current
  if (type === 'topology.rebuild-ended') return { ...rest, ...(data.error && { besideError: data.error }) }
  const { rebuild: __, ...swapped } = beside
  return { ...swapped, mutedTo: data.mutedTo, status: current.status === 'paused' ? 'paused' : 'running' }
}

/** One that has ended or failed runs again. */
function restored(before: Deployment, { slot, layout, resends }: RestoredData, version: number): Deployment {
  const { error: _, mutedTo, ...current } = before
  const status = isOver(current) ? runningStatus(current) : current.status
  const muted = mutedTo !== undefined && resends !== true && { mutedTo }
  return { ...current, ...muted, slot, layout, revised: version, status }
}

/** What happens once to a deployment; each has an id, which makes telling it twice harmless. */
const onceTypes: readonly string[] = ['topology.ended', 'topology.failed', 'topology.undeployed'] satisfies TopologyEvent['type'][]

/** `revised`: of the deployment; what goes on from a savepoint may end once more. */
export function topologyEvent(event: TopologyEvent, revised?: number): NewEvent {
  if (event.type === 'topology.deployed' || !onceTypes.includes(event.type)) return event
  const { deployment } = event.data
  const id = `${event.type}-${deployment}`
  return { ...event, id: revised === undefined || revised === deployment ? id : `${id}-${revised}` }
}

/** Names of the projections a plan writes. */
export function projectionsOf(plan: Plan): string[] {
  return plan.steps
    .filter(({ operator }) => operator === 'projection' || operator === 'foldInto')
    .map(({ options }) => String(options['name']))
}
