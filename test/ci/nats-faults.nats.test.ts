/** The shared log through one trouble of NATS after another, while writers write and a follower follows all the time. */
// Deadline: 600 s
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openSharedLog, prepareNats } from '../../cluster/jetstream.ts'
import { streamOf } from '../../cluster/nats-subjects.ts'
import { grows, loadLog, sameInAll } from '../cluster/log-load.ts'
import { collect } from '../contract/cluster/log-scene.ts'
import { pause } from '../contract/cluster/scene.ts'
import { type NatsServer, startNatsServers } from '../fixtures/nats-servers.ts'

const nats = await startNatsServers()
const options = { servers: nats.urls, monitors: nats.monitors, name: 'shop', partitions: 8, streams: 4, replicas: 3 }
await prepareNats(options)

async function killed(servers: readonly NatsServer[], meanwhile: () => Promise<unknown>): Promise<void> {
  await Promise.all(servers.map(server => server.kill()))
  await meanwhile()
  await Promise.all(servers.map(server => server.start()))
}

const troubles: Readonly<Record<string, (commits: () => Promise<void>) => Promise<void>>> = {
  'the leader of a stream is killed': async commits => killed([await nats.leaderOf(streamOf('shop', 2))], commits),
  'the leader of JetStream is killed': async commits => killed([await nats.metaLeader()], commits),
  'each server in turn is killed': async commits => {
    for (const server of nats.servers) {
      await killed([server], commits)
      await nats.healthy()
    }
  },
  'the leader of a stream stands still': async commits => {
    const leader = await nats.leaderOf(streamOf('shop', 1))
    leader.pause()
    await commits()
    leader.resume()
  },
  'a server stands still for less than anybody notices': async () => {
    const leader = await nats.leaderOf(streamOf('shop', 0))
    leader.pause()
    await pause(700)
    leader.resume()
  },
  'two are killed, so that there is no quorum': async () => killed(nats.servers.slice(0, 2), () => pause(3000)),
  'all stand still': async () => {
    for (const server of nats.servers) server.pause()
    await pause(5000)
    for (const server of nats.servers) server.resume()
  },
  'one ends, loses its disk and comes back': async commits => {
    const server = nats.servers[1]!
    await server.end()
    await commits()
    await rm(join(nats.directory, server.name, 'store'), { recursive: true })
    await server.start()
  },
  'all are killed': async () => killed(nats.servers, () => pause(500)),
}

test.after(() => nats.close())

test('nothing acknowledged is lost, doubled or out of order', async () => {
  const [writer, reader] = await Promise.all([openSharedLog(options), openSharedLog(options)])
  const partitions = Array.from({ length: options.partitions }, (_, partition) => partition)
  const load = loadLog(writer, partitions)
  const follower = collect(reader, partitions)
  await grows(load, 10)
  for (const [trouble, make] of Object.entries(troubles)) {
    console.log(trouble)
    await make(() => grows(load, 10))
    await nats.healthy()
    await grows(load, 10)
  }
  await load.stop()
  await sameInAll(load, follower, reader)
  console.log(JSON.stringify(load.answers))
  assert.ok(load.answers.unknown > 0)
  await Promise.all([writer.close(), reader.close()])
})

test.run()
