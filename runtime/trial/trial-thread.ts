/** A thread for the code of users that a command runs: it is ended when that code never returns, exits, or is not wanted any more. */
import { MessageChannel, Worker } from 'node:worker_threads'
import { controlOf, type Remote } from '../../actors/control.ts'
import { Heartbeat } from '../../actors/heartbeat.ts'
import { systemClock } from '../../event/clock.ts'
import { EventStoreError } from '../../event/error.ts'
import { defaultLimits } from '../../event/limits.ts'
import { siblingModule } from '../../event/module-url.ts'
import type { TrialControl } from './trial-host.ts'
import type { TrialWorkerData } from './trial-worker.ts'

export interface TrialThreadOptions {
  /** Ends the thread. */
  readonly signal?: AbortSignal
  /** A thread without a sign of life for this long is ended; the limit of pipelines when left out. */
  readonly silentMs?: number
  /** What user code prints. */
  printed?(text: string): void
}

const looksPerSilence = 5

export class TrialThread {
  readonly control: Remote<TrialControl>
  readonly #worker: Worker
  readonly #heartbeat = new Heartbeat()
  readonly #silentMs: number
  readonly #gone: Promise<EventStoreError>
  #cause = ''

  constructor({ signal, silentMs = defaultLimits.silentWorkerMs, printed }: TrialThreadOptions) {
    this.#silentMs = silentMs
    const { port1, port2 } = new MessageChannel()
    const workerData: TrialWorkerData = { heartbeat: this.#heartbeat.buffer, control: port2, beatMs: silentMs / (2 * looksPerSilence) }
    const worker = new Worker(siblingModule(import.meta.url, './trial-worker'), {
      workerData,
      transferList: [port2],
      name: 'trial',
      stdout: true,
      stderr: true,
    })
    this.#worker = worker
    for (const stream of [worker.stdout, worker.stderr]) stream.on('data', (chunk: Buffer) => printed?.(chunk.toString()))
    worker.on('error', error => (this.#cause ||= `it failed: ${error instanceof Error ? error.message : String(error)}`))
    const stop = (): void => {
      this.#cause ||= 'it was interrupted'
      void worker.terminate()
    }
    signal?.addEventListener('abort', stop, { once: true })
    if (signal?.aborted) stop()
    const watch = this.#watch()
    this.#gone = new Promise(resolve => {
      worker.once('exit', code => {
        clearInterval(watch)
        signal?.removeEventListener('abort', stop)
        port1.close()
        resolve(this.#deathOf(code))
      })
    })
    this.control = this.#answering(controlOf<TrialControl>(port1))
  }

  /** Number of the step whose function was called last: 0 is the source, n the n-th; undefined when none was. */
  get lastStep(): number | undefined {
    return this.#heartbeat.noted?.step
  }

  #watch(): NodeJS.Timeout {
    let beats = 0
    let beatAt = systemClock.monotonic()
    return setInterval(() => {
      const now = systemClock.monotonic()
      if (this.#heartbeat.beats !== beats) {
        beats = this.#heartbeat.beats
        beatAt = now
      } else if (beats !== 0 && now - beatAt >= this.#silentMs) {
        this.#cause ||= `it did not return for ${this.#silentMs} ms`
        void this.#worker.terminate()
      }
    }, this.#silentMs / looksPerSilence)
  }

  #deathOf(code: number): EventStoreError {
    const step = this.lastStep
    const where = step === undefined ? 'code of the topology' : step === 0 ? 'the code of the source' : `code of step number ${step}`
    const why = this.#cause || `it ended the thread with ${code}`
    return new EventStoreError('INVALID', `${where}: ${why}`, { ...(step !== undefined && { step }), cause: why })
  }

  /** Calls that are answered, if by nobody else, then by the death of the thread. */
  #answering(control: Remote<TrialControl>): Remote<TrialControl> {
    return new Proxy(control, {
      get: (target, name) => {
        if (name === 'then') return undefined
        const method = target[name as keyof TrialControl] as (...args: unknown[]) => Promise<unknown>
        return (...args: unknown[]) =>
          Promise.race([
            method(...args),
            this.#gone.then(error => {
              throw error
            }),
          ])
      },
    })
  }

  async close(): Promise<void> {
    await this.#worker.terminate()
    await this.#gone
  }
}

/** Runs something in a thread of its own. */
export async function inTrialThread<Answer>(options: TrialThreadOptions, work: (thread: TrialThread) => Promise<Answer>): Promise<Answer> {
  const thread = new TrialThread(options)
  try {
    return await work(thread)
  } finally {
    await thread.close()
  }
}
