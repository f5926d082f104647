/** Opens the sockets of a door: an address of TCP, and a unix socket that only the owner of the files can open. */
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { isIPv6, type AddressInfo, type ListenOptions, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { EventStoreError } from '../../../event/error.ts'
import type { HttpLimits } from './limits.ts'
import { HttpRefusal, rawProblem } from './problem.ts'

/** The room for a path in `sockaddr_un`, on the systems where it is smallest. */
const socketPathBytesMax = 103

export type Handle = (request: IncomingMessage, response: ServerResponse, asks?: boolean) => void

export interface Listening {
  readonly server: Server
  /** Ends connections over which nothing was ever asked: clients open some ahead, and Node takes them for busy ones. */
  readonly endSilent: () => void
  /** As node.json has it: a URL, or a path. */
  readonly address: string
  /** Takes away what the listener left in the file system. */
  readonly tidy: () => void
}

/** Errors: INVALID for an address that is taken or not this machine's. */
export async function listenOnAddress(
  { host, port }: { host: string; port: number },
  handle: Handle,
  limits: HttpLimits,
): Promise<Listening> {
  const { server, endSilent } = serverOf(handle, limits)
  await listening(server, { host, port }, `${host}:${port}`, 'httpPort')
  const { address, port: bound } = server.address() as AddressInfo
  // A name in the address is for people, and for `Host`.
  const shown = host === 'localhost' ? host : isIPv6(address) ? `[${address}]` : address
  return { server, endSilent, address: `http://${shown}:${bound}`, tidy: () => undefined }
}

/** The caller holds the store, so a socket that lies there was left by a node that died. */
export async function listenOnSocket(directory: string, handle: Handle, limits: HttpLimits): Promise<Listening> {
  const path = socketPath(directory)
  const { server, endSilent } = serverOf(handle, limits)
  const tidy = (): void => rmSync(path, { force: true })
  tidy()
  // Bound, and then given to its owner alone, before this thread accepts anybody.
  await listening(server, { path }, path, 'data', () => chmodSync(path, 0o600))
  return { server, endSilent, address: path, tidy }
}

/** In the directory of the store; where that is too long for a socket, in a folder of the owner's among the temporary files. */
function socketPath(directory: string): string {
  const inside = join(directory, 'node.sock')
  if (Buffer.byteLength(inside) <= socketPathBytesMax) return inside
  const folder = join(tmpdir(), `allsource-${process.getuid?.() ?? 0}-${createHash('sha256').update(directory).digest('hex').slice(0, 16)}`)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const { uid, mode } = statSync(folder)
  if (process.getuid && (uid !== process.getuid() || (mode & 0o077) !== 0))
    throw new EventStoreError('INVALID', `${dirname(folder)} holds a folder ${folder} that is not this user’s alone; remove it`, {
      field: 'data',
    })
  return join(folder, 'node.sock')
}

function serverOf(handle: Handle, limits: HttpLimits): Pick<Listening, 'server' | 'endSilent'> {
  const server = createServer({
    maxHeaderSize: limits.headerBytes,
    requestTimeout: limits.requestMs,
    headersTimeout: limits.headersMs,
    keepAliveTimeout: limits.idleConnectionMs,
    connectionsCheckingInterval: Math.min(5_000, limits.headersMs),
    requireHostHeader: true,
  })
  server.maxConnections = limits.connections
  server.on('request', (request, response) => handle(request, response))
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => handle(request, response, true))
  server.on('clientError', refuse)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const endSilent = (): void => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy()
  }
  return { server, endSilent }
}

/** What can not be read as a request: said once, if anybody listens, and then the connection ends. */
function refuse(error: NodeJS.ErrnoException, socket: Socket & { readonly _httpMessage?: { readonly headersSent: boolean } | null }): void {
  if (!socket.writable || socket._httpMessage?.headersSent) {
    socket.destroy()
    return
  }
  socket.end(rawProblem(refusalOf(error.code)))
}

function refusalOf(code: string | undefined): EventStoreError {
  if (code === 'HPE_HEADER_OVERFLOW') return new HttpRefusal(431, 'TOO_LARGE', 'the headers of the request are too large')
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new HttpRefusal(408, 'INVALID', 'the request did not arrive whole in time')
  return new HttpRefusal(400, 'INVALID', 'this is no request of HTTP/1.1')
}

async function listening(server: Server, options: ListenOptions, where: string, field: string, bound?: () => void): Promise<void> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(options, () => resolve())
      bound?.()
    })
    server.removeAllListeners('error')
  } catch (error) {
    server.close()
    const { code, message } = error as NodeJS.ErrnoException
    const why =
      code === 'EADDRINUSE' ? 'another process listens there; choose another port with --http-port, or 0 for any free one' : message
    throw new EventStoreError(
      'INVALID',
      `can not listen on ${where}: ${why}`,
      { field, where, ...(code !== undefined && { cause: code }) },
      { cause: error },
    )
  }
}
