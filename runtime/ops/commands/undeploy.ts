/** `allsource undeploy`: stops a topology and drops its state. */
import { command } from '../command.ts'
import { text } from '../values.ts'

export const undeploy = command({
  name: 'undeploy',
  summary: 'Stops a topology and drops its state and its savepoints; events it wrote stay.',
  arguments: { name: { value: text('NAME'), summary: 'Name of the topology, as topologies lists it.' } },
  flags: { keepSavepoints: { value: null, summary: 'Its savepoints stay, for a topology of the name that is deployed later.' } },
  notes: ['A topology that is not deployed is NOT_FOUND, exit 1.'],
  examples: [{ line: 'allsource undeploy orders', does: 'stop it and drop its projections' }],
  async run({ arguments: { name }, flags: { keepSavepoints = false }, terminal, open }) {
    await (await open()).undeploy(name, { keepSavepoints })
    if (terminal.json) await terminal.record({ name, undeployed: true })
    else await terminal.line(`${name} is undeployed and its state dropped`)
  },
})
