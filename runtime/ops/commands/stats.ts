/** `allsource stats`: how much is stored, and where. */
import { command } from '../command.ts'
import { printOutline } from '../outline.ts'
import { printTopologies } from '../topology-output.ts'

export const stats = command({
  name: 'stats',
  summary: 'Prints counts and bytes of the store: partitions, shards, topologies, disk.',
  arguments: {},
  flags: {},
  notes: [],
  examples: [
    { line: 'allsource stats', does: 'tables for people' },
    { line: 'allsource stats --json', does: 'one line of JSON' },
  ],
  async run({ terminal, open }) {
    const figures = await (await open()).stats()
    if (terminal.json) await terminal.record(figures)
    else {
      const { topologies, openedAt, ...rest } = figures
      await printOutline(terminal, { ...(openedAt !== undefined && { openedAt: new Date(openedAt).toISOString() }), ...rest })
      if (topologies.length === 0) return
      await terminal.line('')
      await printTopologies(terminal, topologies)
    }
  },
})
