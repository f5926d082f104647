/** Emmett over a node in memory and over a tenant of one: the suite, and hooks after a commit. */
import {
  forwardToMessageBus,
  getInMemoryMessageBus,
  type ReadEvent,
  type ReadEventMetadataWithGlobalPosition,
} from '@event-driven-io/emmett'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { getAllsourceEventStore } from '../../examples/emmett/emmett-event-store.ts'
import type { EveningEvent } from '../../examples/emmett/evening.ts'
import { isEventStoreError, type Node, openNode } from '../../runtime/index.ts'
import { booked, opened } from './emmett/given.ts'
import { refused } from './emmett/refused.ts'
import { emmettContract } from './emmett/suite.ts'

type Booked = Extract<EveningEvent, { type: 'SeatsBooked' }>

const nodes: Node[] = []
async function openMemory(): Promise<Node> {
  const node = await openNode({ memory: true })
  nodes.push(node)
  return node
}

test.after(async () => {
  for (const node of nodes) await node.close()
})

emmettContract(test, 'memory', async () => getAllsourceEventStore(await openMemory()))
emmettContract(test, 'a tenant in memory', async () => getAllsourceEventStore((await openMemory()).tenant('guests')))

test('a hook is told of what was committed, with its places, and of nothing else', async () => {
  const told: ReadEvent[][] = []
  const hooks = { onAfterCommit: (events: ReadEvent[]) => void told.push(events) }
  const store = getAllsourceEventStore(await openMemory(), { hooks })
  await store.appendToStream('evening-1', [opened()])
  const { lastEventGlobalPosition } = await store.appendToStream('evening-1', [booked('Ada'), booked('Ben')])
  await refused(() => store.appendToStream('evening-1', [booked('Cem')], { expectedStreamVersion: 1n }))
  assert.equal(
    told.map(events => events.map(({ type, metadata }) => [type, metadata.streamPosition])),
    [
      [['EveningOpened', 1n]],
      [
        ['SeatsBooked', 2n],
        ['SeatsBooked', 3n],
      ],
    ],
  )
  assert.equal(told.flat(), (await store.readStream('evening-1')).events)
  assert.is((told[1]![1]!.metadata as ReadEventMetadataWithGlobalPosition).globalPosition, lastEventGlobalPosition)
})

test('events go on to a bus of Emmett', async () => {
  const bus = getInMemoryMessageBus()
  const guests: string[] = []
  bus.subscribe<Booked>((event: Booked) => void guests.push(event.data.guest), 'SeatsBooked')
  const store = getAllsourceEventStore(await openMemory(), { hooks: { onAfterCommit: forwardToMessageBus(bus) } })
  await store.appendToStream('evening-1', [opened(), booked('Ada'), booked('Ben')])
  assert.equal(guests, ['Ada', 'Ben'])
})

test('a node that is closed says so', async () => {
  const node = await openMemory()
  const store = getAllsourceEventStore(node)
  await store.appendToStream('evening-1', [opened()])
  await node.close()
  const calls = [
    () => store.streamExists('evening-1'),
    () => store.readStream('evening-1'),
    () => store.aggregateStream('evening-1', { evolve: () => 0, initialState: () => 0 }),
    () => store.appendToStream('evening-1', [booked('Ada')]),
  ]
  for (const call of calls) assert.ok(isEventStoreError(await refused(call), 'CLOSED'), call.toString())
})

test.run()
