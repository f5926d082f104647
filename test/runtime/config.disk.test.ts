/** Configuration by file, environment and flags: precedence, and mistakes that name where they stand. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EventStoreError } from '../../event/error.ts'
import { checkClusterOptions } from '../../runtime/cluster/cluster-options.ts'
import { type ConfigurationInput, environmentNameOf, flagNameOf, readConfiguration } from '../../runtime/config.ts'

interface Given extends Omit<ConfigurationInput, 'workingDirectory'> {
  /** Content of `allsource.json`, as an object or as text. */
  readonly json?: unknown
}

function read({ json, ...input }: Given) {
  const workingDirectory = mkdtempSync(join(tmpdir(), 'allsource-config-'))
  try {
    if (json !== undefined) writeFileSync(join(workingDirectory, 'allsource.json'), typeof json === 'string' ? json : JSON.stringify(json))
    const configuration = readConfiguration({ environment: {}, ...input, workingDirectory })
    return { ...configuration, workingDirectory }
  } finally {
    rmSync(workingDirectory, { recursive: true })
  }
}

/** What is refused: the code, and the settings and origins it names. */
function refusal(given: Given): { code: string; named: string[]; message: string } {
  try {
    read(given)
  } catch (error) {
    if (!(error instanceof EventStoreError)) throw error
    const problems = (error.details['problems'] ?? []) as { key: string; origin: string }[]
    const named = problems.map(({ key, origin }) => `${key} @ ${origin.replace(/.*[/\\]/, '')}`)
    return { code: error.code, named, message: error.message }
  }
  throw new Error('it was accepted')
}

test('with nothing given, the directory is ./data and the node decides the rest', () => {
  const { options, origins, workingDirectory } = read({})
  assert.equal(options, { directory: join(workingDirectory, 'data') })
  assert.is(origins.size, 0)
})

test('file < environment < flags, each remembered with where it came from', () => {
  const { options, origins, workingDirectory } = read({
    json: { partitions: 8, shards: 2, durability: 'os', limits: { eventBytes: 10, tags: 3 } },
    environment: { ALLSOURCE_SHARDS: '4', ALLSOURCE_DURABILITY: 'memory', ALLSOURCE_LIMITS_EVENT_BYTES: '20' },
    flags: { durability: 'disk', partitions: undefined },
  })
  assert.equal(options, {
    directory: join(workingDirectory, 'data'),
    partitions: 8,
    shards: 4,
    durability: 'disk',
    limits: { eventBytes: 20, tags: 3 },
  })
  assert.is(origins.get('partitions'), join(workingDirectory, 'allsource.json'))
  assert.is(origins.get('shards'), 'ALLSOURCE_SHARDS')
  assert.is(origins.get('durability'), '--durability')
})

