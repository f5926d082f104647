/** A box office: whoever asks at the same time, a seat is sold once, seats are sold together or not at all, and nobody buys too many. */
import { type EventStore, isEventStoreError } from '../../runtime/index.ts'

/** One seat: only if no event of the show says that it is sold. False when it is. */
export async function sellSeat(store: EventStore, show: string, seat: string, buyer: string): Promise<boolean> {
  return unlessRefused(
    store.appendToStream(
      `{${show}}order-${buyer}`,
      { type: 'seat.sold', data: { seat, buyer }, tags: [`seat:${seat}`, `buyer:${buyer}`] },
      { conditions: { none: { types: ['seat.sold'], tags: [`seat:${seat}`] } } },
    ),
  )
}

/** Several seats, each a stream of its own, together with the order; and only as long as the show is not closed. */
export async function sellTogether(store: EventStore, show: string, seats: readonly string[], buyer: string): Promise<boolean> {
  return unlessRefused(
    store.appendToStreams([
      { stream: `{${show}}order-${buyer}`, events: { type: 'order.placed', data: { seats } } },
      ...seats.map(seat => ({ stream: `{${show}}${seat}`, events: { type: 'taken', data: { buyer } }, expectedVersion: 'none' as const })),
      { stream: `{${show}}closed`, expectedVersion: 'none' as const },
    ]),
  )
}

/** At most three seats a buyer: what was read is still all there is when it is decided, or it is read again. */
export async function sellUpToThree(store: EventStore, show: string, seat: string, buyer: string): Promise<boolean> {
  const [types, bought] = [['seat.sold'], [`show:${show}`, `buyer:${buyer}`]]
  for (;;) {
    let count = 0
    let last: string | undefined
    for await (const { position } of store.readAll({ types, tags: bought })) {
      count++
      last = position
    }
    if (count >= 3) return false
    try {
      await store.appendToStream(
        `seat-${show}-${seat}`,
        { type: 'seat.sold', data: { seat, buyer }, tags: [...bought] },
        {
          partitionKey: show,
          expectedVersion: 'none',
          conditions: { none: { types, tags: bought }, ...(last !== undefined && { after: last }) },
        },
      )
      return true
    } catch (error) {
      if (isEventStoreError(error, 'WRONG_EXPECTED_VERSION')) return false
      if (!isEventStoreError(error, 'CONDITION_FAILED')) throw error
    }
  }
}

async function unlessRefused(append: Promise<unknown>): Promise<boolean> {
  try {
    await append
    return true
  } catch (error) {
    if (isEventStoreError(error, 'CONDITION_FAILED') || isEventStoreError(error, 'WRONG_EXPECTED_VERSION')) return false
    throw error
  }
}
