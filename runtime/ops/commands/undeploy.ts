/** `allsource undeploy`: stops a topology and drops its state. */
import { command } from '../command.ts'
import { text } from '../values.ts'

export const undeploy = command({
  name: 'undeploy',
  summary: 'Stops a topology and drops its state; events it wrote stay.',
  arguments: { name: { value: text('NAME'), summary: 'Name of the topology, as topologies lists it.' } },
  flags: {},
  notes: ['A topology that is not deployed is NOT_FOUND, exit 1.'],
  examples: [{ line: 'allsource undeploy orders', does: 'stop it and drop its projections' }],
  async run({ arguments: { name }, terminal, open }) {
    await (await open()).undeploy(name)
    if (terminal.json) await terminal.record({ name, undeployed: true })
    else await terminal.line(`${name} is undeployed and its state dropped`)
  },
})
