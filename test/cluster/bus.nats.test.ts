/** The bus on three real servers keeps the contract. */
import { test } from 'uvu'
import { openBus, prepareNats } from '../../cluster/jetstream.ts'
import { busContract } from '../contract/cluster/bus.ts'
import { startNatsServers } from '../fixtures/nats-servers.ts'

const nats = await startNatsServers()
const options = { servers: nats.urls, monitors: nats.monitors, name: 'shop', partitions: 1, streams: 1, replicas: 3 }
await prepareNats(options)

busContract(test, { name: 'NATS', open: () => openBus(options) })
test.after(() => nats.close())

test.run()
