/** All pipelines in the calling thread, behind the same calls as those in workers. */
import type { Remote } from '../../actors/control.ts'
import { type PipelineControl, pipelineHost, type PipelineHostParts } from './pipeline-host.ts'
import type { PipelineThread, PipelineThreads } from './pipeline-workers.ts'

export function localThreads(parts: PipelineHostParts): PipelineThreads {
  const host = pipelineHost(parts)
  const control = Object.fromEntries(
    Object.entries(host).map(([name, method]) => [name, async (...args: never[]): Promise<unknown> => method(...args)]),
  ) as unknown as Remote<PipelineControl>
  const topologies = new Set<string>()
  const thread: PipelineThread = {
    control,
    topologies,
    isGone: false,
    leave: topology => void topologies.delete(topology),
    pass: delivery => parts.ports.put(delivery),
  }
  return {
    take(topology) {
      thread.topologies.add(topology)
      return thread
    },
    close: () => Promise.resolve(),
  }
}
