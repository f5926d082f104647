/** The sources of pipelines in a thread: the log, read for one topology, or a generator of a user's module. */
import { deadLetterStream, DISCARDED, REPLAYED } from '../../actors/dead-letter.ts'
import { GeneratorSource } from '../../actors/generator-source.ts'
import { LogSource } from '../../actors/log-source.ts'
import type { SourcePosition } from '../../actors/source.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Stamp } from '../../event/event.ts'
import type { Place } from '../../event/position.ts'
import { LogReader } from '../../store/log/log-reader.ts'
import type { GenerateSource, LogSource as LogSourcePlan } from '../../topology/plan.ts'
import type { PipelineHostParts, StartPipeline } from './pipeline-host.ts'
import { stoppingReader } from './stopping-reader.ts'
import { ticksRead } from './ticking.ts'

export function openLog(
  { log, limits }: PipelineHostParts,
  request: Pick<StartPipeline, 'scope' | 'head' | 'deployment' | 'plan' | 'mutedTo' | 'holdAt'> & { readonly past?: Place | 'all' },
  plan: LogSourcePlan,
  from: SourcePosition | undefined,
): LogSource {
  const { scope, head, deployment, past, mutedTo, holdAt } = request
  const { topology, steps } = request.plan
  const { types, categories } = plan
  const stream = deadLetterStream(topology)
  const discards = steps.some(({ inOrder }) => inOrder !== undefined)
  const { also, ticks } = ticksRead(log, request)
  const open = ({ after = from?.place ?? undefined, upTo = head }: { readonly after?: Place; readonly upTo?: Stamp } = {}): LogReader =>
    new LogReader(log, {
      scope,
      types,
      categories,
      also: [{ stream: scope + stream, types: discards ? [REPLAYED, DISCARDED] : [REPLAYED] }, ...also],
      pageRows: limits.pageRows,
      ...(after && { after }),
      ...(upTo !== undefined && { upTo: upTo + 1 }),
      ...(past !== undefined && past !== 'all' && { last: past }),
    })
  const stop = { stamp: holdAt ?? mutedTo, goesOn: holdAt === undefined, from: from?.place?.stamp ?? 0, head }
  const reader = stoppingReader(open, stop)
  let seenEpoch = log.horizon.epoch
  return new LogSource({
    plan,
    storeId: log.storeId,
    replays: { stream, partition: log.partitionOf(scope + stream), deployment, discards, ...ticks },
    reader: {
      // What is committed after this is read is announced by a later epoch than the one waited for.
      next() {
        seenEpoch = log.horizon.epoch
        const page = reader.next()
        // Who asks for the past does not wait.
        if (past !== undefined && reader.held) throw new EventStoreError('BUSY', 'a shard is being opened again; try again shortly')
        return page
      },
      get head() {
        return reader.head
      },
    },
    ...(from && { from }),
    ...(head !== undefined && { upTo: head }),
    changed: () => log.horizon.changed(seenEpoch),
  })
}

export function openGenerator(
  { limits }: PipelineHostParts,
  { id, reference, options, fields }: GenerateSource,
  rest: { make: unknown; from?: SourcePosition; now?: () => number; beforeCall(row: number): void },
): GeneratorSource {
  return new GeneratorSource({ id, reference, options, fields, pageRows: limits.pageRows, ...rest })
}
