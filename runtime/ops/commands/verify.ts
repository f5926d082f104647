/** `allsource verify`: walks everything that is stored and names what is not as it was written. */
import { EventStoreError } from '../../../event/error.ts'
import { command } from '../command.ts'
import { printOutline } from '../outline.ts'

export const verify = command({
  name: 'verify',
  summary: 'Walks all blocks, their chains and the folded state, and names every damage.',
  arguments: {},
  flags: {},
  notes: [
    'Exit 0 when everything is as it was written, 4 when something is damaged; the report on stdout names partition, sequences and file.',
  ],
  examples: [
    { line: 'allsource verify', does: 'a report for people' },
    { line: 'allsource verify --json || echo damaged', does: 'one line of JSON; the exit code tells' },
  ],
  async run({ terminal, open }) {
    const node = await open()
    const progress = terminal.progress('verifying', 'count')
    const report = await node.verify().finally(() => progress.end())
    if (terminal.json) await terminal.record(report)
    else await printOutline(terminal, report)
    if (report.damage.length > 0)
      throw new EventStoreError('DAMAGED', `${report.damage.length} damaged places, named above`, { damage: report.damage })
  },
})
