/** An append to several streams, as its request says it. */
import type { NewEvent } from '../event/event.ts'
import type { AppendAnswer, RequestOptions, StreamAppend, StreamsAnswer } from '../event/event-store.ts'
import { newEventText } from './event-json.ts'
import { invalid } from './read-options.ts'

/** The body of the request. Read before the call returns: the caller may use its bytes again. */
export function streamsBody(streams: readonly StreamAppend[], options: RequestOptions): string {
  if (!Array.isArray(streams)) throw invalid('streams', 'must be a list')
  const parts = streams.map((asked: StreamAppend, index) => streamText(asked, `streams[${index}]`))
  const { conditions, partitionKey, durability, producer, producerSequence } = options
  const rest = JSON.stringify({ conditions, partitionKey, durability, producer, producerSequence })
  return `{"streams":[${parts.join(',')}]${rest === '{}' ? '' : `,${rest.slice(1, -1)}`}}`
}

function streamText(asked: StreamAppend, field: string): string {
  if (typeof asked !== 'object' || asked === null) throw invalid(field, 'must be an object')
  const { events, ...rest } = asked
  // Whether names and expectations are such is said by the node, which names the item.
  const head = JSON.stringify(rest)
  if (events === undefined) return head
  const list = (Array.isArray(events) ? events : [events]) as readonly NewEvent[]
  return `${head.slice(0, -1)}${head === '{}' ? '' : ','}"events":[${list.map((event, i) => newEventText(event, `${field}.events[${i}]`)).join(',')}]}`
}

/** True when sending it twice stores it once. */
export function isRepeatableAppend(streams: readonly StreamAppend[], { producer }: RequestOptions): boolean {
  const events = streams.flatMap(({ events = [] }) => events as NewEvent | readonly NewEvent[])
  return producer !== undefined || events.some(event => event?.id !== undefined)
}

/** The answer to an append to one stream that was sent as one to several. */
export function answerOfOne(answer: StreamsAnswer): AppendAnswer {
  if (answer.duplicate) return answer
  const { streams, ...rest } = answer
  return { ...streams[0]!, ...rest }
}
