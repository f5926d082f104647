/** `allsource deploy`: puts a topology to work, and with `--until head` waits until it has folded all there is. */
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { EventStoreError } from '../../../event/error.ts'
import type { Node, TopologyStatus } from '../../index.ts'
import { type Call, command } from '../command.ts'
import { oneOf, text } from '../values.ts'
import { printTopologies, recordOf } from '../topology-output.ts'

const pollMs = 200

export const deploy = command({
  name: 'deploy',
  summary: 'Deploys the topology of a module; it runs whenever a node is open.',
  arguments: { file: { value: text('FILE'), summary: 'A TypeScript or JavaScript module whose default export is the topology.' } },
  flags: { until: { value: oneOf('head'), summary: 'Folds what is there now, ends, and waits for it.' } },
  notes: [
    'Without --until the topology is noted in the store and goes on at every start, from where its last checkpoint was. An ' +
      'ended topology keeps its state; deploying it again needs undeploy first.',
  ],
  examples: [
    { line: 'allsource deploy orders.ts', does: 'deploy; allsource start then runs it' },
    { line: 'allsource deploy pipeline.ts --until head', does: 'fold what is there, wait, and print how it ended' },
  ],
  makesStore: true,
  runsTopologies: true,
  async run({ arguments: { file }, flags: { until }, terminal, open, signal, workingDirectory }) {
    const path = resolve(workingDirectory, file)
    if (!existsSync(path)) throw new EventStoreError('NOT_FOUND', `there is no file ${path}`, { file: path })
    const node = await open()
    const { name } = await node.deploy(pathToFileURL(path), until === undefined ? {} : { until })
    if (until !== undefined) await ended(node, name, { terminal, signal })
    const status = await statusOf(node, name)
    if (terminal.json) await terminal.record(recordOf(status))
    else await printTopologies(terminal, [status])
    if (until === undefined) terminal.remark('it runs while a node is open: allsource start')
    else if (signal.aborted) terminal.remark('stopped waiting; it goes on from its last checkpoint when the store is opened again')
    return status.status === 'failed' ? 'failed' : undefined
  },
})

async function statusOf(node: Node, name: string): Promise<TopologyStatus> {
  const status = (await node.topologies()).find(one => one.name === name)
  if (!status) throw new EventStoreError('NOT_FOUND', `topology ${name} is not deployed`, { topology: name })
  return status
}

/** Resolves when the topology has ended or failed, or when a signal says not to wait. */
async function ended(node: Node, name: string, { terminal, signal }: Pick<Call, 'terminal' | 'signal'>): Promise<void> {
  const progress = terminal.progress(name, 'bar')
  let hasEnded = false
  const end = node.topologyEnded(name).then(() => (hasEnded = true))
  const stopped = new Promise<void>(resolve => signal.addEventListener('abort', () => resolve(), { once: true }))
  try {
    while (!hasEnded && !signal.aborted) {
      const { rowsIn, lagEvents, late, dead } = await statusOf(node, name)
      const count = (value: number): string => value.toLocaleString('en-US')
      progress.update(
        rowsIn + lagEvents === 0 ? null : rowsIn / (rowsIn + lagEvents),
        `${count(rowsIn)} rows, ${count(lagEvents)} to go, ${count(late)} late, ${count(dead)} dead`,
      )
      await firstOf([end, stopped], pollMs)
    }
  } finally {
    progress.end()
  }
}

async function firstOf(promises: readonly Promise<unknown>[], ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([...promises, new Promise(resolve => (timer = setTimeout(resolve, ms)))]).finally(() => clearTimeout(timer))
}
