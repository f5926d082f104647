/** The shared log on three real servers keeps the contract. */
import { test } from 'uvu'
import { openSharedLog, prepareNats, streamsFor } from '../../cluster/jetstream.ts'
import { sharedLogContract } from '../contract/cluster/shared-log.ts'
import { startNatsServers } from '../fixtures/nats-servers.ts'

const partitions = 128
const nats = await startNatsServers()
const options = { servers: nats.urls, monitors: nats.monitors, name: 'shop', partitions, streams: streamsFor(partitions), replicas: 3 }
await prepareNats(options)

sharedLogContract(test, { name: 'JetStream', partitions, open: () => openSharedLog(options) })
test.after(() => nats.close())

test.run()
