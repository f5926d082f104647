/** `allsource deploy`: puts a topology to work, and with `--until head` waits until it has folded all there is. */
import { command } from '../command.ts'
import { fileSummary, topologyPlace } from '../place.ts'
import { printTopologies, recordOf } from '../topology-output.ts'
import { statusNamed, topologyEnds } from '../topology-wait.ts'
import { oneOf, text } from '../values.ts'

export const deploy = command({
  name: 'deploy',
  summary: 'Deploys the topology of a file; it runs whenever a node is open.',
  arguments: { file: { value: text('FILE'), summary: fileSummary } },
  flags: { until: { value: oneOf('head'), summary: 'Folds what is there now, ends, and waits for it.' } },
  notes: [
    'Without --until the topology is noted in the store and goes on at every start, from where its last checkpoint was. An ' +
      'ended topology keeps its state; deploying it again needs undeploy first.',
    'lint says what is wrong with a topology before it is deployed, run --dry shows what it would do, and test runs the tests beside it.',
  ],
  examples: [
    { line: 'allsource deploy orders.yaml', does: 'deploy; allsource start then runs it' },
    { line: 'allsource deploy pipeline.ts --until head', does: 'fold what is there, wait, and print how it ended' },
  ],
  makesStore: true,
  runsTopologies: true,
  async run({ arguments: { file }, flags: { until }, terminal, open, isRunning, signal, workingDirectory }) {
    const { url, export: exported } = topologyPlace(file, workingDirectory)
    const node = await open()
    const { name } = await node.deploy(new URL(url), {
      ...(until !== undefined && { until }),
      ...(exported !== undefined && { export: exported }),
    })
    if (until !== undefined) await topologyEnds(node, name, { terminal, signal })
    const status = await statusNamed(node, name)
    if (terminal.json) await terminal.record(recordOf(status))
    else await printTopologies(terminal, [status])
    if (until === undefined) terminal.remark(isRunning() ? 'it runs in the node' : 'it runs while a node is open: allsource start')
    else if (signal.aborted)
      terminal.remark(
        `stopped waiting; it goes on ${isRunning() ? 'in the node' : 'from its last checkpoint when the store is opened again'}`,
      )
    return status.status === 'failed' ? 'failed' : undefined
  },
})
