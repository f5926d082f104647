/** Questions with a stretch of bytes between threads: the bytes are transferred, the answer is plain data. Epochs and outboxes travel this way. */
import { type MessagePort, receiveMessageOnPort } from 'node:worker_threads'
import { type ErrorCode, type ErrorDetails, EventStoreError, fromPlainError } from '../../event/error.ts'

type PlainError = { code: ErrorCode; message: string; details: ErrorDetails }
interface Question<Head> {
  readonly id: number
  readonly head: Head
  readonly bytes: Uint8Array<ArrayBuffer> | null
}
type Answer = { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: PlainError }

interface Asked {
  resolve(value: unknown): void
  reject(error: EventStoreError): void
}

/** The asking end. */
export class BytesPort<Head> {
  readonly #port: MessagePort
  readonly #asked = new Map<number, Asked>()
  #last = 0

  constructor(port: MessagePort) {
    this.#port = port
    port.on('message', (answer: Answer) => this.#answered(answer))
    port.on('close', () => this.#giveUp())
    // Waiting for an answer is no reason to keep a thread alive; whoever waits knows whether it matters.
    port.unref()
  }

  /** `bytes` are gone after this. Rejects with the other end's EventStoreError, or CLOSED when it has gone away. */
  ask(head: Head, bytes: Uint8Array<ArrayBuffer> | null = null): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = ++this.#last
      this.#asked.set(id, { resolve, reject })
      this.#port.postMessage({ id, head, bytes } satisfies Question<Head>, bytes ? [bytes.buffer] : [])
    })
  }

  close(): void {
    this.#port.close()
  }

  #answered(answer: Answer): void {
    const asked = this.#asked.get(answer.id)
    this.#asked.delete(answer.id)
    if ('error' in answer) asked?.reject(fromPlainError(answer.error))
    else asked?.resolve(answer.value)
  }

  #giveUp(): void {
    const gone = new EventStoreError('CLOSED', 'the thread that was asked has gone away')
    for (const { reject } of this.#asked.values()) reject(gone)
    this.#asked.clear()
  }
}

/** The answering end. Call what it gives before the port is closed: it takes the questions that have come and were not looked at yet. */
export function answerBytes<Head>(port: MessagePort, answer: (head: Head, bytes: Uint8Array<ArrayBuffer> | null) => unknown): () => void {
  const take = ({ id, head, bytes }: Question<Head>): void => {
    void (async (): Promise<void> => {
      try {
        port.postMessage({ id, value: await answer(head, bytes) } satisfies Answer)
      } catch (error) {
        port.postMessage({ id, error: plainOf(error) } satisfies Answer)
      }
    })()
  }
  port.on('message', take)
  return () => {
    for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port)) take(next.message as Question<Head>)
  }
}

function plainOf(error: unknown): PlainError {
  if (error instanceof EventStoreError) return error.toJSON()
  return { code: 'INVALID', message: error instanceof Error ? (error.stack ?? error.message) : String(error), details: {} }
}
