/** A node that does not belong to a cluster, or whose NATS does not keep what it says, is refused before it serves anything. */
// Deadline: 240 s
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import { EventStoreError } from '../../../event/error.ts'
import { type ClusterOptions, openNode, type OpenOptions } from '../../../runtime/index.ts'
import { type NatsServers, startNatsServers } from '../../fixtures/nats-servers.ts'

const refusals = suite('refusals')
let root: string
let nats: NatsServers
let made = 0

refusals.before(async () => {
  root = await mkdtemp(join(tmpdir(), 'allsource-refusals-'))
  nats = await startNatsServers({ count: 1 })
})

refusals.after(async () => {
  await nats.close()
  await rm(root, { recursive: true, force: true })
})

const newDirectory = (): string => join(root, `d${made++}`)

function options(directory: string, cluster: Partial<ClusterOptions> = {}, servers = nats): OpenOptions {
  const { urls, monitors } = servers
  return { directory, shards: 1, cluster: { servers: urls, monitors, node: 'n1', name: 'shop', replicas: 1, ...cluster } }
}

async function refusalOf(asked: OpenOptions): Promise<EventStoreError> {
  try {
    const node = await openNode(asked)
    await node.close()
  } catch (error) {
    assert.instance(error, EventStoreError)
    return error as EventStoreError
  }
  throw new Error('it opened')
}

async function expectIncompatible(asked: OpenOptions, says: RegExp): Promise<void> {
  const error = await refusalOf(asked)
  assert.is(error.code, 'INCOMPATIBLE')
  assert.match(error.message, says)
}

refusals('the directory of another cluster', async () => {
  const directory = newDirectory()
  await (await openNode({ ...options(directory, { name: 'other' }), partitions: 2 })).close()
  await (await openNode({ ...options(newDirectory()), partitions: 2 })).close()
  await expectIncompatible(options(directory), /holds the store [0-9a-f]{16}, but the cluster shop is the store/)
})

refusals('the directory of a node by itself, which stays as it is', async () => {
  const directory = newDirectory()
  const alone = await openNode({ directory, partitions: 2, shards: 1 })
  await alone.appendToStream('s', { type: 'a', data: 1 })
  await alone.close()
  await expectIncompatible(options(directory), /holds the store/)
  await expectIncompatible(options(directory, { name: 'none-yet' }), /does not exist; start the node with an empty directory/)
  const again = await openNode({ directory })
  assert.is(await again.streamVersion('s'), 1)
  await again.close()
})

refusals('another number of partitions', async () => {
  await (await openNode({ ...options(newDirectory()), partitions: 2 })).close()
  await expectIncompatible({ ...options(newDirectory()), partitions: 4 }, /has 2 partitions, not 4/)
})

refusals('the id of a node that runs, which goes on', async () => {
  const first = await openNode(options(newDirectory()))
  try {
    await expectIncompatible(options(newDirectory()), /n1/)
    await first.appendToStream('still', { type: 'a', data: 1 })
    assert.is(await first.streamVersion('still'), 1)
  } finally {
    await first.close()
  }
})

refusals('fewer NATS servers than replicas', () =>
  expectIncompatible(options(newDirectory(), { name: 'three', replicas: 3 }), /3 replicas need 3 NATS servers/),
)

refusals('NATS that syncs now and then, unless that is allowed, and then the status says so', async () => {
  const lazy = await startNatsServers({ count: 1, syncInterval: '2m' })
  try {
    await expectIncompatible(options(newDirectory(), {}, lazy), /acknowledges what it has not synced/)
    const node = await openNode({ ...options(newDirectory(), { allowLazySync: true }, lazy), partitions: 2 })
    const { nats: status } = await node.cluster!.status()
    assert.ok(status.notPromised.some(sentence => sentence.includes('not synced')))
    await node.close()
  } finally {
    await lazy.close()
  }
})

refusals.run()
