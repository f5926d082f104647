/** From a request to an answer: fastify finds the route, the gate admits, schemas read, the route answers; whatever is thrown becomes a problem. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { EventStoreError, isEventStoreError } from '../../../event/error.ts'
import { jsonText } from '../../../event/json-text.ts'
import { checked } from '../codec/schemas.ts'
import { type Credentials, demand, type Gate, type Peer, type Session } from '../session.ts'
import { Bodies } from './body.ts'
import type { HttpLimits } from './limits.ts'
import { openapiOf } from './openapi.ts'
import { checkOrigin } from './origin.ts'
import { Outlet } from './outlet.ts'
import { failureOf, HttpRefusal, problemOf } from './problem.ts'
import { readQuery } from './query.ts'
import type { Answer, DoorView, Route } from './route.ts'
import { routes } from './routes/index.ts'
import { openRoutes, type Signs } from './signs.ts'

export interface DoorOptions {
  readonly gate: Gate
  readonly signs: Signs
  readonly limits: HttpLimits
  readonly allowedHosts: ReadonlySet<string>
  readonly version: string
  /** Told of failures that are ours, not the caller's. */
  readonly failed: (error: unknown) => void
}

/** Requests that asked before they send their body, and how they are told to. */
const asking = new WeakMap<IncomingMessage, () => void>()

export class Door implements DoorView {
  readonly limits: HttpLimits
  readonly signs: Signs
  readonly #options: DoorOptions
  readonly #bodies: Bodies
  readonly #closing = new AbortController()
  #follows = 0
  #openapi: string | null = null
  #routing: ((request: IncomingMessage, response: ServerResponse) => void) | null = null

  constructor(options: DoorOptions) {
    this.#options = options
    this.limits = options.limits
    this.signs = options.signs
    this.#bodies = new Bodies(options.limits)
  }

  get closing(): AbortSignal {
    return this.#closing.signal
  }

  async open(): Promise<void> {
    const app = fastify({
      // What is read of a request is read here, so that every refusal has the same shape.
      exposeHeadRoutes: true,
      routerOptions: { maxParamLength: this.limits.pathPartCharacters },
      return503OnClosing: false,
      frameworkErrors: (error, _, reply) => void sendProblem(reply, frameworkRefusal(error)),
    })
    app.removeAllContentTypeParsers()
    app.addContentTypeParser('*', (_request, _payload, done) => done(null, undefined))
    // Of a method that it knows and no route has, fastify may find something wrong before it looks for the route.
    app.setErrorHandler((error, request, reply) => this.#refuse(reply, request.is404 ? unknownRoute(request) : error))
    app.setNotFoundHandler((request, reply) => this.#refuse(reply, unknownRoute(request)))
    for (const route of routes) this.#add(app, route)
    for (const route of openRoutes)
      app.get(route.path, (request, reply) =>
        this.#answered(reply, async () => {
          checkOrigin(request.raw, this.#options.allowedHosts)
          return route.answer(this)
        }),
      )
    await app.ready()
    this.#routing = app.routing
  }

  /** A request that `asks` waits for our word before it sends its body. */
  handle(request: IncomingMessage, response: ServerResponse, asks = false): void {
    if (asks) asking.set(request, () => response.writeContinue())
    this.#routing?.(request, response)
  }

  /** New requests are refused, and what streams or waits comes to its end. */
  close(): void {
    this.#closing.abort()
  }

  openapi(): string {
    return (this.#openapi ??= JSON.stringify(openapiOf(routes, openRoutes, this.#options.version)))
  }

  follow(): () => void {
    if (this.#follows >= this.limits.follows)
      throw new EventStoreError('BUSY', `${this.limits.follows} follows are open, and no more can be`, { limit: this.limits.follows })
    this.#follows++
    return () => void this.#follows--
  }

  #add(app: FastifyInstance, route: Route): void {
    app.route({
      method: route.method,
      url: route.path.replaceAll(/\{(\w+)\}/g, ':$1'),
      ...(route.withoutHead && { exposeHeadRoute: false }),
      handler: (request, reply) => this.#serve(route, request, reply),
    })
  }

  async #serve(route: Route, request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const admitted: { session?: Session; failure?: EventStoreError } = {}
    try {
      return await this.#answered(reply, async () => {
        if (this.closing.aborted) throw new EventStoreError('CLOSED', 'the node is closing')
        checkOrigin(request.raw, this.#options.allowedHosts)
        const session = await this.#options.gate.admit(credentialsOf(request))
        admitted.session = session
        const params = checked(route.params, request.params) as Record<string, string>
        const query: Readonly<Record<string, unknown>> = readQuery(route.query, request.raw.url ?? '')
        const stream = params['stream'] ?? query['stream']
        demand(session, route.action, typeof stream === 'string' ? stream : undefined)
        session.quota.take(route.action, { requests: 1 })
        const contentType = bodyType(route, request)
        const answer = (body: Buffer): Promise<Answer> =>
          route.answer({
            params,
            query,
            headers: request.headers,
            peer: peerOf(request.raw),
            session,
            body,
            contentType,
            door: this,
            signal: () => AbortSignal.any([goneSignal(reply.raw), this.closing, session.signal]),
          })
        const proceed = asking.get(request.raw) ?? (() => undefined)
        return route.method === 'GET' ? answer(nothing) : this.#bodies.with(request.raw, proceed, body => answer(expected(route, body)))
      })
    } catch (error) {
      admitted.failure = failureOf(error)
      return this.#refuse(reply, error)
    } finally {
      admitted.session?.end(admitted.failure?.code)
    }
  }

