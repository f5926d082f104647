/** Which NATS a cluster takes: real servers that are lazy, hidden, too few, too small, too old, or hold streams of somebody else. */
// Deadline: 240 s
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jetstreamManager, type StreamConfig } from '@nats-io/jetstream'
import { connect, nkeys } from '@nats-io/transport-node'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type PrepareOptions, prepareNats, type ServersReport } from '../../cluster/jetstream.ts'
import { EventStoreError } from '../../event/error.ts'
import { type NatsServers, type NatsServersOptions, startNatsServers } from '../fixtures/nats-servers.ts'

const shape = { name: 'shop', partitions: 8, streams: 2, connectTimeoutMs: 2000 }

async function withServers(options: NatsServersOptions, work: (nats: NatsServers) => Promise<void>): Promise<void> {
  const nats = await startNatsServers(options)
  try {
    await work(nats)
  } finally {
    await nats.close()
  }
}

/** The sentence of a refusal. */
async function refused(options: PrepareOptions): Promise<string> {
  try {
    await prepareNats(options)
  } catch (error) {
    assert.instance(error, EventStoreError)
    assert.is((error as EventStoreError).code, 'INCOMPATIBLE')
    return (error as EventStoreError).message
  }
  throw new Error('it was taken')
}

test('three servers that sync always are taken by several nodes at once, again, and with one of them down', () =>
  withServers({}, async nats => {
    const options = { ...shape, servers: nats.urls, monitors: nats.monitors, replicas: 3 }
    const reports = await Promise.all([1, 2, 3].map(() => prepareNats(options)))
    for (const report of reports) {
      assert.equal(report.notPromised, [])
      assert.equal(report.servers.map(server => `${server.name} ${server.sync}`).sort(), ['s1 always', 's2 always', 's3 always'])
    }
    await nats.servers[0]!.kill()
    const report = await prepareNats(options)
    assert.equal(report.notPromised, [])
    assert.is(report.servers.length, 2)
    const connection = await connect({ servers: nats.urls })
    const jetstream = await jetstreamManager(connection)
    const { config } = await jetstream.streams.info('ALLSOURCE_shop_LOG_1')
    assert.equal(config.subjects, ['allsource.shop.log.1', 'allsource.shop.log.3', 'allsource.shop.log.5', 'allsource.shop.log.7'])
    await jetstream.streams.info('ALLSOURCE_shop_LOG_0')
    // What another cluster of this name would want is refused, with what differs.
    assert.match(await refused({ ...options, partitions: 16 }), /ALLSOURCE_shop_LOG_0.*subjects is 4 subjects.*not 8 subjects/)
    assert.match(await refused({ ...options, replicas: 1 }), /num_replicas is 3, not 1/)
    await jetstream.streams.add({ name: 'FOREIGN', subjects: ['allsource.other.>'] })
    assert.match(await refused({ ...options, name: 'other' }), /Another stream of NATS takes the subjects of ALLSOURCE_other_LOG_0/)
    await connection.close()
  }))

test('a stream that was made otherwise is refused, with every difference', () =>
  withServers({ count: 1 }, async nats => {
    const options = { ...shape, servers: nats.urls, monitors: nats.monitors, replicas: 1 }
    const connection = await connect({ servers: nats.urls })
    const jetstream = await jetstreamManager(connection)
    const subjects = [0, 2, 4, 6].map(partition => `allsource.shop.log.${partition}`)
    const wrong: Partial<StreamConfig>[] = [
      { storage: 'memory' },
      { retention: 'workqueue' },
      { discard: 'old' },
      { max_age: 3600e9 },
      { max_bytes: 1e9 },
      { max_msgs: 1e6 },
      { max_msgs_per_subject: 5 },
      { allow_direct: true },
      { allow_atomic: false },
      { deny_purge: true },
      { allow_rollup_hdrs: true },
      { republish: { src: '>', dest: 'copy.>' } },
    ]
    for (const part of wrong) {
      const field = Object.keys(part)[0]!
      const whole = { storage: 'file', discard: 'new', allow_atomic: true, deny_delete: true, max_msgs_per_subject: -1 } as const
      await jetstream.streams.add({ name: 'ALLSOURCE_shop_LOG_0', subjects, ...whole, ...part })
      assert.match(await refused(options), new RegExp(`ALLSOURCE_shop_LOG_0.*: ${field} is [^;]*$`))
      await jetstream.streams.delete('ALLSOURCE_shop_LOG_0')
    }
    await connection.close()
    await prepareNats(options)
  }))

