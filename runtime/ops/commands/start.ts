/** `allsource start`: holds the node open, so that its topologies run, until it is told to stop. */
import type { NodeStats } from '../../index.ts'
import { command, settingFlags } from '../command.ts'

export const start = command({
  name: 'start',
  summary: 'Opens the node and keeps it running until it is told to stop.',
  arguments: {},
  flags: {
    ...settingFlags('partitions', 'shards', 'workers', 'durability', 'compression', 'epochMs'),
    acceptLoss: { value: null, summary: 'Opens a damaged store with what is whole, after a copy to quarantine/; lists what is lost.' },
  },
  notes: [
    'When the node is ready, one line is printed. SIGTERM or SIGINT (Ctrl-C) stops taking work, finishes what is under ' +
      'way, closes, and exits 0. A second one stops at once; what was acknowledged is on disk all the same.',
    'While a node runs, node.json in the directory names its process.',
  ],
  examples: [
    { line: 'allsource start', does: 'in ./data, made when there is none' },
    { line: 'allsource start --data /var/lib/orders --partitions 8', does: 'a store of its own, with 8 partitions' },
    { line: 'allsource start --json', does: 'one line of JSON when ready, for scripts' },
  ],
  makesStore: true,
  runsTopologies: true,
  endsBySignal: true,
  async run({ terminal, open, signal, directory }) {
    const node = await open()
    const pid = process.pid
    const { damage } = await node.stats()
    for (const place of damage) terminal.remark(`damaged: ${placeText(place)}`)
    if (terminal.json) await terminal.record({ ready: true, directory, pid, addresses: {}, ...(damage.length > 0 && { damage }) })
    else await terminal.line(`ready: ${directory}, process ${pid}; Ctrl-C stops it`)
    await terminal.flush()
    // A signal has no timer of its own to keep the process, and a node may be idle.
    const alive = setInterval(() => undefined, 2 ** 30)
    if (!signal.aborted) await new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
    clearInterval(alive)
    terminal.remark('stopping: finishing what is under way; a second signal stops at once')
    await node.close()
  },
})

function placeText({ shard, partition, sequences, reason }: NodeStats['damage'][number]): string {
  const where = partition === undefined ? `shard ${shard}` : `partition ${partition}`
  return `${where}${sequences ? `, sequences ${sequences[0]} to ${sequences[1]}` : ''}: ${reason}`
}