  /** Sends what `work` answers. Throws what it throws as long as nothing was sent; after that the answer breaks off. */
  async #answered(reply: FastifyReply, work: () => Promise<Answer>): Promise<FastifyReply> {
    const answer = await work()
    reply.code(answer.status).headers(answer.headers ?? {})
    if (this.closing.aborted) reply.header('connection', 'close')
    if ('nothing' in answer) return reply.send()
    if ('json' in answer) return reply.type('application/json').send(jsonText(answer.json))
    if ('text' in answer) return reply.type(answer.type).send(answer.text)
    if (reply.request.method === 'HEAD') return reply.type(answer.type).send('')
    return this.#stream(reply, answer)
  }

  async #stream(reply: FastifyReply, answer: Extract<Answer, { stream: unknown }>): Promise<FastifyReply> {
    reply.hijack()
    const { raw } = reply
    for (const [name, value] of Object.entries({ ...reply.getHeaders(), 'content-type': answer.type }))
      if (value !== undefined) raw.setHeader(name, value)
    raw.writeHead(answer.status)
    try {
      await answer.stream(new Outlet(raw, this.limits.unreadMs))
      raw.end()
    } catch (error) {
      this.#report(error)
      raw.destroy()
    }
    return reply
  }

  #refuse(reply: FastifyReply, error: unknown): FastifyReply {
    this.#report(error)
    if (reply.sent || reply.raw.headersSent) {
      reply.raw.destroy()
      return reply
    }
    if (this.closing.aborted) reply.header('connection', 'close')
    return sendProblem(reply, failureOf(error))
  }

  #report(error: unknown): void {
    if (!isEventStoreError(error)) this.#options.failed(error)
  }
}

const nothing = Buffer.alloc(0)

function sendProblem(reply: FastifyReply, error: EventStoreError): FastifyReply {
  const { status, headers, body } = problemOf(error)
  return reply.code(status).headers(headers).send(body)
}

/** What fastify itself refuses, before there is a route. */
function frameworkRefusal(error: { code: string; message: string }): EventStoreError {
  if (error.code === 'FST_ERR_BAD_URL') return new EventStoreError('INVALID', 'the path is not percent-encoded UTF-8', { field: 'path' })
  return new HttpRefusal(400, 'INVALID', error.message)
}

interface KnownPath {
  readonly pattern: RegExp
  readonly parameters: number
  readonly methods: Set<string>
}

/** Those with fewer parameters first: they say more exactly what is meant. */
const known = knownPaths([...routes, ...openRoutes.map(({ path }) => ({ method: 'GET', path }))])

function knownPaths(all: readonly { readonly method: string; readonly path: string }[]): KnownPath[] {
  const paths = new Map<string, KnownPath>()
  for (const { method, path } of all) {
    const pattern = new RegExp(`^${path.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`)
    const one = paths.get(path) ?? { pattern, parameters: path.split('{').length, methods: new Set<string>() }
    one.methods.add(method)
    paths.set(path, one)
  }
  return [...paths.values()].toSorted((a, b) => a.parameters - b.parameters)
}

/** 405 with the methods there are, or 404. */
function unknownRoute(request: FastifyRequest): EventStoreError {
  const path = (request.raw.url ?? '').replace(/\?.*$/s, '')
  const methods = known.find(({ pattern }) => pattern.test(path))?.methods
  if (!methods) return new EventStoreError('NOT_FOUND', `there is no route ${path.slice(0, 200)}; /openapi.json lists all`)
  const allow = [...methods].join(', ')
  return new HttpRefusal(405, 'INVALID', `${request.method} is not for this route, but ${allow}`, { headers: { allow } })
}

export function peerOf(request: IncomingMessage): Peer {
  const { remoteAddress } = request.socket
  return remoteAddress === undefined ? { kind: 'socket' } : { kind: 'address', address: remoteAddress }
}

function credentialsOf({ raw, headers }: FastifyRequest): Credentials {
  const tenant = headers['allsource-tenant']
  const requestId = headers['x-request-id']
  if (tenant === '' || Array.isArray(tenant))
    throw new EventStoreError('INVALID', 'Allsource-Tenant must be one name', { field: 'Allsource-Tenant' })
  return {
    protocol: 'http',
    peer: peerOf(raw),
    ...(tenant !== undefined && { tenant }),
    ...(headers.authorization !== undefined && { authorization: headers.authorization }),
    ...(typeof requestId === 'string' && /^[\w.:-]{1,128}$/.test(requestId) && { requestId }),
  }
}

/** 415 unless the body is of a type that the route takes. */
function bodyType({ body }: Route, { headers }: FastifyRequest): string {
  const type = (headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase()
  if (headers['content-encoding'] !== undefined && headers['content-encoding'] !== 'identity')
    throw new HttpRefusal(415, 'INVALID', 'bodies are taken as they are, not compressed', { details: { field: 'Content-Encoding' } })
  if (!body || body.types.includes(type)) return type
  throw new HttpRefusal(415, 'INVALID', `Content-Type must be ${body.types.join(' or ')}, got ${JSON.stringify(type)}`, {
    details: { field: 'Content-Type' },
  })
}

function expected({ body: spec, name }: Route, body: Buffer): Buffer {
  if (spec || body.length === 0) return body
  throw new EventStoreError('INVALID', `${name} takes no body`, { field: 'body' })
}

function goneSignal(response: ServerResponse): AbortSignal {
  const gone = new AbortController()
  if (response.destroyed) gone.abort()
  response.once('close', () => gone.abort())
  return gone.signal
}
