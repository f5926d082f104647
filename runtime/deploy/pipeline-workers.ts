/** The threads that pipelines run in: starts them when they are needed, watches their heartbeats, ends those that fell silent. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { controlOf, type Remote } from '../../actors/control.ts'
import { Heartbeat, type NotedCall } from '../../actors/heartbeat.ts'
import type { Clock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import type { Limits } from '../../event/limits.ts'
import { siblingModule } from '../../event/module-url.ts'
import type { LogAccess } from '../log-access.ts'
import type { PipelineWorkerData } from '../pipeline-worker.ts'
import { answerBytes } from './bytes-port.ts'
import type { PortDelivery } from './lane-ports.ts'
import type { ModuleFiles } from './module-graph.ts'
import type { PipelineControl } from './pipeline-host.ts'
import { answerPipeline, type MainSide } from './pipeline-port.ts'

/** Where a topology runs, whichever thread that is. */
export interface PipelineThread {
  readonly control: Remote<PipelineControl>
  /** Topologies that run or are about to run here. */
  readonly topologies: Set<string>
  isGone: boolean
  /** A topology runs here no more. */
  leave(topology: string): void
  /** A port for lanes that run here, under the name by which they ask for it. */
  pass(delivery: PortDelivery): void
}

/** Gives each topology a thread. */
export interface PipelineThreads {
  /**
   * One that holds no other form of these files, which is what modules are made of: what a thread has imported stays as it was. `beside`: another
   * than these, where there can be one.
   */
  take(topology: string, files?: ModuleFiles, beside?: ReadonlySet<PipelineThread>): PipelineThread
  /** Ends all; their pipelines were stopped before. */
  close(): Promise<void>
}

export interface PipelineWorkersOptions {
  readonly workers: number
  readonly log: LogAccess
  readonly state: { readonly handle: bigint; readonly closed: Int32Array }
  readonly limits: Limits
  readonly epochMs: number
  readonly syncsShards: boolean
  readonly clock: Clock
  readonly main: MainSide
  /** A port to the state writer for one more thread. */
  connectState(): MessagePort
  /** A thread has died, or was ended because it was silent; `noted` is what it was calling. */
  died(thread: PipelineThread, cause: string, noted: NotedCall | undefined): void
}

const LOOKS_PER_SILENCE = 5

export class PipelineWorkers implements PipelineThreads {
  readonly #options: PipelineWorkersOptions
  readonly #running = new Set<PipelineWorker>()
  /** On their way out: they hold the databases until they are gone. */
  readonly #ending = new Set<Promise<void>>()

  constructor(options: PipelineWorkersOptions) {
    this.#options = options
  }

