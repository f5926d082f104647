/** Fills a store with streams written interleaved: the n-th event of every stream, then the next of every stream, in a shuffled order. */
import type { EventStore } from '../event/event-store.ts'
import { type OrderBytesEvent, orderBytes } from './payload.ts'
import { say } from './report.ts'

export interface Filling {
  readonly streams: number
  readonly eventsPerStream: number
  /** `json` is checked at the door and can be decoded to columns; default `json`. */
  readonly encoding?: 'bytes' | 'json'
}

const distinctEvents = 20_000
/** Prime, so that multiples of it visit every stream once a round unless `streams` is a multiple of it. */
const stride = 7_368_787

export const streamName = (number: number): string => `order-${number}`

function* interleaved({ streams, eventsPerStream, encoding = 'json' }: Filling): Generator<{ stream: string; event: OrderBytesEvent }> {
  const pool = orderBytes(distinctEvents, encoding)
  const names = Array.from({ length: streams }, (_, number) => streamName(number))
  let next = 0
  for (let round = 0; round < eventsPerStream; round++) {
    for (let place = 0; place < streams; place++) {
      yield { stream: names[(place * stride) % streams] as string, event: pool[next++ % distinctEvents] as OrderBytesEvent }
    }
  }
}

/** Answers how many events a second went in. */
export async function fill(store: EventStore, filling: Filling, monotonic: () => number): Promise<number> {
  const begun = monotonic()
  const { events } = await store.appendInOrder(interleaved(filling))
  const perSecond = (events * 1000) / (monotonic() - begun)
  say(`filled with ${events} events in ${filling.streams} streams: ${Math.round(perSecond / 1000)} k events/s`)
  return perSecond
}
