/** The ticks of a topology on a node: where they are read, and who writes them. */
import type { Replays } from '../../actors/log-pieces.ts'
import type { LogSource } from '../../actors/log-source.ts'
import { TickingSource } from '../../actors/ticking-source.ts'
import { TICK } from '../../actors/ticks.ts'
import type { Scope } from '../../event/scope.ts'
import type { StreamRows } from '../../store/log/filter.ts'
import type { LogView } from '../../store/log/log-view.ts'
import { tickMsDefault, tickStream, usesClock } from '../../topology/clock.ts'
import type { Plan } from '../../topology/plan.ts'
import type { PipelineHostParts, StartPipeline } from './pipeline-host.ts'

interface TicksRead {
  /** For the reader of the log. */
  readonly also: readonly StreamRows[]
  /** For the source. */
  readonly ticks: Pick<Replays, 'ticks'>
}

/** Nothing for a topology that does not go by the clock. */
export function ticksRead(log: LogView, { scope, plan }: { readonly scope: Scope; readonly plan: Plan }): TicksRead {
  if (!usesClock(plan)) return { also: [], ticks: {} }
  const stream = tickStream(plan.topology)
  const partition = log.partitionOf(scope + stream)
  return { also: [{ stream: scope + stream, types: [TICK] }], ticks: { ticks: { stream, partition } } }
}

/** What ends closes whatever waits, and needs no clock for it; what is held waits for nothing. */
export function ticking(
  { log, clock, appendOutbox: append }: PipelineHostParts,
  { scope, plan, head, holdAt }: StartPipeline,
  source: LogSource,
  tickAt: () => number,
): LogSource | TickingSource {
  const { topology, tickMs = tickMsDefault } = plan
  if (!usesClock(plan) || head !== undefined || holdAt !== undefined) return source
  const partition = log.partitionOf(scope + tickStream(topology))
  return new TickingSource(source, { scope, topology, partition, tickMs, clock, append, tickAt })
}
