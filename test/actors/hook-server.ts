/** A receiver of webhooks on the loopback, which answers as a test wants and remembers what it was sent. */
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Hook {
  readonly key: string
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly text: string
  readonly body: unknown
}

/** `drop` ends the connection without an answer, `hang` never answers. */
export type HookAnswer = { readonly status: number; readonly headers?: Record<string, string>; readonly text?: string } | 'drop' | 'hang'

export class HookServer {
  /** Every request, as it came. */
  readonly received: Hook[] = []
  /** Requests at the same time, at most. */
  mostAtOnce = 0
  /** `nth` counts the requests of this key, from 1. */
  answer: (hook: Hook, nth: number) => HookAnswer | Promise<HookAnswer> = () => ({ status: 204 })
  #server: Server | undefined
  #port = 0
  #atOnce = 0
  readonly #seen = new Map<string, number>()

  static async open(): Promise<HookServer> {
    const hooks = new HookServer()
    await hooks.up()
    return hooks
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`
  }

  /** Listens, again at the port it had. */
  async up(): Promise<void> {
    const server = createServer((request, response) => {
      void (async (): Promise<void> => {
        this.mostAtOnce = Math.max(this.mostAtOnce, ++this.#atOnce)
        const hook = await hookOf(request)
        this.received.push(hook)
        const nth = (this.#seen.get(hook.key) ?? 0) + 1
        this.#seen.set(hook.key, nth)
        const answer = await this.answer(hook, nth)
        this.#atOnce--
        if (answer === 'drop') request.socket.destroy()
        else if (answer !== 'hang') response.writeHead(answer.status, answer.headers).end(answer.text)
      })()
    })
    this.#server = server
    await new Promise<void>(resolve => server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (server.address() as AddressInfo).port
  }

  /** Refuses connections from now on, and cuts those there are. */
  async down(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    server?.closeAllConnections()
    await new Promise<unknown>(resolve => (server ? server.close(resolve) : resolve(undefined)))
  }

  /** Keys in the order of their first request. */
  get keys(): string[] {
    return [...new Set(this.received.map(({ key }) => key))]
  }

  /** The body of each key, in the order of the first requests. */
  get bodies(): unknown[] {
    const first = new Map<string, unknown>()
    for (const { key, body } of this.received) if (!first.has(key)) first.set(key, body)
    return [...first.values()]
  }
}

async function hookOf(request: IncomingMessage): Promise<Hook> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  const text = Buffer.concat(parts).toString()
  const { headers, method = '', url: path = '' } = request
  return { key: String(headers['idempotency-key']), method, path, headers, text, body: JSON.parse(text) }
}
