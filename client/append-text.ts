/** An append to several streams as the text that is sent; what is not JSON is refused here, all else by the node. */
import { EventStoreError } from '../event/error.ts'
import type { NewEvent } from '../event/event.ts'
import type { RequestOptions } from '../event/event-store.ts'
import { newEventText } from './event-json.ts'

export interface AppendText {
  readonly body: string
  /** Of its streams, for who keeps the order of calls. */
  readonly names: readonly string[]
  /** Sent again it is known for the same. */
  readonly isRepeatable: boolean
}

export function appendText(streams: unknown, options: RequestOptions): AppendText {
  if (!Array.isArray(streams)) throw new EventStoreError('INVALID', 'streams must be a list', { field: 'streams' })
  const items: readonly unknown[] = streams
  const texts = items.map((item, index) => streamText(item, `streams[${index}]`))
  const names = items.flatMap(item => (isObject(item) && typeof item['stream'] === 'string' ? [item['stream']] : []))
  const { conditions, partitionKey, durability, producer, producerSequence } = options
  const rest = JSON.stringify({ conditions, partitionKey, durability, producer, producerSequence })
  const body = `{"streams":[${texts.join(',')}]${rest === '{}' ? '' : `,${rest.slice(1, -1)}`}}`
  return { body, names: [...new Set(names)], isRepeatable: producer !== undefined || items.some(hasIds) }
}

function streamText(item: unknown, field: string): string {
  if (!isObject(item)) return JSON.stringify(item) ?? 'null'
  const { events, ...rest } = item
  const plain = JSON.stringify(rest)
  if (events === undefined) return plain
  const list = (Array.isArray(events) ? events : [events]) as readonly NewEvent[]
  const text = list.map((event, index) => newEventText(event, `${field}.events[${index}]`)).join(',')
  return `${plain.slice(0, -1)}${plain === '{}' ? '' : ','}"events":[${text}]}`
}

/** One id makes a whole request known, as long as its ids are remembered. */
function hasIds(item: unknown): boolean {
  const events = isObject(item) ? item['events'] : undefined
  return (Array.isArray(events) ? events : [events]).some(event => isObject(event) && event['id'] !== undefined)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
