/** Lanes of topologies in a thread of pipelines: those of its own leads, and those whose lead is elsewhere. */
import { createFragment } from '../../actors/fragment.ts'
import { Lane, type LaneOptions } from '../../actors/lanes/lane.ts'
import { type LanePort, localLink, portLink, serveLane } from '../../actors/lanes/lane-link.ts'
import { LanedFragment } from '../../actors/lanes/laned-fragment.ts'
import type { LaneLink } from '../../actors/lanes/lane-task.ts'
import type { PipelineOptions } from '../../actors/pipeline-options.ts'
import type { PipelineHostParts, StartPipeline } from './pipeline-host.ts'
import { slotScope } from '../../store/slot.ts'
import { resolveReference } from './user-module.ts'

/** Plain data: crosses a thread. */
export interface LanesOfStart {
  /** How many there are. */
  readonly lanes: number
  /** Names of the ports to those in other threads, by number of the lane. */
  readonly elsewhere: Readonly<Record<number, string>>
}

export interface StartLane extends Pick<
  StartPipeline,
  'scope' | 'slot' | 'generations' | 'plan' | 'module' | 'digest' | 'incarnation' | 'skip'
> {
  readonly lane: number
  readonly lanes: number
  /** Of the port to the lead. */
  readonly port: string
}

/** Starts a lane of a lead in another thread. It ends when the port does. */
export async function startLane(parts: PipelineHostParts, request: StartLane): Promise<void> {
  // What the run before had on its way to the database is there, or refused, before anything is read.
  await parts.writer.begin(slotScope(request.scope, request.slot) + request.plan.topology, request.incarnation)
  const port = await parts.ports.take(request.port)
  const lane = await Lane.start(laneOptions(parts, request, request))
  port.on('close', () => lane.close())
  serveLane(lane, port as unknown as LanePort)
}

/** How the fragment of a pipeline is made: with lanes where it has several. */
export function fragmentOf(parts: PipelineHostParts, request: StartPipeline): PipelineOptions['createFragment'] {
  const { lanes } = request
  if (lanes === undefined) return createFragment
  const numbers = Array.from({ length: lanes.lanes }, (_, lane) => lane)
  return async (plan, context) => {
    const links = await Promise.all(numbers.map(lane => linkOf(parts, request, { ...lanes, lane })))
    return LanedFragment.start({ plan, links }, context)
  }
}

async function linkOf(
  parts: PipelineHostParts,
  request: StartPipeline,
  { lane, lanes, elsewhere }: LanesOfStart & { readonly lane: number },
): Promise<LaneLink> {
  const name = elsewhere[lane]
  if (name !== undefined) return portLink((await parts.ports.take(name)) as unknown as LanePort)
  return localLink(await Lane.start(laneOptions(parts, request, { lane, lanes })))
}

function laneOptions(
  { store, heartbeat, limits, clock }: PipelineHostParts,
  { scope, slot, generations, plan, module, digest, incarnation, skip }: Omit<StartLane, 'lane' | 'lanes' | 'port'>,
  { lane, lanes }: { readonly lane: number; readonly lanes: number },
): LaneOptions {
  const resolve = (reference: string): Promise<unknown> => resolveReference(reference, module, digest)
  const home = { scope, ...(slot !== undefined && { slot }), ...(generations && { generations }) }
  return {
    lane,
    lanes,
    ...home,
    plan,
    module,
    store,
    stateBytes: limits.stateBytes,
    heartbeat,
    incarnation,
    skip,
    resolve,
    monotonic: () => clock.monotonic(),
  }
}
