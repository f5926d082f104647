/** Answers that are lists: streamed as they are read, cut off at a number of items or of bytes, with the place to go on from. */
import type { Event } from '../../../event/event.ts'
import { jsonText } from '../../../event/json-text.ts'
import { JsonChunk } from '../codec/event-json.ts'
import type { Action, Session } from '../session.ts'
import type { HttpLimits } from './limits.ts'
import type { Answer } from './route.ts'

export interface ListOptions<Item> {
  readonly session: Session
  readonly action: Action
  readonly limits: HttpLimits
  /** Name of the list in the answer. */
  readonly name: string
  /** Items of this answer; one more is asked for, to know whether there are more. */
  readonly limit: number
  readonly headers?: Readonly<Record<string, string>>
  readonly write: (chunk: JsonChunk, item: Item) => void
  /** Where the next answer begins when this is the last item of one. */
  readonly next: (last: Item) => unknown
}

/** Throws what the first item throws; what fails later breaks the answer off, so that it is no JSON. */
export async function listAnswer<Item>(items: AsyncIterable<Item>, options: ListOptions<Item>): Promise<Answer> {
  const { session, action, limits, limit, write } = options
  const iterator = items[Symbol.asyncIterator]()
  let pulled = await iterator.next()
  return {
    status: 200,
    type: 'application/json',
    ...(options.headers && { headers: options.headers }),
    async stream(out) {
      const chunk = new JsonChunk()
      let last: Item | undefined
      let count = 0
      let bytes = 0
      const flush = async (): Promise<void> => {
        bytes += chunk.length
        session.quota.take(action, { bytes: chunk.length })
        await out.write(chunk.take())
      }
      chunk.text(`{${JSON.stringify(options.name)}:[`)
      try {
        while (!pulled.done && count < limit && bytes + chunk.length < limits.readBytes && !out.isClosed) {
          if (count > 0) chunk.text(',')
          last = pulled.value
          count++
          write(chunk, last)
          if (chunk.isFull) await flush()
          pulled = await iterator.next()
        }
      } finally {
        await iterator.return?.()
      }
      session.quota.take(action, { events: count })
      chunk.text(`],"next":${pulled.done || last === undefined ? 'null' : jsonText(options.next(last))}}`)
      await flush()
    },
  }
}

export const writeEvent = (chunk: JsonChunk, event: Event): void => chunk.event(event)

export const writeJson = (chunk: JsonChunk, value: unknown): void => chunk.text(jsonText(value))
