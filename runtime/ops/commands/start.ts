/** `allsource start`: holds the node open, so that its topologies run and programs can ask it, until it is told to stop. */
import { command, settingFlags } from '../command.ts'
import { printChange, printTroubles } from '../topology-output.ts'
import { topologiesCaughtUp, untilStopped } from '../topology-wait.ts'
import { oneOf } from '../values.ts'

export const start = command({
  name: 'start',
  summary: 'Opens the node, serves it, and keeps it running until it is told to stop.',
  arguments: {},
  flags: {
    ...settingFlags(
      'partitions',
      'shards',
      'workers',
      'durability',
      'compression',
      'epochMs',
      'host',
      'httpPort',
      'allowHosts',
      'advertise',
    ),
    ...settingFlags('log', 'drainTimeout'),
    ...settingFlags('cluster', 'node', 'zone', 'name', 'replicas', 'allowLazySync', 'restoreCluster', 'natsMonitor'),
    ...settingFlags('natsCredentials', 'natsNkey', 'natsCa', 'natsCertificate', 'natsKey'),
    noHttp: { value: null, summary: 'Serves no HTTP on an address; the unix socket in the directory stays.' },
    until: { value: oneOf('caught-up'), summary: 'Closes when its topologies have taken all there is and sent what came of it; exit 0.' },
    watch: { value: null, summary: 'Takes what is saved into the files of projections as code, and says what came of it.' },
    acceptLoss: { value: null, summary: 'Opens a damaged store with what is whole, after a copy to quarantine/; lists what is lost.' },
  },
  notes: [
    'When the node is ready, one line is printed. SIGTERM or SIGINT (Ctrl-C) stops taking work, finishes what is under ' +
      'way, closes, and exits 0. A second one, or the end of --drain-timeout, stops at once; what was acknowledged is on disk all the same.',
    'What happens is logged on stderr: as text on a terminal, elsewhere as one object of JSON a line. --log warn leaves out what is in order.',
    'It serves HTTP on http://127.0.0.1:7070 and on a unix socket in the directory; node.json there names its process and its addresses, and other ' +
      'commands ask the node through the socket. Another address than a loopback one lets everybody in who reaches it.',
    'With --cluster and --node it is one of several nodes of one store: what it acknowledges is committed by the NATS servers named there, which ' +
      'it checks and sets up by itself, and any of the nodes answers for all. The number of partitions is that of the node that came first.',
    'With --watch a projection whose module has changed is reloaded, upgraded or rebuilt when a file is saved; one that is broken is named with ' +
      'its line, and what ran goes on. allsource deploy FILE --watch does so for one.',
    'With --until caught-up it is a job that ends: topologies take what is in the log, what they append for one another included, their rows ' +
      'are durable, and their webhooks are answered; windows that are open stay so for the next time. Exit 1 when one fails meanwhile. A ' +
      'receiver that is down is waited for; Ctrl-C ends that. Such a job serves an address only when one is configured.',
  ],
  examples: [
    { line: 'allsource start', does: 'in ./data, made when there is none' },
    { line: 'allsource start --data /var/lib/orders --partitions 8', does: 'a store of its own, with 8 partitions' },
    { line: 'allsource start --cluster nats://a:4222,nats://b:4222,nats://c:4222 --node n1 --zone a', does: 'the node n1 of a cluster' },
    { line: 'allsource start --until caught-up', does: 'fold what is there and end, as in a build or a cron job' },
    { line: 'allsource start --http-port 0', does: 'on any free port; the line says which' },
    { line: 'allsource start --json', does: 'one line of JSON when ready, for scripts' },
  ],
  makesStore: true,
  opensDirectory: true,
  runsTopologies: true,
  endsBySignal: true,
  holdsNode: true,
  async run({ flags: { until, watch, noHttp }, terminal, logger, openNode, signal, directory, serving }) {
    const node = await openNode()
    const isServed = !noHttp && (until === undefined || serving.port !== undefined || serving.host !== undefined)
    const { addresses } = await node.serve(isServed ? serving : { port: null })
    const pid = process.pid
    const { damage } = node
    // Not asked of one that is only to be held open: a worker in code that does not return answers nobody.
    const topologies = until === undefined ? [] : await node.topologies()
    const failedBefore = new Set(topologies.filter(({ status }) => status === 'failed').map(({ name }) => name))
    if (terminal.json) await terminal.record({ ready: true, directory, pid, addresses, ...(damage.length > 0 && { damage }) })
    else await terminal.line(`ready: ${directory}, process ${pid}${addresses['http'] ? `, ${addresses['http']}` : ''}; Ctrl-C stops it`)
    await terminal.flush()
    if (watch) await node.watchModules(change => void printChange(terminal, change))
    if (until !== undefined && (await topologiesCaughtUp(node, { terminal, signal }))) {
      const failed = (await node.topologies()).filter(({ name, status }) => status === 'failed' && !failedBefore.has(name))
      await printTroubles(terminal, failed)
      if (failed.length > 0) return 'failed'
      if (terminal.json) await terminal.record({ caughtUp: true })
      else await terminal.line('caught up: the topologies have taken all there is')
      return undefined
    }
    await untilStopped(signal)
    logger.info({}, 'stopping: what is under way is finished; a second signal stops at once')
    return undefined
  },
})
