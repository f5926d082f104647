/** Ports between the threads of one topology's lanes: they come from main by name, and whoever needs one waits for it. */
import type { MessagePort } from 'node:worker_threads'

/** What main posts to a thread of pipelines. */
export interface PortDelivery {
  readonly name: string
  readonly port: MessagePort
}

export class LanePorts {
  readonly #arrived = new Map<string, MessagePort>()
  readonly #waiting = new Map<string, (port: MessagePort) => void>()

  put({ name, port }: PortDelivery): void {
    const waiting = this.#waiting.get(name)
    this.#waiting.delete(name)
    if (waiting) waiting(port)
    else this.#arrived.set(name, port)
  }

  take(name: string): Promise<MessagePort> {
    const port = this.#arrived.get(name)
    this.#arrived.delete(name)
    if (port) return Promise.resolve(port)
    return new Promise(resolve => void this.#waiting.set(name, resolve))
  }

  /** Nobody will ask for them any more; whoever has the other end is told by its end. */
  drop(names: readonly string[]): void {
    for (const name of names) {
      this.#arrived.get(name)?.close()
      this.#arrived.delete(name)
      this.#waiting.delete(name)
    }
  }
}