test('lazy servers are refused, unless that is allowed, and then it is said', () =>
  withServers({ count: 1, syncInterval: '2m' }, async nats => {
    const options = { ...shape, servers: nats.urls, monitors: nats.monitors, replicas: 1 }
    assert.match(await refused(options), /s1 acknowledges what it has not synced.*sync_interval: always/)
    const { notPromised } = await prepareNats({ ...options, allowLazySync: true })
    assert.match(notPromised.join('\n'), /s1 acknowledges what it has not synced/)
    assert.match(notPromised.join('\n'), /kept by 1 server/)
  }))

test('servers whose setting can not be seen are refused, unless that is allowed', () =>
  withServers({ count: 1, monitoring: false }, async nats => {
    const options = { ...shape, servers: nats.urls, monitors: nats.monitors, replicas: 1 }
    assert.match(await refused(options), /can not be seen/)
    const { notPromised } = await prepareNats({ ...options, allowLazySync: true })
    assert.match(notPromised.join('\n'), /can not be seen/)
    // Without a monitoring port it is NATS that says there are not enough.
    assert.match(await refused({ ...options, name: 'three', replicas: 3, allowLazySync: true }), /not enough JetStream servers/)
  }))

test('a user of the system account sees all servers, without a monitoring port', async () => {
  const place = await mkdtemp(join(tmpdir(), 'allsource-nkey-'))
  const [system, node] = [nkeys.createUser(), nkeys.createUser()]
  const seeds = { system: join(place, 'system'), node: join(place, 'node') }
  await writeFile(seeds.system, system.getSeed())
  await writeFile(seeds.node, node.getSeed())
  const configuration = `
    system_account: SYS
    accounts {
      SYS: { users: [{ nkey: ${system.getPublicKey()} }] }
      SHOP: { jetstream: enabled, users: [{ nkey: ${node.getPublicKey()} }] }
    }`
  const see = (nats: NatsServers): Promise<ServersReport> =>
    prepareNats({
      ...shape,
      servers: nats.urls,
      replicas: nats.servers.length,
      nkeySeed: seeds.node,
      systemAccount: { nkeySeed: seeds.system },
    })
  await withServers({ configuration, monitoring: false, count: 3 }, async nats => {
    const { servers, notPromised } = await see(nats)
    assert.equal([servers.length, servers.every(server => server.sync === 'always'), notPromised], [3, true, []])
  })
  await withServers({ configuration, monitoring: false, count: 1, syncInterval: '1s' }, async nats => {
    const error = await see(nats).then(
      () => undefined,
      (failure: EventStoreError) => failure,
    )
    assert.match(error?.message ?? '', /s1 acknowledges what it has not synced/)
  })
  await rm(place, { recursive: true })
})

test('too few servers and small messages are refused', async () => {
  await withServers({ count: 1 }, async nats => {
    const options = { ...shape, servers: nats.urls, monitors: nats.monitors, replicas: 3 }
    assert.match(await refused(options), /3 replicas need 3 NATS servers.*there is 1/)
  })
  await withServers({ count: 1, maxPayload: 500_000 }, async nats => {
    assert.match(await refused({ ...shape, servers: nats.urls, monitors: nats.monitors, replicas: 1 }), /max_payload must be 1 MiB/)
  })
})

test('a server that is too old is refused', async () => {
  // No such server is fetched for this: one that says so is enough.
  const old = createServer(socket => {
    const info = { server_id: 'OLD', server_name: 'old', version: '2.11.9', max_payload: 1 << 20, headers: true, proto: 1, jetstream: true }
    socket.write(`INFO ${JSON.stringify(info)}\r\n`)
    socket.on('data', data => {
      if (data.includes('PING')) socket.write('PONG\r\n')
    })
    socket.on('error', () => undefined)
  }).listen(0, '127.0.0.1')
  await once(old, 'listening')
  const { port } = old.address() as AddressInfo
  assert.match(
    await refused({ ...shape, servers: [`nats://127.0.0.1:${port}`], replicas: 1 }),
    /old is 2\.11\.9; it must be 2\.12 or newer/,
  )
  old.close()
})

test('where nobody listens, that is said', async () => {
  const error = await prepareNats({ ...shape, connectTimeoutMs: 200, servers: ['nats://127.0.0.1:1'], replicas: 1 }).then(
    () => undefined,
    (failure: EventStoreError) => failure,
  )
  assert.is(error?.code, 'UNREACHABLE')
})

test.run()
