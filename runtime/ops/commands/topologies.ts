/** `allsource topologies`: what is deployed, how far it is, and what it set aside. */
import { command } from '../command.ts'
import { printTopologies, recordOf } from '../topology-output.ts'

export const topologies = command({
  name: 'topologies',
  summary: 'Lists the deployed topologies with their status, lag and counts.',
  arguments: {},
  flags: {},
  notes: ['With --json each topology is one line.'],
  examples: [
    { line: 'allsource topologies', does: 'a table' },
    { line: `allsource topologies --json | jq 'select(.status == "failed")'`, does: 'only those that failed' },
  ],
  async run({ terminal, open }) {
    const all = await (await open()).topologies()
    if (terminal.json) for (const status of all) await terminal.record(recordOf(status))
    else await printTopologies(terminal, all)
    if (all.length === 0) terminal.remark('no topology is deployed; allsource deploy FILE deploys one')
  },
})
