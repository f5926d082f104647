/** The box office of the seat test: 64 clients sell the same seats in three ways, each in an order of its own, until all are sold or it is killed. */
import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NewEvent } from '../../event/event.ts'
import { isEventStoreError, type Node, openNode } from '../../runtime/index.ts'
import { clients, type Sale, seatsOf, type Way, ways } from './seats.ts'

const [directory, round] = [process.argv[2]!, Number(process.argv[3])]
const node = await openNode({ directory, partitions: 4, shards: 2, limits: { segmentEntries: 64 } })

/** By what it was tried, whoever comes second is refused. */
const sell: Readonly<Record<Way, (node: Node, show: string, seat: string, event: NewEvent) => Promise<unknown>>> = {
  condition: (store, show, seat, event) =>
    store.appendToStream(`{${show}}sales-${(event.data as Sale).client}`, [{ ...event, tags: [seat] }], {
      conditions: { none: { types: ['sold'], tags: [seat] } },
    }),
  streams: (store, show, seat, event) =>
    store.appendToStreams([
      { stream: `{${show}}sales`, events: [event] },
      { stream: `{${show}}${seat}`, events: [{ type: 'taken', data: null }], expectedVersion: 'none' },
      { stream: `{${show}}closed`, expectedVersion: 'none' },
    ]),
  key: (store, show, seat, event) =>
    store.appendToStreams(
      [
        { stream: `sold-${show}-${seat}`, events: [event], expectedVersion: 'none' },
        { stream: `hall-${show}`, events: [{ type: 'taken', data: { seat }, tags: [seat] }] },
      ],
      { partitionKey: show, conditions: { none: { types: ['taken'], tags: [seat] } } },
    ),
}

function shuffled<T>(items: readonly T[], client: number): T[] {
  let state = client * 2654435761 + round
  const drawn = items.map(item => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return { item, state }
  })
  return drawn.sort((a, b) => a.state - b.state).map(({ item }) => item)
}

async function run(client: number): Promise<void> {
  for (const { way, show, seat } of shuffled(
    ways.flatMap(each => seatsOf(each, round)),
    client,
  )) {
    const sale: Sale = { way, show, seat, client, round }
    for (;;) {
      try {
        await sell[way](node, show, seat, { type: 'sold', data: sale })
        // Told at once, so that whatever is told was acknowledged before the kill.
        writeSync(1, `${JSON.stringify(sale)}\n`)
        break
      } catch (error) {
        if (isEventStoreError(error, 'CONDITION_FAILED') || isEventStoreError(error, 'WRONG_EXPECTED_VERSION')) break
        if (!isEventStoreError(error, 'BUSY')) throw error
        await sleep(1)
      }
    }
  }
}

await Promise.all(Array.from({ length: clients }, (_, client) => run(client)))
await node.close()
