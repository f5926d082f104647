/** Refuses requests that a page of another site makes a browser send: a foreign `Origin`, or a foreign `Host` on a loopback address. */
import type { IncomingMessage } from 'node:http'
import { HttpRefusal } from './problem.ts'

const loopbackNames = ['localhost', '127.0.0.1', '[::1]']

const isLoopback = (address: string): boolean => /^(?:::ffff:)?127\.|^::1$/.test(address)

/** The name in a `Host` header, without the port. */
function nameOf(host: string): string {
  return host.replace(/:\d*$/, '').toLowerCase()
}

/**
 * A page can let its own name point to this machine and then read what a door on loopback answers (DNS rebinding); the name in `Host` gives it
 * away. `allowed`: further names this door is known by, as behind a proxy.
 */
export function checkOrigin(request: IncomingMessage, allowed: ReadonlySet<string>): void {
  const { host = '', origin } = request.headers
  const isSocket = request.socket.remoteAddress === undefined
  const name = nameOf(host)
  if (!isSocket && isLoopback(request.socket.localAddress ?? '') && !(loopbackNames.includes(name) || allowed.has(name)))
    throw refusal(`this door is on a loopback address and is not called ${JSON.stringify(host)}; allow the name with --allow-hosts`, 'Host')
  if (origin === undefined || isSocket) return
  const from = URL.canParse(origin) ? new URL(origin).host : ''
  if (from !== '' && (from === host.toLowerCase() || allowed.has(nameOf(from)))) return
  throw refusal(`pages of ${JSON.stringify(origin)} may not ask; allow the name with --allow-hosts`, 'Origin')
}

function refusal(message: string, field: string): HttpRefusal {
  return new HttpRefusal(403, 'FORBIDDEN', message, { details: { field } })
}
