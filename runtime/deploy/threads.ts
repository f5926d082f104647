/** Where a deployer's work is done: in workers with a thread that writes their state, or all in the calling thread. */
import type { NotedCall } from '../../actors/heartbeat.ts'
import { Heartbeat } from '../../actors/heartbeat.ts'
import { type StateOwner, StateWriter } from '../../actors/state-writer.ts'
import { systemClock } from '../../event/clock.ts'
import type { DeployerThreads, DeployingOptions } from './deployer-options.ts'
import { LanePorts } from './lane-ports.ts'
import { localThreads } from './local-threads.ts'
import type { ModuleFiles } from './module-graph.ts'
import type { MainSide } from './pipeline-port.ts'
import { type PipelineThread, PipelineWorkers } from './pipeline-workers.ts'
import { StateThread } from './state-thread.ts'

export interface Threads {
  readonly writer: StateOwner
  /** A thread for one more topology. */
  take(topology: string, files?: ModuleFiles, beside?: ReadonlySet<PipelineThread>): PipelineThread
  /** The pipelines were stopped before. */
  close(): Promise<void>
}

export interface ThreadCalls {
  readonly main: MainSide
  /** A thread of pipelines is gone. */
  died(thread: PipelineThread, cause: string, noted: NotedCall | undefined): void
}

export function openThreads(
  options: DeployingOptions & { readonly threads: DeployerThreads | null },
  { main, died }: ThreadCalls,
): Threads {
  const { log, state, threads, limits, epochMs, clock = systemClock, syncShards } = options
  if (threads === null) {
    const writer = new StateWriter(state)
    const { appendOutbox, rested, changed, lookedUp } = main
    const parts = {
      log,
      store: state,
      writer,
      appendOutbox,
      rested,
      changed,
      lookedUp: async (projection: string) => lookedUp(projection),
      heartbeat: new Heartbeat(),
      limits,
      epochMs,
      clock,
      ports: new LanePorts(),
      ...(syncShards && { syncShards }),
    }
    return { ...localThreads(parts), writer }
  }
  const stateThread = new StateThread(threads.state)
  const connectState = () => stateThread.connect()
  const workers = new PipelineWorkers({
    ...threads,
    limits,
    epochMs,
    clock,
    main,
    syncsShards: syncShards !== undefined,
    connectState,
    died,
  })
  return {
    writer: stateThread.writer,
    take: (topology, files, beside) => workers.take(topology, files, beside),
    async close() {
      await workers.close()
      await stateThread.close()
    },
  }
}
