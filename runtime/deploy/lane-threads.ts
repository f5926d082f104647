/** The threads over which the lanes of one run of a topology are spread, the first of them in the thread of the pipeline itself. */
import { MessageChannel } from 'node:worker_threads'
import { failPoint } from '../../event/fail-points.ts'
import type { LanesOfStart, StartLane } from './lane-host.ts'
import type { PipelineThread } from './pipeline-workers.ts'

export class LaneThreads {
  /** Beside that of the pipeline. */
  readonly threads: ReadonlySet<PipelineThread>
  readonly #lead: PipelineThread
  /** Of each lane. */
  readonly #ofLane: readonly PipelineThread[]
  readonly #ports: string[] = []

  /** `take` gives a thread that is none of those it is given, where there can be one. */
  static of(lead: PipelineThread, lanes: number, take: (beside: ReadonlySet<PipelineThread>) => PipelineThread): LaneThreads {
    const threads = [lead]
    while (threads.length < lanes) threads.push(take(new Set(threads)))
    return new LaneThreads(lead, threads)
  }

  private constructor(lead: PipelineThread, ofLane: readonly PipelineThread[]) {
    this.#lead = lead
    this.#ofLane = ofLane
    this.threads = new Set(ofLane.filter(thread => thread !== lead))
  }

  /** Starts the lanes of other threads; answers what the pipeline needs to know of them. */
  async start(request: Omit<StartLane, 'lane' | 'lanes' | 'port'>): Promise<{ readonly lanes: LanesOfStart }> {
    const lanes = this.#ofLane.length
    const elsewhere: Record<number, string> = {}
    failPoint('lanes.starting')
    const starting = this.#ofLane.map(async (thread, lane) => {
      if (thread === this.#lead) return
      const port = `${request.incarnation}/${lane}`
      const { port1, port2 } = new MessageChannel()
      elsewhere[lane] = port
      this.#ports.push(port)
      this.#lead.pass({ name: port, port: port1 })
      thread.pass({ name: port, port: port2 })
      await thread.control.startLane({ ...request, lane, lanes, port })
    })
    await Promise.all(starting)
    failPoint('lanes.started')
    return { lanes: { lanes, elsewhere } }
  }

  /** A thread of a lane is gone. */
  get isBroken(): boolean {
    return [...this.threads].some(({ isGone }) => isGone)
  }

  /** The pipeline will not start: the lanes that have started end with their ports. */
  async abandon(): Promise<void> {
    const threads = [this.#lead, ...this.threads].filter(({ isGone }) => !isGone)
    await Promise.all(threads.map(thread => thread.control.dropPorts(this.#ports).catch(() => undefined)))
  }
}
