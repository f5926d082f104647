/** `allsource pause` and `allsource resume`: a topology stands still for a while, its state kept. */
import type { Topologies } from '../../../event/topologies.ts'
import { command } from '../command.ts'
import type { Terminal } from '../terminal.ts'
import { printTopologies, recordOf } from '../topology-output.ts'
import { statusNamed } from '../topology-wait.ts'
import { text } from '../values.ts'

const name = { value: text('NAME'), summary: 'Name of the topology, as topologies lists it.' } as const
const refusals = 'A topology that is not deployed is NOT_FOUND, exit 1; one that has ended or failed is INVALID, exit 2.'

export const pause = command({
  name: 'pause',
  summary: 'Lets a topology stand still, its state kept, until resume.',
  arguments: { name },
  flags: {},
  notes: [`It stays paused when the store is opened again. ${refusals}`],
  examples: [{ line: 'allsource pause orders', does: 'take no more events for now' }],
  async run({ arguments: { name: topology }, terminal, open }) {
    const node = await open()
    await node.pause(topology)
    await printStatus(node, topology, terminal)
  },
})

export const resume = command({
  name: 'resume',
  summary: 'Lets a paused topology go on from where it stood.',
  arguments: { name },
  flags: {},
  notes: [`It goes on whenever a node is open (allsource start). ${refusals}`],
  examples: [{ line: 'allsource resume orders', does: 'go on' }],
  async run({ arguments: { name: topology }, terminal, open, isRunning }) {
    const node = await open()
    await node.resume(topology)
    await printStatus(node, topology, terminal)
    if (!isRunning()) terminal.remark('it runs while a node is open: allsource start')
  },
})

async function printStatus(node: Topologies, topology: string, terminal: Terminal): Promise<void> {
  const status = await statusNamed(node, topology)
  if (terminal.json) await terminal.record(recordOf(status))
  else await printTopologies(terminal, [status])
}
