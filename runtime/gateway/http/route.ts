/** The shape of a route: what it takes and answers as schemas, what right it needs, and what it does. */
import type { IncomingHttpHeaders } from 'node:http'
import type { ErrorCode } from '../../../event/error.ts'
import type { z } from '../codec/schemas.ts'
import type { Action, Peer, Session } from '../session.ts'
import type { HttpLimits } from './limits.ts'
import type { Outlet } from './outlet.ts'
import type { Signs } from './signs.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** One answer of a route, for the OpenAPI page. */
export interface AnswerSpec {
  readonly summary: string
  readonly schema?: z.ZodType
  /** Default `application/json`, when there is a schema. */
  readonly types?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

export interface BodySpec {
  readonly types: readonly string[]
  readonly schema: z.ZodType
  readonly summary?: string
  /** Optional: no body at all is the same as an empty object. */
  readonly optional?: true
  readonly example?: unknown
}

/** What the door itself knows, beside the session. */
export interface DoorView {
  readonly limits: HttpLimits
  /** Aborted when the door closes: what streams or waits ends. */
  readonly closing: AbortSignal
  readonly signs: Signs
  /** The OpenAPI page as JSON. */
  openapi(): string
  /** Takes one of the places for follows; BUSY when all are taken. Answers how to give it back. */
  follow(): () => void
}

export interface Call<Params = Readonly<Record<string, string>>, Query = Readonly<Record<string, unknown>>> {
  readonly params: Params
  readonly query: Query
  readonly headers: IncomingHttpHeaders
  readonly peer: Peer
  readonly session: Session
  /** Empty when there is none. */
  readonly body: Buffer
  /** Content type without parameters; '' when there is none. */
  readonly contentType: string
  readonly door: DoorView
  /** Aborted when nobody waits for the answer any more: the client has gone, the door closes, or the session has ended. */
  signal(): AbortSignal
}

export type Answer = { readonly status: number; readonly headers?: Readonly<Record<string, string>> } & (
  | { readonly json: unknown }
  | { readonly text: string | Uint8Array; readonly type: string }
  | { readonly stream: (out: Outlet) => Promise<void>; readonly type: string }
  | { readonly nothing: true }
)

export interface Route<Params = Readonly<Record<string, string>>, Query = Readonly<Record<string, unknown>>> {
  readonly method: Method
  /** Parts in braces are parameters. */
  readonly path: string
  /** The operation's name in the OpenAPI page. */
  readonly name: string
  readonly summary: string
  /** What a session must be allowed to do. */
  readonly action: Action
  readonly params: z.ZodObject
  readonly query: z.ZodObject
  /** Further headers that it reads. */
  readonly headers?: Readonly<Record<string, { readonly summary: string; readonly schema: z.ZodType }>>
  readonly body?: BodySpec
  /** By status. */
  readonly answers: Readonly<Record<number, AnswerSpec>>
  readonly errors: readonly ErrorCode[]
  /** A request for the headers alone makes no sense where the answer has no end. */
  readonly withoutHead?: true
  answer(call: Call<Params, Query>): Promise<Answer>
}

/** Ties the types of `answer` to the schemas beside it. */
export function route<const P extends z.ZodObject, const Q extends z.ZodObject>(
  spec: Omit<Route, 'params' | 'query' | 'answer'> & {
    readonly params: P
    readonly query: Q
    answer(call: Call<z.output<P>, z.output<Q>>): Promise<Answer>
  },
): Route {
  // The door reads params and query with these very schemas before it calls.
  return spec as unknown as Route
}
