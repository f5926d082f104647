/** The registry on three real servers keeps the contract. */
import { test } from 'uvu'
import { openRegistry, prepareNats } from '../../cluster/jetstream.ts'
import { registryContract } from '../contract/cluster/registry.ts'
import { startNatsServers } from '../fixtures/nats-servers.ts'

const nats = await startNatsServers()
const options = { servers: nats.urls, monitors: nats.monitors, name: 'shop', partitions: 1, streams: 1, replicas: 3 }
await prepareNats(options)

registryContract(test, { name: 'NATS', open: () => openRegistry(options) })
test.after(() => nats.close())

test.run()
