/** `allsource/client/socket`: a node on this machine, over its unix socket. For Node; browsers have no such sockets. */
import { Agent, type IncomingMessage, request } from 'node:http'
import { connect, type ConnectOptions, type RemoteTenant } from './connect.ts'
import type { Fetch, FetchAnswer, FetchRequest } from './fetch.ts'

export interface SocketOptions extends Omit<ConnectOptions, 'url' | 'fetch' | 'sharesFiles'> {
  /** Of the socket, as `node.json` in the directory of a store names it. */
  readonly socket: string
}

/** A tenant of the node that listens there; it sees the files of this machine. */
export function connectSocket({ socket, ...options }: SocketOptions): RemoteTenant {
  return connect({ ...options, url: 'http://localhost', fetch: socketFetch(socket), sharesFiles: true })
}

/** A `fetch` whose requests all go to one unix socket, whatever their host. */
export function socketFetch(socketPath: string): Fetch {
  const agent = new Agent({ keepAlive: true })
  return (url, { method, headers, body, signal }) => {
    const { pathname, search } = new URL(url)
    return asked({ agent, socketPath, method, path: pathname + search, headers, signal }, body)
  }
}

interface Asked extends Omit<FetchRequest, 'body'> {
  readonly agent: Agent
  readonly socketPath: string
  readonly path: string
}

function asked(options: Asked, body: string | undefined): Promise<FetchAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(options, message => resolve(answerOf(message)))
    sent.on('error', reject)
    sent.end(body)
  })
}

function answerOf(message: IncomingMessage): FetchAnswer {
  return {
    status: message.statusCode ?? 0,
    headers: { get: name => headerOf(message, name) },
    body: message as AsyncIterable<Uint8Array>,
    async arrayBuffer() {
      const chunks: Uint8Array[] = []
      for await (const chunk of message as AsyncIterable<Uint8Array>) chunks.push(chunk)
      return new Uint8Array(Buffer.concat(chunks)).buffer
    },
  }
}

function headerOf({ headers }: IncomingMessage, name: string): string | null {
  const value = headers[name.toLowerCase()]
  return value === undefined ? null : String(value)
}
