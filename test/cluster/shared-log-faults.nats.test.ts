/** The shared log, the registry and the bus through trouble of real servers: nothing acknowledged is lost, and all of them go on by themselves. */
// Deadline: 300 s
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openBus, openRegistry, openSharedLog, prepareNats } from '../../cluster/jetstream.ts'
import { streamOf } from '../../cluster/nats-subjects.ts'
import type { SharedLog } from '../../cluster/shared-log.ts'
import { collect } from '../contract/cluster/log-scene.ts'
import { bytes, text, until } from '../contract/cluster/scene.ts'
import { type NatsServer, startNatsServers } from '../fixtures/nats-servers.ts'
import { grows, loadLog, sameInAll } from './log-load.ts'

const nats = await startNatsServers()
let names = 0

/** A cluster of its own for each test: two partitions in each of two streams. */
async function fresh(): Promise<{ name: string; options: Parameters<typeof openSharedLog>[0]; writer: SharedLog; reader: SharedLog }> {
  const name = `faults${names++}`
  const options = { servers: nats.urls, monitors: nats.monitors, name, partitions: 4, streams: 2, replicas: 3 }
  await prepareNats(options)
  const [writer, reader] = await Promise.all([openSharedLog(options), openSharedLog(options)])
  return { name, options, writer, reader }
}

const partitions = [0, 1, 2, 3]

test.after(() => nats.close())

test('the leader of a stream is killed and comes back', async () => {
  const { name, writer, reader } = await fresh()
  const load = loadLog(writer, partitions)
  const troubles: (string | null)[] = []
  const follower = collect(reader, partitions, { trouble: reason => void troubles.push(reason) })
  await grows(load, 20)
  const leader = await nats.leaderOf(streamOf(name, 0))
  await leader.kill()
  await grows(load, 20)
  await leader.start()
  await nats.healthy()
  await grows(load, 20)
  await load.stop()
  await sameInAll(load, follower, reader)
  assert.ok(load.answers.unknown > 0, 'nobody noticed the kill')
  await Promise.all([writer.close(), reader.close()])
})

test('all servers are killed and come back: appends are unknown meanwhile, followers, watchers and the bus go on', async () => {
  const { options, writer, reader } = await fresh()
  const [registry, bus] = await Promise.all([openRegistry(options), openBus(options)])
  const load = loadLog(writer, partitions)
  const troubles: (string | null)[] = []
  const follower = collect(reader, partitions, { trouble: reason => void troubles.push(reason) })
  const told: unknown[] = []
  const heard: string[] = []
  registry.watch('term.', entry => told.push(entry.value))
  bus.subscribe('word', message => heard.push(text(message.bytes)))
  const first = await registry.write('term.0', 'first', 0)
  assert.is(first.kind, 'written')
  await grows(load, 20)
  await Promise.all(nats.servers.map((server: NatsServer) => server.kill()))
  await until('the bus knows', () => !bus.isConnected)
  bus.publish('word', bytes('lost'))
  assert.is((await registry.write('term.1', 'lost', 0)).kind, 'unknown')
  assert.is((await reader.append(0, 1, [bytes('lost')])).kind, 'unknown')
  await until('the follower says so', () => troubles.at(-1) !== null && troubles.length > 0)
  await Promise.all(nats.servers.map(server => server.start()))
  await nats.healthy()
  await grows(load, 20)
  await load.stop()
  await sameInAll(load, follower, reader)
  assert.is(troubles.at(-1), null)
  await until('the registry writes', async () => (await registry.write('term.2', 'second', 0)).kind !== 'unknown')
  await until('the watcher is told', () => told.includes('second'))
  await until('the bus sends', () => {
    bus.publish('word', bytes('found'))
    return heard.includes('found')
  })
  assert.equal(told, ['first', 'second'])
  assert.ok(!heard.includes('lost'))
  await Promise.all([writer.close(), reader.close(), registry.close(), bus.close()])
})

test.run()
