/** The state writer's thread, as main starts and ends it. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { StateOwner } from '../../actors/state-writer.ts'
import { siblingModule } from '../../event/module-url.ts'
import type { StateWorkerData, StateWorkerMessage } from '../state-worker.ts'
import { BytesPort } from './bytes-port.ts'
import { RemoteStateWriter, type StateQuestion } from './state-port.ts'

export class StateThread {
  /** Main's own way to it. */
  readonly writer: StateOwner
  readonly #worker: Worker
  readonly #port: BytesPort<StateQuestion>
  readonly #exited: Promise<unknown>

  constructor(state: StateWorkerData) {
    const { handle, closed } = state
    this.#worker = new Worker(siblingModule(import.meta.url, '../state-worker'), {
      workerData: { handle, closed } satisfies StateWorkerData,
      name: 'state',
    })
    this.#exited = new Promise(resolve => this.#worker.once('exit', resolve))
    // A thread that can not even start leaves its ports: whoever waits there is told.
    this.#worker.on('error', () => undefined)
    this.#port = new BytesPort<StateQuestion>(this.connect())
    this.writer = new RemoteStateWriter(this.#port)
    this.#worker.unref()
  }

  /** The other end of a new port to the writer. */
  connect(): MessagePort {
    const { port1, port2 } = new MessageChannel()
    this.#worker.postMessage({ port: port2 } satisfies StateWorkerMessage, [port2])
    return port1
  }

  /** All pipelines were stopped before. */
  async close(): Promise<void> {
    // First, or a process in which nothing else is left ends before the answer comes.
    this.#worker.ref()
    await this.#port.ask({ kind: 'stop' }).catch(() => undefined)
    await this.#exited
  }
}
