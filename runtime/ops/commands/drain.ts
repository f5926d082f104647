/** `allsource drain`: a topology takes what is there, closes its windows, and ends. */
import { command } from '../command.ts'
import { printTopologies, recordOf } from '../topology-output.ts'
import { statusNamed, topologyEnds } from '../topology-wait.ts'
import { text } from '../values.ts'

export const drain = command({
  name: 'drain',
  summary: 'Lets a topology take what is there now, close its windows, and end; waits for it.',
  arguments: { name: { value: text('NAME'), summary: 'Name of the topology, as topologies lists it.' } },
  flags: {},
  notes: [
    'It ends as one deployed with --until head does, and keeps its state. All topologies of the store run meanwhile.',
    'A topology that is not deployed is NOT_FOUND, exit 1; one that has ended or failed, or makes its own rows, is INVALID, exit ' +
      '2. Exit 1 when it fails on the way.',
  ],
  examples: [{ line: 'allsource drain orders', does: 'fold the rest, then end' }],
  runsTopologies: true,
  async run({ arguments: { name }, terminal, open, isRunning, signal }) {
    const node = await open()
    await node.drain(name)
    await topologyEnds(node, name, { terminal, signal })
    const status = await statusNamed(node, name)
    if (terminal.json) await terminal.record(recordOf(status))
    else await printTopologies(terminal, [status])
    if (signal.aborted)
      terminal.remark(`stopped waiting; it goes on draining ${isRunning() ? 'in the node' : 'when the store is opened again'}`)
    return status.status === 'failed' ? 'failed' : undefined
  },
})
