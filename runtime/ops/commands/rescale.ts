/** `allsource rescale`: the keyed steps of a topology run in another number of lanes. */
import { EventStoreError } from '../../../event/error.ts'
import { command } from '../command.ts'
import { printTopologies, recordOf } from '../topology-output.ts'
import { statusNamed } from '../topology-wait.ts'
import { text, wholeNumber } from '../values.ts'

export const rescale = command({
  name: 'rescale',
  summary: 'Spreads the keyed steps of a topology over another number of workers, while it runs.',
  arguments: { name: { value: text('NAME'), summary: 'Name of the topology, as topologies lists it.' } },
  flags: { workers: { value: wholeNumber('W', 1), summary: 'Lanes in which keyed steps run side by side; needed.' } },
  notes: [
    'It stops after a last epoch and goes on from there; state is kept by key, so nothing is moved, and the results are the same with any number.',
    'explain --workers W shows which steps run in lanes. A topology that is not deployed is NOT_FOUND, exit 1; one that has ended or failed ' +
      'is INVALID, exit 2.',
  ],
  examples: [{ line: 'allsource rescale orders --workers 4', does: 'four lanes from now on' }],
  async run({ arguments: { name }, flags: { workers }, terminal, open }) {
    if (workers === undefined)
      throw new EventStoreError('INVALID', '--workers is needed: how many lanes there are to be', { field: 'workers' })
    const node = await open()
    await node.rescale(name, workers)
    const status = await statusNamed(node, name)
    if (terminal.json) await terminal.record(recordOf(status))
    else await printTopologies(terminal, [status])
  },
})
