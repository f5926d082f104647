/** The permission file is enough: all contracts are kept as the user it names; and no more than enough: that user is refused everywhere else. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, errors, type NatsConnection, nkeyAuthenticator, nkeys } from '@nats-io/transport-node'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openBus, openRegistry, openSharedLog, prepareNats } from '../../cluster/jetstream.ts'
import { natsConfig } from '../../cluster/nats-config.ts'
import { isEventStoreError } from '../../event/error.ts'
import { busContract } from '../contract/cluster/bus.ts'
import { registryContract } from '../contract/cluster/registry.ts'
import { sharedLogContract } from '../contract/cluster/shared-log.ts'
import { startNatsServers } from '../fixtures/nats-servers.ts'

const shape = { name: 'shop', partitions: 128, streams: 2, replicas: 1 }
const user = nkeys.createUser()
const place = await mkdtemp(join(tmpdir(), 'allsource-nkey-'))
const nkeySeed = join(place, 'seed')
await writeFile(nkeySeed, `${Buffer.from(user.getSeed()).toString('utf8')}\n`)
const nats = await startNatsServers({ count: 1, configuration: natsConfig({ ...shape, nkey: user.getPublicKey() }) })
const options = { ...shape, servers: nats.urls, monitors: nats.monitors, nkeySeed }
await prepareNats(options)

const name = 'least privilege'
sharedLogContract(test, { name, partitions: shape.partitions, open: () => openSharedLog(options) })
registryContract(test, { name, open: () => openRegistry(options) })
busContract(test, { name, open: () => openBus(options) })

let connection: NatsConnection | undefined
test.before(async () => {
  connection = await connect({ servers: nats.urls, authenticator: nkeyAuthenticator(user.getSeed()), inboxPrefix: '_INBOX.shop' })
})
test.after(async () => {
  await connection?.close()
  await nats.close()
  await rm(place, { recursive: true })
})

test('the user may not publish to others, nor change or delete streams', async () => {
  const refused = [
    'allsource.other.log.0',
    '$KV.ALLSOURCE_other.term.0',
    '_INBOX.other.word',
    '$JS.API.INFO',
    '$JS.API.STREAM.NAMES',
    '$JS.API.STREAM.DELETE.ALLSOURCE_shop_LOG_0',
    '$JS.API.STREAM.UPDATE.ALLSOURCE_shop_LOG_0',
    '$JS.API.STREAM.MSG.DELETE.ALLSOURCE_shop_LOG_0',
    '$JS.API.STREAM.PURGE.KV_ALLSOURCE_shop',
    '$JS.API.STREAM.CREATE.OTHER',
    '$JS.API.STREAM.INFO.ALLSOURCE_shop_LOG_2',
    '$JS.API.STREAM.MSG.GET.OTHER',
    '$JS.API.CONSUMER.CREATE.OTHER.reader',
  ]
  for (const subject of refused) {
    const error = await connection!.request(subject, '{}', { timeout: 10_000 }).then(
      () => undefined,
      (failure: unknown) => failure,
    )
    const causes = error instanceof Error ? [error, error.cause] : []
    assert.ok(
      causes.some(each => each instanceof errors.PermissionViolationError),
      `${subject}: ${String(error)}`,
    )
  }
})

test('the user may not listen to others, nor to what goes into the log', async () => {
  for (const subject of ['>', 'allsource.>', 'allsource.other.bus.>', 'allsource.shop.log.0', '_INBOX.>', '_INBOX.other.>', '$KV.>']) {
    const error = await new Promise<Error | null>(resolve => {
      connection!.subscribe(subject, { callback: failure => resolve(failure) })
    })
    assert.instance(error, errors.PermissionViolationError)
  }
})

test('a cluster of another name is told that it may not', async () => {
  const other = { ...options, name: 'other', connectTimeoutMs: 1000 }
  const error = await prepareNats(other).then(
    () => undefined,
    (failure: unknown) => failure,
  )
  assert.ok(isEventStoreError(error, 'FORBIDDEN'), String(error))
})

test('an unknown user is refused, and told so', async () => {
  const stranger = join(place, 'stranger')
  await writeFile(stranger, nkeys.createUser().getSeed())
  const error = await openBus({ ...options, nkeySeed: stranger }).then(
    () => undefined,
    (failure: unknown) => failure,
  )
  assert.ok(isEventStoreError(error, 'UNAUTHENTICATED'), String(error))
})

test.run()
