/** Child of `flights.soak.ts`: imports the flights, or folds them and dies by kill -9 in the middle. */
import { importFlights } from '../../examples/flights/import.ts'
import { openNode } from '../../runtime/index.ts'

const askEveryMs = 2

interface Task {
  readonly directory: string
  readonly rows: number
  readonly partitions: number
  readonly shards: number
  readonly pageRows: number
  /** Dies when this share of the rows went in; imports when left out. */
  readonly dieAt?: number
}

const task = JSON.parse(process.argv[2] as string) as Task
const { directory, rows, partitions, shards, pageRows, dieAt } = task

if (dieAt === undefined) {
  const node = await openNode({ directory, partitions, shards })
  await importFlights(node, { limit: rows })
  await node.close()
} else {
  // Short epochs, so that also a small fold has some behind it when it dies.
  const node = await openNode({ directory, limits: { pageRows }, epochMs: 10 })
  await node.deploy(new URL('../../examples/flights/topology.yaml', import.meta.url), { until: 'head' })
  for (;;) {
    const [status] = await node.topologies()
    if (status?.status !== 'running') break
    if (status.rowsIn >= rows * dieAt) {
      process.stdout.write(String(status.rowsIn))
      process.kill(process.pid, 'SIGKILL')
    }
    await new Promise(resolve => setTimeout(resolve, askEveryMs))
  }
  // Over before it could die: the parent sees an orderly end and says so.
  await node.close()
}
