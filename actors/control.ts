/** Control calls between threads: typed Comlink proxies whose errors keep their code. Events never travel this way. */
import type { MessagePort } from 'node:worker_threads'
import * as Comlink from 'comlink'
import nodeAdapter from 'comlink/dist/umd/node-adapter.js'
import { errorOf, type PlainFailure, plainFailure } from './plain-failure.ts'

/** Methods that take and give plain data. */
export type ControlApi = Record<string, (...args: never[]) => unknown>

/** The same methods from another thread: each answers by a promise. */
export type Remote<Api extends ControlApi> = {
  readonly [Name in keyof Api]: (...args: Parameters<Api[Name]>) => Promise<Awaited<ReturnType<Api[Name]>>>
}

type Reply = { readonly value: unknown } | { readonly failure: PlainFailure }

const endpointOf = nodeAdapter as unknown as (port: MessagePort) => Comlink.Endpoint

/** Answers calls that come through `port`. */
export function exposeControl(api: ControlApi, port: MessagePort): void {
  const replying: Record<string, (...args: never[]) => Promise<Reply>> = {}
  for (const [name, method] of Object.entries(api)) {
    replying[name] = async (...args) => {
      try {
        return { value: await method(...args) }
      } catch (error) {
        return { failure: plainFailure(error) }
      }
    }
  }
  Comlink.expose(replying, endpointOf(port))
}

/** Calls what the other end of `port` exposes. */
export function controlOf<Api extends ControlApi>(port: MessagePort): Remote<Api> {
  const remote = Comlink.wrap<Record<string, (...args: unknown[]) => Promise<Reply>>>(endpointOf(port))
  return new Proxy({} as Remote<Api>, {
    // Without a `then`, so that the proxy itself may be awaited.
    get: (_, name) =>
      name === 'then'
        ? undefined
        : async (...args: unknown[]): Promise<unknown> => {
            const call = remote[name as string] as unknown as (...args: unknown[]) => Promise<Reply>
            const reply = await call(...args)
            if ('value' in reply) return reply.value
            throw errorOf(reply.failure)
          },
  })
}
