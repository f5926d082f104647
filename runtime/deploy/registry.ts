/** The deployed topologies as the log knows them: a fold of the stream `$topology`. */
import type { Event, NewEvent, Stamp } from '../../event/event.ts'
import type { ErrorCode } from '../../event/error.ts'
import type { Plan } from '../../topology/plan.ts'

export const TOPOLOGY_STREAM = '$topology'

export interface DeployedData {
  readonly name: string
  readonly version: number
  readonly module: string
  readonly export?: string
  /** Made at deployment, so that a restart runs what was deployed. */
  readonly plan: Plan
  readonly until?: 'head'
  /** The last stamp to read; fixed at deployment. */
  readonly head?: Stamp
}

interface Named {
  readonly name: string
  readonly deployment: number
}

export type TopologyEvent =
  | { readonly type: 'topology.deployed'; readonly data: DeployedData }
  | { readonly type: 'topology.ended'; readonly data: Named }
  | { readonly type: 'topology.failed'; readonly data: Named & { readonly error: PlainFailure } }
  | { readonly type: 'topology.undeployed'; readonly data: Named }

export interface PlainFailure {
  readonly code: ErrorCode
  readonly message: string
}

/** One deployment of a topology. */
export interface Deployment extends DeployedData {
  /** Version of its event in `$topology`: tells it from others of the same name. */
  readonly deployment: number
  readonly status: 'running' | 'ended' | 'failed'
  readonly error?: PlainFailure
}

/** Whatever stands in the log, later events about another deployment than the current one change nothing. */
export function foldTopology(deployed: Map<string, Deployment>, event: Pick<Event, 'type' | 'data' | 'version'>): void {
  const { type, data } = event as unknown as TopologyEvent
  if (type === 'topology.deployed') {
    deployed.set(data.name, { ...data, deployment: event.version, status: 'running' })
    return
  }
  const current = deployed.get(data.name)
  if (current?.deployment !== data.deployment) return
  if (type === 'topology.undeployed') deployed.delete(data.name)
  else if (type === 'topology.ended') deployed.set(data.name, { ...current, status: 'ended' })
  else if (type === 'topology.failed') deployed.set(data.name, { ...current, status: 'failed', error: data.error })
}

/** The event, with an id that makes telling it twice harmless. */
export function topologyEvent(event: TopologyEvent): NewEvent {
  if (event.type === 'topology.deployed') return event
  return { ...event, id: `${event.type}-${event.data.deployment}` }
}

/** Names of the projections a plan writes. */
export function projectionsOf(plan: Plan): string[] {
  return plan.steps.filter(({ operator }) => operator === 'projection').map(({ options }) => String(options['name']))
}
