/** The receiver of the webhooks of kill-topology.yaml, in the judge's process: keeps every delivery, and is at times slow, full or rude. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Delivered {
  readonly deployment: number
  readonly number: number
  readonly path: string
  readonly body: string
}

/** A request is refused for now so many times at most. */
const rudeMost = 2
const keyForm = /^kill#(\d+)\/noticed\/(\d+)$/

export class KillHook {
  readonly #server: Server
  readonly #at: string
  /** Of each key what came first, in that order. */
  readonly delivered = new Map<string, Delivered>()
  readonly #came = new Map<string, number>()
  requests = 0
  /** What no receiver should ever see. */
  readonly wrong: string[] = []

  private constructor(server: Server) {
    this.#server = server
    this.#at = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('request', (request: IncomingMessage, response: ServerResponse) => void this.#take(request, response).catch(() => undefined))
  }

  /** Processes started from now on find it. */
  static async open(): Promise<KillHook> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const hook = new KillHook(server)
    process.env['KILL_HOOK'] = hook.#at
    return hook
  }

  /** Requests on the way are cut. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request)
    const key = String(request.headers['idempotency-key'])
    const [, deployment, number] = keyForm.exec(key) ?? []
    if (deployment === undefined || number === undefined) return void this.wrong.push(`a request came with the key ${key}`)
    this.requests++
    const delivered = { deployment: Number(deployment), number: Number(number), path: request.url ?? '', body }
    const before = this.delivered.get(key)
    if (before === undefined) this.delivered.set(key, delivered)
    else if (before.body !== body || before.path !== delivered.path)
      this.wrong.push(`${key} came with ${before.body}, and then with ${body}`)
    await this.#answer(key, body, response)
  }

  async #answer(key: string, body: string, response: ServerResponse): Promise<void> {
    const came = (this.#came.get(key) ?? 0) + 1
    this.#came.set(key, came)
    const mood = came > rudeMost ? 1 : Math.random()
    if (mood < 0.004) response.destroy()
    else if (mood < 0.008) response.writeHead(500).end('not now')
    else if (mood < 0.012) response.writeHead(429, { 'retry-after': '0' }).end()
    else {
      if (mood < 0.02) await sleep(20)
      response.writeHead((JSON.parse(body) as { cents: number }).cents === 77 ? 410 : 204).end()
    }
  }
}