test('a directory in a file is relative to the file, elsewhere to the working directory', () => {
  const folder = mkdtempSync(join(tmpdir(), 'allsource-config-'))
  writeFileSync(join(folder, 'node.json'), '{ "data": "store" }')
  try {
    assert.is(read({ file: join(folder, 'node.json') }).options.directory, join(folder, 'store'))
    assert.is(read({ environment: { ALLSOURCE_CONFIG: join(folder, 'node.json') } }).options.directory, join(folder, 'store'))
    const { options, workingDirectory } = read({ file: join(folder, 'node.json'), environment: { ALLSOURCE_DATA: 'elsewhere' } })
    assert.is(options.directory, resolve(workingDirectory, 'elsewhere'))
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('the settings of a cluster become its options; files stand beside the file that names them', () => {
  const { options, workingDirectory } = read({
    json: { cluster: 'nats://a:4222, tls://b:4222', node: 'n1', replicas: 1, natsCa: 'ca.pem', natsNkey: '/etc/nats.nk' },
    environment: { ALLSOURCE_ZONE: 'a', ALLSOURCE_ALLOW_LAZY_SYNC: 'true', ALLSOURCE_NATS_SERVER: '/usr/bin/nats-server' },
    flags: { name: 'shop', natsMonitor: 'http://a:8222,http://b:8222', node: 'n2' },
  })
  assert.equal(options.cluster, {
    servers: ['nats://a:4222', 'tls://b:4222'],
    node: 'n2',
    zone: 'a',
    name: 'shop',
    replicas: 1,
    allowLazySync: true,
    monitors: ['http://a:8222', 'http://b:8222'],
    nkeySeed: '/etc/nats.nk',
    tls: { ca: join(workingDirectory, 'ca.pem') },
  })
})

test('a cluster that the environment names needs a node only where one is opened', () => {
  const { options } = read({ environment: { ALLSOURCE_CLUSTER: 'nats://a:4222' } })
  assert.equal(options.cluster?.servers, ['nats://a:4222'])
  assert.throws(() => checkClusterOptions(options.cluster!), /cluster\.node is missing .*ALLSOURCE_NODE/)
})

test('where others are to ask the node is said when it serves', () => {
  assert.equal(read({ flags: { advertise: 'http://shop-1.internal:7070' } }).serving, { advertise: 'http://shop-1.internal:7070' })
  assert.equal(refusal({ flags: { advertise: 'shop-1:7070' } }).named, ['advertise @ --advertise'])
})

const mistakes: { what: string; given: Given; named: string[]; says?: RegExp }[] = [
  { what: 'an unknown key', given: { json: { partitons: 8 } }, named: ['partitons @ allsource.json'], says: /partitions/ },
  {
    what: 'an unknown limit',
    given: { json: { limits: { eventByte: 8 } } },
    named: ['limits.eventByte @ allsource.json'],
    says: /limits\.eventBytes/,
  },
  { what: 'limits that are no object', given: { json: { limits: 5 } }, named: ['limits @ allsource.json'] },
  { what: 'a number as text in the file', given: { json: { partitions: '8' } }, named: ['partitions @ allsource.json'] },
  { what: 'a number out of range', given: { flags: { partitions: '4097' } }, named: ['partitions @ --partitions'] },
  { what: 'a cluster without a node', given: { flags: { cluster: 'nats://a:4222' } }, named: ['cluster @ --cluster'], says: /needs node/ },
  {
    what: 'a node without a cluster',
    given: { environment: { ALLSOURCE_NODE: 'n1' } },
    named: ['node @ ALLSOURCE_NODE'],
    says: /needs cluster/,
  },
  { what: 'no NATS server', given: { flags: { cluster: 'a:4222', node: 'n1' } }, named: ['cluster @ --cluster'] },
  {
    what: 'no switch',
    given: { flags: { cluster: 'nats://a:4222', node: 'n1' }, json: { allowLazySync: 'yes' } },
    named: ['allowLazySync @ allsource.json'],
  },
  {
    what: 'an even number of replicas',
    given: { json: { cluster: 'nats://a:4222', node: 'n1', replicas: 2 } },
    named: ['replicas @ allsource.json'],
  },
  {
    what: 'a key without its certificate, and two ways to come in',
    given: { json: { cluster: 'nats://a:4222', node: 'n1', natsKey: 'k', natsNkey: 'n', natsCredentials: 'c' } },
    named: ['natsKey @ allsource.json', 'natsNkey @ allsource.json'],
  },
  { what: 'no number', given: { environment: { ALLSOURCE_SHARDS: 'two' } }, named: ['shards @ ALLSOURCE_SHARDS'] },
  { what: 'a fraction', given: { json: { epochMs: 0.5 } }, named: ['epochMs @ allsource.json'] },
  {
    what: 'a word that is none of the choices',
    given: { flags: { durability: 'paper' } },
    named: ['durability @ --durability'],
    says: /memory, os, disk/,
  },
  { what: 'an empty directory', given: { environment: { ALLSOURCE_DATA: '' } }, named: ['data @ ALLSOURCE_DATA'] },
  {
    what: 'a misspelt variable',
    given: { environment: { ALLSOURCE_PARTITION: '8' } },
    named: ['ALLSOURCE_PARTITION @ environment'],
    says: /ALLSOURCE_PARTITIONS/,
  },
  { what: 'a file that is not JSON', given: { json: '{ "partitions": ' }, named: [], says: /allsource\.json/ },
  { what: 'a file that holds no object', given: { json: [] }, named: [], says: /allsource\.json/ },
  { what: 'a named file that is not there', given: { file: 'none.json' }, named: [], says: /--config.*none\.json/ },
  {
    what: 'the name of a method of objects',
    given: { json: '{ "constructor": 1, "limits": { "toString": 2 } }' },
    named: ['constructor @ allsource.json', 'limits.toString @ allsource.json'],
  },
  {
    what: 'several at once',
    given: { json: { shards: 0 }, environment: { ALLSOURCE_WORKERS: '-1' }, flags: { epochMs: 'soon' } },
    named: ['shards @ allsource.json', 'workers @ ALLSOURCE_WORKERS', 'epochMs @ --epoch-ms'],
  },
]

for (const { what, given, named, says } of mistakes) {
  test(`refuses ${what}`, () => {
    const { code, named: actual, message } = refusal(given)
    assert.is(code, 'INVALID')
    assert.equal(actual, named)
    if (says) assert.match(message, says)
  })
}

test('variables of an orchestrator with our prefix are left alone', () => {
  const environment = {
    ALLSOURCE_SERVICE_HOST: '10.0.0.1',
    ALLSOURCE_PORT_7070_TCP: 'tcp://10.0.0.1:7070',
    ALLSOURCE_PORT: 'tcp://10.0.0.1:7070',
  }
  assert.is(read({ environment }).origins.size, 0)
})

test('names in the environment and of flags follow from the key', () => {
  assert.is(environmentNameOf('limits.eventBytes'), 'ALLSOURCE_LIMITS_EVENT_BYTES')
  assert.is(environmentNameOf('epochMs'), 'ALLSOURCE_EPOCH_MS')
  assert.is(flagNameOf('epochMs'), '--epoch-ms')
})

test.run()
