/** The HTTP front end: `serve(options, gate)` opens its sockets, and closes them when what is under way has ended. */
import type { Server } from 'node:http'
import type { Gate } from '../session.ts'
import { Door } from './door.ts'
import { httpLimits, type HttpLimits } from './limits.ts'
import { type Listening, listenOnAddress, listenOnSocket } from './listen.ts'
import type { Signs } from './signs.ts'

export interface HttpOptions {
  /** Where to listen; null for no TCP at all. */
  readonly address: { readonly host: string; readonly port: number } | null
  /** Directory of the store, for its unix socket; null for none. */
  readonly directory: string | null
  /** Names this door is known by beside those of its own machine, as behind a proxy. */
  readonly allowedHosts?: readonly string[]
  readonly limits?: Partial<HttpLimits>
  readonly signs: Signs
  readonly version: string
  /** Told of failures that are ours, not the caller's. */
  readonly failed?: (error: unknown) => void
}

export interface HttpServer {
  /** By protocol: `http` a URL, `socket` a path. */
  readonly addresses: Readonly<Record<string, string>>
  /** Takes no more requests, lets those under way end, ends what streams; after `drainMs` it cuts off what is left. */
  close(): Promise<void>
}

/** Errors: INVALID for an address that can not be had. */
export async function serve(options: HttpOptions, gate: Gate): Promise<HttpServer> {
  const limits = { ...httpLimits, ...options.limits }
  const { signs, version, failed = () => undefined } = options
  const allowedHosts = new Set((options.allowedHosts ?? []).map(name => name.toLowerCase()))
  const door = new Door({ gate, signs, limits, allowedHosts, version, failed })
  await door.open()
  const opened: Listening[] = []
  const addresses: Record<string, string> = {}
  const handle: Parameters<typeof listenOnSocket>[1] = (request, response, asks) => door.handle(request, response, asks)
  try {
    if (options.address) opened.push(await listenOnAddress(options.address, handle, limits))
    if (opened[0]) addresses['http'] = opened[0].address
    if (options.directory !== null) {
      const socket = await listenOnSocket(options.directory, handle, limits)
      opened.push(socket)
      addresses['socket'] = socket.address
    }
  } catch (error) {
    await Promise.all(opened.map(one => closed(one, 0)))
    throw error
  }
  let closing: Promise<void> | null = null
  const close = async (): Promise<void> => {
    door.close()
    await Promise.all(opened.map(one => closed(one, limits.drainMs)))
  }
  return { addresses, close: () => (closing ??= close()) }
}

/** Connections without a request go at once, the others when they are answered, or when the time is over. */
async function closed({ server, endSilent, tidy }: Listening, drainMs: number): Promise<void> {
  const ended = new Promise<void>(resolve => server.close(() => resolve()))
  // A connection may become idle only after its answer, and then waits for the next request.
  const sweep = setInterval(() => {
    server.closeIdleConnections()
    endSilent()
  }, 50)
  const cut = setTimeout(() => cutOff(server), drainMs)
  server.closeIdleConnections()
  await ended
  clearInterval(sweep)
  clearTimeout(cut)
  tidy()
}

function cutOff(server: Server): void {
  server.closeAllConnections()
}
