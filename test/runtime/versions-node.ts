/**
 * A process that pays, makes savepoints, goes back to them, and deploys and rebuilds new versions over and over, until it is killed:
 * `DIRECTORY FOLDER FIRST_VERSION`. It prints a line a turn.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isEventStoreError, openNode } from '../../runtime/index.ts'
import { payEach, sumsYaml } from './versioned-folder.ts'

const [directory, folder, first] = process.argv.slice(2) as [string, string, string]
const node = await openNode({ directory, epochMs: 10, workers: 2, partitions: 4, shards: 1 })
const file = join(folder, 'sums.yaml')

async function deploy(version: number, rebuild = false): Promise<void> {
  const fold = `initial: { total: 0 }, with: ./sums.ts#add, schemaVersion: ${version}, upgrade: ./sums.ts#keep`
  writeFileSync(file, sumsYaml({ version, fold }).join('\n'))
  await unlessRefused(node.deploy(pathToFileURL(file), { rebuild, workers: 2 }))
}

/** A savepoint of another version would send again, and a rebuild is not to be disturbed. */
async function unlessRefused(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!isEventStoreError(error, 'INVALID')) throw error
  })
}

async function goBack(): Promise<void> {
  const last = (await node.savepoints('sums')).at(-1)
  if (last) await unlessRefused(node.restoreSavepoint('sums', last.id))
}

const deployed = (await node.topologies())[0]
let version = Math.max(Number(first), deployed?.version ?? 0)
if (deployed === undefined) await deploy(version)
for (let turn = 0; ; turn++) {
  await payEach(node, 20)
  const savepoints = await node.savepoints('sums')
  if (savepoints.length > 2) await node.dropSavepoint('sums', savepoints[0]!.id)
  await node.savepoint('sums')
  await payEach(node, 5)
  if (turn % 3 === 2) await deploy(++version, turn % 2 === 0)
  else await goBack()
  console.log(turn)
}
