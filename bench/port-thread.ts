/** The other side of the port bench: reads every request and answers it, and stores nothing. */
import { parentPort, workerData } from 'node:worker_threads'
import { type PortData } from '../actors/port.ts'
import { RingReceiver } from '../actors/ring-receiver.ts'
import { assert } from '../event/assert.ts'
import type { Outcome } from '../event/outcome.ts'
import { RequestView } from '../event/request-view.ts'

assert(parentPort, 'runs as a worker')
// Waiting on shared memory alone does not keep a thread alive.
parentPort.ref()
const receiver = new RingReceiver(workerData as PortData, parentPort)
const view = new RequestView()
const outcome: Outcome = { status: 0, firstVersion: 0, version: 0, firstSequence: 0, sequence: 0, stamp: 0, versions: null }
let published = 0
while (!receiver.stopped || receiver.waiting > 0) {
  while (receiver.peek(view)) {
    outcome.version += view.events
    receiver.answer(view.request, outcome)
    receiver.take()
    published++
  }
  receiver.flush(published)
  await receiver.arrived(100)
}
parentPort.close()
