/** Main's end of the thread that decides who leads. */
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import { controlOf, type Remote } from '../../actors/control.ts'
import { EventStoreError, fromPlainError } from '../../event/error.ts'
import { siblingModule } from '../../event/module-url.ts'
import type { FromMember, MemberWorkerData, ToMember } from './member-messages.ts'
import type { MemberControl } from './member-worker.ts'

export class MemberThread {
  readonly control: Remote<MemberControl>
  readonly #worker: Worker
  readonly #exited: Promise<void>

  private constructor(worker: Worker, port: MessagePort) {
    this.#worker = worker
    this.control = controlOf<MemberControl>(port)
    this.#exited = new Promise(resolve =>
      worker.once('exit', () => {
        port.close()
        resolve()
      }),
    )
  }

  /** Resolves when the node is registered. Errors: INCOMPATIBLE (its id is taken), UNREACHABLE. */
  static async start(data: Omit<MemberWorkerData, 'control'>, told: (message: FromMember) => void): Promise<MemberThread> {
    const { port1, port2 } = new MessageChannel()
    const workerData: MemberWorkerData = { ...data, control: port2 }
    const worker = new Worker(siblingModule(import.meta.url, './member-worker'), { workerData, transferList: [port2], name: 'member' })
    port1.unref()
    const thread = new MemberThread(worker, port1)
    const ready = new Promise<void>((resolve, reject) => {
      worker.on('message', (message: FromMember) => {
        if (message.kind === 'ready') resolve()
        else if (message.kind === 'failed') reject(fromPlainError(message as Parameters<typeof fromPlainError>[0]))
        else told(message)
      })
      worker.on('error', reject)
      worker.once('exit', code => {
        const ended = new EventStoreError('CLOSED', `the thread of the cluster ended with ${code}`)
        reject(ended)
        if (isReady) told({ kind: 'ousted', message: ended.message })
      })
    })
    let isReady = false
    try {
      await ready
    } catch (error) {
      await worker.terminate()
      throw error
    }
    isReady = true
    return thread
  }

  tell(message: ToMember): void {
    this.#worker.postMessage(message, message.kind === 'shard' ? [message.port] : [])
  }

  /** Hands over what the node leads, if others can take it soon, and ends. */
  async close(): Promise<void> {
    await this.control.close().catch(() => undefined)
    await this.#exited
  }
}
