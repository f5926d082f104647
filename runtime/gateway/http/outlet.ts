/** Writes an answer piece by piece, no faster than it is read: what waits in memory is a chunk and what the socket holds. */
import type { ServerResponse } from 'node:http'

export class Outlet {
  readonly #response: ServerResponse
  readonly #unreadMs: number
  #room: { readonly promise: Promise<void>; readonly make: () => void } | null = null

  constructor(response: ServerResponse, unreadMs: number) {
    this.#response = response
    this.#unreadMs = unreadMs
    const wake = (): void => this.#room?.make()
    response.on('drain', wake)
    response.on('close', wake)
  }

  /** The reader has gone; what is written goes nowhere. */
  get isClosed(): boolean {
    return this.#response.destroyed || this.#response.writableEnded
  }

  /** True while what was written waits to be read. */
  get isBlocked(): boolean {
    return this.#room !== null
  }

  /** Resolves when there is room for more, or the reader has gone. One who takes nothing for too long is let go. */
  async write(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0 || this.isClosed || this.#response.write(bytes)) return
    await (this.#room ??= this.#waitForRoom()).promise
  }

  #waitForRoom(): { promise: Promise<void>; make: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>()
    const unread = setTimeout(() => this.#response.destroy(), this.#unreadMs)
    const make = (): void => {
      clearTimeout(unread)
      this.#room = null
      resolve()
    }
    return { promise, make }
  }
}
