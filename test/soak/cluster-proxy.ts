/** A TCP proxy between a node and a NATS server: slow, or silent in one direction or both, without losing a byte. */
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** As the node sees it: `in` is what NATS sends. */
export type Way = 'in' | 'out'

export class Proxy {
  /** Of what goes either way. */
  delayMs = 0
  /** Ways in which nothing goes on until they are let go again. */
  readonly held = new Set<Way>()
  readonly port: number
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  private constructor(server: Server, to: number) {
    this.#server = server
    this.port = (server.address() as AddressInfo).port
    server.on('connection', socket => this.#join(socket, connect({ host: '127.0.0.1', port: to })))
  }

  /** Listens on any free port of `host`, for a port of loopback. */
  static async open(host: string, to: number): Promise<Proxy> {
    const server = createServer().listen(0, host)
    await once(server, 'listening')
    return new Proxy(server, to)
  }

  #join(near: Socket, far: Socket): void {
    for (const [from, to, way] of [
      [near, far, 'out'],
      [far, near, 'in'],
    ] as const) {
      this.#sockets.add(from)
      from.setNoDelay(true)
      from.on('error', () => undefined)
      from.on('close', () => {
        this.#sockets.delete(from)
        to.destroy()
      })
      void this.#carry(from, to, way).catch(() => undefined)
    }
  }

  /** What comes while nothing goes on stays in the sender's socket, as on a line that is cut. */
  async #carry(from: Socket, to: Socket, way: Way): Promise<void> {
    for await (const bytes of from as AsyncIterable<Buffer>) {
      if (this.delayMs > 0) await sleep(this.delayMs)
      while (this.held.has(way) && !to.destroyed) await sleep(20)
      if (!to.write(bytes)) await Promise.race([once(to, 'drain'), once(to, 'close')])
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise(resolve => this.#server.close(resolve))
  }
}
