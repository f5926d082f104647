/** Asks a node over HTTP as a program would that leaves nothing to a library: the path goes out as it is written. */
import { once } from 'node:events'
import { request as httpRequest, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'

export interface Asked {
  readonly method?: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
}

export interface Answered {
  readonly status: number
  readonly headers: IncomingMessage['headers']
  readonly text: string
  /** Undefined when the text is no JSON. */
  readonly json: unknown
}

/** A URL, or the path of a unix socket. */
export type Address = string

function optionsOf(address: Address, { method = 'GET', path, headers = {} }: Asked): RequestOptions {
  const place = address.startsWith('http:') ? { host: new URL(address).hostname, port: new URL(address).port } : { socketPath: address }
  return { ...place, method, path, headers: { connection: 'close', ...headers } }
}

/** Sends the head and the body; the caller looks at what comes. */
export function begin(address: Address, asked: Asked): ClientRequest {
  return httpRequest(optionsOf(address, asked))
}

export async function responseTo(sent: ClientRequest): Promise<IncomingMessage> {
  const [response] = (await once(sent, 'response')) as [IncomingMessage]
  return response
}

export async function ask(address: Address, asked: Asked): Promise<Answered> {
  const sent = begin(address, asked)
  sent.end(asked.body)
  const response = await responseTo(sent)
  const chunks: Buffer[] = []
  for await (const chunk of response as AsyncIterable<Buffer>) chunks.push(chunk)
  const text = Buffer.concat(chunks).toString()
  return { status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export const jsonType = { 'content-type': 'application/json' }

export const post = (path: string, body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): Asked => ({
  method: 'POST',
  path,
  body,
  headers: { ...jsonType, ...headers },
})

/** Lines of an answer without an end, until `enough` says so; then the connection is cut. */
export async function linesUntil(address: Address, asked: Asked, enough: (lines: readonly string[]) => boolean): Promise<string[]> {
  const sent = begin(address, asked)
  sent.end()
  const response = await responseTo(sent)
  const lines: string[] = []
  let rest = ''
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      const parts = (rest + chunk.toString()).split('\n')
      rest = parts.pop() ?? ''
      lines.push(...parts)
      if (enough(lines)) break
    }
  } finally {
    sent.destroy()
  }
  return lines
}