  take(topology: string, files: ModuleFiles = new Map(), beside: ReadonlySet<PipelineThread> = new Set()): PipelineThread {
    const fitting = [...this.#running].filter(worker => !beside.has(worker) && worker.fits(files))
    let chosen = fitting.toSorted((a, b) => Number(a.isOutdated) - Number(b.isOutdated) || a.topologies.size - b.topologies.size)[0]
    if (chosen === undefined || (chosen.topologies.size > 0 && this.#running.size < this.#options.workers)) {
      chosen = new PipelineWorker(this.#options, { left: gone => this.#running.delete(gone), ending: end => this.#awaitEnd(end) })
      this.#running.add(chosen)
    }
    chosen.enter(topology, files)
    return chosen
  }

  #awaitEnd(end: Promise<void>): void {
    const settled: Promise<void> = end.finally(() => this.#ending.delete(settled))
    this.#ending.add(settled)
  }

  async close(): Promise<void> {
    await Promise.all([...Array.from(this.#running, worker => worker.close()), ...this.#ending])
  }
}

/** What a worker tells of itself. */
interface WorkerCalls {
  /** It takes nobody any more. */
  left(worker: PipelineWorker): void
  /** It is being ended. */
  ending(end: Promise<void>): void
}

class PipelineWorker implements PipelineThread {
  readonly control: Remote<PipelineControl>
  readonly topologies = new Set<string>()
  isGone = false
  /** It has imported what is another thing now, so it goes when its last topology does. */
  isOutdated = false
  readonly #files = new Map<string, string>()
  readonly #options: PipelineWorkersOptions
  readonly #worker: Worker
  readonly #heartbeat = new Heartbeat()
  readonly #watch: ReturnType<typeof setInterval>
  readonly #calls: WorkerCalls
  #beats = 0
  #beatAt = 0
  #cause = ''

  constructor(options: PipelineWorkersOptions, calls: WorkerCalls) {
    this.#options = options
    this.#calls = calls
    const control = new MessageChannel()
    const outbox = new MessageChannel()
    const epochs = options.connectState()
    const { log, state, limits, epochMs, syncsShards } = options
    const data: PipelineWorkerData = {
      log,
      state,
      limits,
      epochMs,
      syncsShards,
      heartbeat: this.#heartbeat.buffer,
      control: control.port2,
      outbox: outbox.port2,
      epochs,
    }
    this.#worker = new Worker(siblingModule(import.meta.url, '../pipeline-worker'), {
      workerData: data,
      transferList: [control.port2, outbox.port2, epochs],
      name: 'pipeline',
    })
    this.control = orGone(
      controlOf<PipelineControl>(control.port1),
      new Promise(resolve => this.#worker.once('exit', resolve)),
      () => this.#cause,
    )
    const takeRest = answerBytes(outbox.port1, answerPipeline(options.main))
    control.port1.unref()
    outbox.port1.unref()
    this.#worker.on('error', error => (this.#cause ||= error instanceof Error ? error.message : String(error)))
    this.#worker.once('exit', code => {
      takeRest()
      control.port1.close()
      outbox.port1.close()
      this.#exited(code)
    })
    this.#watch = setInterval(() => this.#look(), limits.silentWorkerMs / LOOKS_PER_SILENCE)
    this.#watch.unref()
  }

  fits(files: ModuleFiles): boolean {
    for (const [path, hash] of files) {
      const known = this.#files.get(path)
      if (known === undefined || known === hash) continue
      this.isOutdated = true
      return false
    }
    return true
  }

  enter(topology: string, files: ModuleFiles): void {
    this.topologies.add(topology)
    for (const [path, hash] of files) this.#files.set(path, hash)
  }

  pass(delivery: PortDelivery): void {
    this.#worker.postMessage(delivery, [delivery.port])
  }

  leave(topology: string): void {
    this.topologies.delete(topology)
    if (!this.isOutdated || this.topologies.size > 0) return
    this.#calls.left(this)
    this.#calls.ending(this.close())
  }

  /** Nothing is expected before the first beat: loading the code may take a while on a busy machine. */
  #look(): void {
    const { beats } = this.#heartbeat
    const now = this.#options.clock.monotonic()
    if (beats !== this.#beats) {
      this.#beats = beats
      this.#beatAt = now
    } else if (beats !== 0 && now - this.#beatAt >= this.#options.limits.silentWorkerMs) {
      this.#cause = `user code did not return for ${this.#options.limits.silentWorkerMs} ms`
      void this.#worker.terminate()
    }
  }

  #exited(code: number): void {
    clearInterval(this.#watch)
    this.#calls.left(this)
    if (this.isGone) return
    this.isGone = true
    this.#options.died(this, this.#cause || `the thread exited with ${code}`, this.#heartbeat.noted)
  }

  async close(): Promise<void> {
    this.isGone = true
    await this.#worker.terminate()
  }
}

/** Comlink never answers for a thread that is gone; this does. */
function orGone(control: Remote<PipelineControl>, exited: Promise<unknown>, cause: () => string): Remote<PipelineControl> {
  const waiting = new Set<(error: EventStoreError) => void>()
  let gone: EventStoreError | undefined
  void exited.then(() => {
    gone = new EventStoreError('CLOSED', `the thread of the pipeline is gone${cause() && `: ${cause()}`}`)
    for (const reject of waiting) reject(gone)
  })
  return new Proxy(control, {
    get: (target, name) => {
      if (name === 'then') return undefined
      const method = target[name as keyof PipelineControl] as (...args: unknown[]) => Promise<unknown>
      return (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          if (gone) return reject(gone)
          waiting.add(reject)
          method(...args)
            .finally(() => waiting.delete(reject))
            .then(resolve, reject)
        })
    },
  })
}
