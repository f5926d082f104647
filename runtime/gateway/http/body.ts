/** Receives a request's body, within a limit a request and one for all that come in at the same time. */
import type { IncomingMessage } from 'node:http'
import { EventStoreError } from '../../../event/error.ts'
import { HttpRefusal } from './problem.ts'

export interface BodyLimits {
  readonly bodyBytes: number
  readonly bodiesBytes: number
}

/** Counts the bytes of bodies that are in memory. */
export class Bodies {
  #bytes = 0
  readonly #limits: BodyLimits

  constructor(limits: BodyLimits) {
    this.#limits = limits
  }

  /** Runs `work` on the whole body. `proceed` tells a client that asked first to send it. Errors: TOO_LARGE, BUSY. */
  async with<T>(request: IncomingMessage, proceed: () => void, work: (body: Buffer) => Promise<T>): Promise<T> {
    const declared = Number(request.headers['content-length'] ?? 0)
    const { bodyBytes } = this.#limits
    if (declared > bodyBytes) throw tooLarge(bodyBytes, declared)
    let held = 0
    const hold = (bytes: number): void => {
      if (bytes <= held) return
      if (this.#bytes + bytes - held > this.#limits.bodiesBytes)
        throw new EventStoreError('BUSY', 'too many bodies are being received; try again shortly')
      this.#bytes += bytes - held
      held = bytes
    }
    try {
      hold(declared)
      proceed()
      return await work(await received(request, { bodyBytes, hold }))
    } finally {
      this.#bytes -= held
    }
  }
}

function received(request: IncomingMessage, { bodyBytes, hold }: { bodyBytes: number; hold: (bytes: number) => void }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const stop = (error: Error): void => {
      request.off('data', take)
      chunks.length = 0
      // What is still to come is read and thrown away, so that the client hears the answer.
      request.resume()
      reject(error)
    }
    const take = (chunk: Buffer): void => {
      bytes += chunk.length
      try {
        if (bytes > bodyBytes) throw tooLarge(bodyBytes, bytes)
        hold(bytes)
        chunks.push(chunk)
      } catch (error) {
        stop(error as Error)
      }
    }
    request.on('data', take)
    request.once('end', () => resolve(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    const gone = (): void => stop(new HttpRefusal(400, 'INVALID', 'the body ended before it was whole', { details: { field: 'body' } }))
    request.once('error', gone)
    request.once('close', gone)
  })
}

function tooLarge(limit: number, actual: number): EventStoreError {
  return new EventStoreError('TOO_LARGE', `the body has ${actual} bytes, more than the limit of ${limit}`, { field: 'body', limit, actual })
}
