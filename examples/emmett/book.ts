/** An evening of ten seats, and eight parties of two who book at once: `node examples/emmett/book.ts`. Run again, it says how things stand. */
import { CommandHandler, DeciderCommandHandler } from '@event-driven-io/emmett'
import { openNode } from '../../runtime/index.ts'
import { getAllsourceEventStore } from './emmett-event-store.ts'
import { decider, type Evening, type EveningCommand, type EveningEvent } from './evening.ts'

const [evening, stream] = ['jazz', 'evening-jazz']
const guests = ['Ada', 'Ben', 'Cem', 'Dora', 'Eva', 'Finn', 'Hugo', 'Ida']

const node = await openNode({ directory: process.env['ALLSOURCE_DATA'] ?? 'data' })
try {
  const store = getAllsourceEventStore(node)
  // A party that lost against another one decides again, on what is there then; after five of them all seats are gone.
  const handle = DeciderCommandHandler<Evening, EveningCommand, EveningEvent>({ ...decider, retry: { onVersionConflict: 10 } })
  if (!(await store.streamExists(stream))) {
    await handle(store, stream, { type: 'OpenEvening', data: { evening, seats: 10 } }, { expectedStreamVersion: 'STREAM_DOES_NOT_EXIST' })
    const answers = await Promise.allSettled(
      guests.map(guest => handle(store, stream, { type: 'BookSeats', data: { evening, guest, seats: 2 } })),
    )
    for (const [at, answer] of answers.entries())
      if (answer.status === 'rejected') console.log(`${guests[at]} gets none: ${(answer.reason as Error).message}`)
  }
  const look = CommandHandler<Evening, EveningEvent>(decider)
  const { newState, nextExpectedStreamVersion } = await look(store, stream, () => [])
  console.log(`${newState.free} of 10 seats are free, the stream is at version ${nextExpectedStreamVersion}`)
} finally {
  await node.close()
}
