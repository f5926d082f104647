/** TLS with certificates on both sides, and credentials files, against real servers that ask for them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { openSharedLog, type PrepareOptions, prepareNats } from '../../cluster/jetstream.ts'
import { EventStoreError } from '../../event/error.ts'
import { write } from '../contract/cluster/log-scene.ts'
import { natsOperator } from '../fixtures/nats-jwt.ts'
import { startNatsServers } from '../fixtures/nats-servers.ts'

const shape = { name: 'shop', partitions: 2, streams: 1, replicas: 1, connectTimeoutMs: 1500 }
/** Made with openssl for a hundred years; their keys open nothing else. */
const file = (name: string): string => join(import.meta.dirname, '../fixtures/tls', name)

async function works(options: PrepareOptions): Promise<void> {
  await prepareNats(options)
  const log = await openSharedLog(options)
  await write(log, 0, ['a', 'b'])
  await log.close()
}

async function codeOf(options: PrepareOptions): Promise<string> {
  try {
    await prepareNats(options)
  } catch (error) {
    assert.instance(error, EventStoreError)
    return (error as EventStoreError).code
  }
  throw new Error('it was let in')
}

test('TLS: a server shows a certificate and asks for one', async () => {
  const pair = `cert_file: ${JSON.stringify(file('server.pem'))}, key_file: ${JSON.stringify(file('server-key.pem'))}`
  const nats = await startNatsServers({
    count: 1,
    configuration: `tls { ${pair}, ca_file: ${JSON.stringify(file('ca.pem'))}, verify: true }`,
  })
  try {
    const options = { ...shape, servers: nats.urls.map(url => url.replace('nats:', 'tls:')), monitors: nats.monitors }
    const tls = { ca: file('ca.pem'), certificate: file('client.pem'), key: file('client-key.pem') }
    await works({ ...options, tls })
    assert.is(await codeOf({ ...options, tls: { ca: tls.ca } }), 'UNREACHABLE')
    // An authority that we do not know: the one of the machine, not of the test.
    assert.is(await codeOf({ ...options, tls: { certificate: tls.certificate, key: tls.key } }), 'UNREACHABLE')
  } finally {
    await nats.close()
  }
})

test('credentials: a user of an account signed by an operator', async () => {
  const place = await mkdtemp(join(tmpdir(), 'allsource-credentials-'))
  const [own, strange] = [natsOperator(), natsOperator()]
  const credentials = join(place, 'node.creds')
  const others = join(place, 'strange.creds')
  await writeFile(credentials, own.credentials)
  await writeFile(others, strange.credentials)
  const nats = await startNatsServers({ count: 1, configuration: own.configuration })
  try {
    const options = { ...shape, servers: nats.urls, monitors: nats.monitors }
    await works({ ...options, credentials })
    assert.is(await codeOf({ ...options, credentials: others }), 'UNAUTHENTICATED')
    assert.is(await codeOf(options), 'UNAUTHENTICATED')
    assert.is(await codeOf({ ...options, credentials: join(place, 'nowhere') }), 'INVALID')
  } finally {
    await nats.close()
    await rm(place, { recursive: true })
  }
})

test.run()
