/** `allsource deploy`: puts a topology to work, and with `--until head` waits until it has folded all there is. */
import type { Node } from '../../index.ts'
import { type Call, command } from '../command.ts'
import { fileSummary, topologyPlace } from '../place.ts'
import { printChange, printTopologies, recordOf } from '../topology-output.ts'
import { projectionRebuilt, statusNamed, topologyEnds, untilStopped } from '../topology-wait.ts'
import { oneOf, text, wholeNumber } from '../values.ts'

export const deploy = command({
  name: 'deploy',
  summary: 'Deploys the topology of a file; it runs whenever a node is open.',
  arguments: { file: { value: text('FILE'), summary: fileSummary } },
  flags: {
    until: { value: oneOf('head'), summary: 'Folds what is there now, ends, and waits for it.' },
    accept: { value: null, summary: 'For a new version: goes on though state of the one before is lost or missing.' },
    rebuild: {
      value: null,
      summary: 'Folds it from the first event on beside the version that runs, whose place it takes when it has caught up.',
    },
    workers: {
      value: wholeNumber('W', 1),
      summary: 'Lanes in which its keyed steps run side by side, with the same results; one when left out.',
    },
    watch: { value: null, summary: 'Stays, and takes what is saved into the files of a projection, until it is told to stop.' },
  },
  notes: [
    'Without --until the topology is noted in the store and goes on at every start, from where its last checkpoint was. An ' +
      'ended topology keeps its state; deploying it again needs undeploy first.',
    'A file with a greater version takes the place of the topology that runs, at an epoch: steps of the same id and meaning keep their state. ' +
      'What would be lost is named and refused without --accept; diff says so beforehand. With --rebuild nothing is lost: the new version is ' +
      'folded from the first event on, unseen, while the old one serves; a bar shows how far it is, and Ctrl-C stops waiting, not the rebuild. ' +
      'rebuild cancel gives it up.',
    'A module may hold a projection as code. One of a name that is deployed takes the place of the one before: with the same revision it goes on ' +
      'where that stood, with another its rows are upgraded or folded anew, which a bar shows.',
    'With --watch each save is taken while events flow. A file that is broken is named with its line, and what ran goes on. SIGTERM or SIGINT ' +
      '(Ctrl-C) ends it, exit 0. Where a node runs already, that node watches the files, and topologies shows what it refuses.',
    'lint says what is wrong with a topology before it is deployed, run --dry shows what it would do, and test runs the tests beside it.',
  ],
  examples: [
    { line: 'allsource deploy orders.yaml', does: 'deploy; allsource start then runs it' },
    { line: 'allsource deploy totals.ts --watch', does: 'a projection as code, taken anew at each save' },
    { line: 'allsource deploy pipeline.ts --until head', does: 'fold what is there, wait, and print how it ended' },
  ],
  makesStore: true,
  runsTopologies: true,
  async run({
    arguments: { file },
    flags: { until, watch, accept, rebuild, workers },
    terminal,
    open,
    isRunning,
    signal,
    workingDirectory,
  }) {
    const { url, export: exported } = topologyPlace(file, workingDirectory)
    const node = await open()
    const { name, update } = await node.deploy(new URL(url), {
      ...(until !== undefined && { until }),
      ...(watch && { watch }),
      ...(accept && { accept }),
      ...(rebuild && { rebuild }),
      ...(workers !== undefined && { workers }),
      ...(exported !== undefined && { export: exported }),
    })
    if (until !== undefined) await topologyEnds(node, name, { terminal, signal })
    if (update === 'rebuilding') await projectionRebuilt(node, name, { terminal, signal })
    const status = await statusNamed(node, name)
    if (terminal.json) await terminal.record({ ...recordOf(status), ...(update && { update }) })
    else await printTopologies(terminal, [status])
    if (update !== undefined) terminal.remark(`${name} has taken the place of the one before: ${update}`)
    // A node in another process watches the files itself.
    if (watch && 'watchModules' in node) return changesShown(node as Node, { terminal, signal })
    if (until === undefined)
      terminal.remark(
        isRunning()
          ? `it runs in the node${watch ? ', which takes each save of its files' : ''}`
          : 'it runs while a node is open: allsource start',
      )
    else if (signal.aborted)
      terminal.remark(
        `stopped waiting; it goes on ${isRunning() ? 'in the node' : 'from its last checkpoint when the store is opened again'}`,
      )
    return status.status === 'failed' ? 'failed' : undefined
  },
})

/** Until a signal comes, which is the ordinary end. */
async function changesShown(node: Node, { terminal, signal }: Pick<Call, 'terminal' | 'signal'>): Promise<'stopped'> {
  await node.watchModules(change => void printChange(terminal, change))
  terminal.remark('watching the files of the module; Ctrl-C stops it')
  await untilStopped(signal)
  return 'stopped'
}
