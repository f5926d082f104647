/** `allsource rebuild cancel`: gives up the version of a topology that is folded anew beside it. */
import { command } from '../command.ts'
import { text } from '../values.ts'

export const rebuildCancel = command({
  name: 'rebuild cancel',
  summary: 'Gives up the version that is rebuilt beside a topology, which goes on as it is.',
  arguments: { name: { value: text('NAME'), summary: 'Name of the topology, as topologies lists it.' } },
  flags: {},
  notes: ['deploy --rebuild begins one, and topologies shows how far it is. Where nothing is rebuilt it is NOT_FOUND, exit 1.'],
  examples: [{ line: 'allsource rebuild cancel orders', does: 'the version that runs stays' }],
  async run({ arguments: { name }, terminal, open }) {
    await (await open()).cancelRebuild(name)
    if (terminal.json) await terminal.record({ name, cancelled: true })
    else await terminal.line(`the rebuild of ${name} is given up`)
  },
})
