/** What a node may be told of its cluster: each mistake is INVALID and named, and what is left out has a value. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EventStoreError } from '../../../event/error.ts'
import { checkClusterOptions, type ClusterOptions } from '../../../runtime/cluster/cluster-options.ts'
import { checkOptions, type OpenOptions } from '../../../runtime/options.ts'

const least: ClusterOptions = { servers: ['nats://host:4222'], node: 'n1' }

const bad: readonly (readonly [field: string, options: object | null])[] = [
  ['cluster', null],
  ['cluster', []],
  ['cluster.nodes', { ...least, nodes: 3 }],
  ['cluster.servers', { node: 'n1' }],
  ['cluster.servers', { ...least, servers: [] }],
  ['cluster.servers', { ...least, servers: 'nats://host:4222' }],
  ['cluster.servers', { ...least, servers: ['host:4222'] }],
  ['cluster.servers', { ...least, servers: ['http://host:4222'] }],
  ['cluster.servers', { ...least, servers: ['nats://user:password@host:4222'] }],
  ['cluster.node', { servers: ['nats://host:4222'] }],
  ['cluster.node', { ...least, node: '' }],
  ['cluster.node', { ...least, node: 'n.1' }],
  ['cluster.node', { ...least, node: 'n'.repeat(65) }],
  ['cluster.zone', { ...least, zone: 'eu west' }],
  ['cluster.name', { ...least, name: 'shop_1' }],
  ['cluster.name', { ...least, name: 7 }],
  ['cluster.replicas', { ...least, replicas: 2 }],
  ['cluster.allowLazySync', { ...least, allowLazySync: 'yes' }],
  ['cluster.monitors', { ...least, monitors: ['nats://host:8222'] }],
  ['cluster.credentials', { ...least, credentials: '' }],
  ['cluster.nkeySeed', { ...least, credentials: 'a', nkeySeed: 'b' }],
  ['cluster.tls.keys', { ...least, tls: { keys: 'a' } }],
  ['cluster.tls.ca', { ...least, tls: { ca: 5 } }],
  ['cluster.tls', { ...least, tls: { key: 'a' } }],
]

function refusedField(check: () => unknown): unknown {
  try {
    check()
  } catch (error) {
    assert.instance(error, EventStoreError)
    assert.is((error as EventStoreError).code, 'INVALID')
    return (error as EventStoreError).details['field']
  }
  throw new Error('it was accepted')
}

test('options that are none are INVALID and named', () => {
  for (const [field, options] of bad) {
    const found = refusedField(() => checkClusterOptions(options as ClusterOptions))
    assert.is(found, field, JSON.stringify(options))
  }
})

test('what is left out has a value', () => {
  assert.equal(checkClusterOptions(least), {
    servers: ['nats://host:4222'],
    node: 'n1',
    zone: null,
    name: 'allsource',
    replicas: 3,
    allowLazySync: false,
    restore: false,
    monitors: null,
    credentials: null,
    nkeySeed: null,
    tls: null,
  })
})

test('a node of a cluster has a directory and acknowledges by quorum', () => {
  const refusals: readonly (readonly [field: string, options: OpenOptions])[] = [
    ['memory', { memory: true, cluster: least }],
    ['durability', { directory: 'd', durability: 'disk', cluster: least }],
    ['durability', { directory: 'd', durability: 'memory', cluster: least }],
    ['durability', { directory: 'd', durability: 'quorum' }],
  ]
  for (const [field, options] of refusals)
    assert.is(
      refusedField(() => checkOptions(options)),
      field,
      JSON.stringify(options),
    )
  const { durability, cluster } = checkOptions({ directory: 'd', durability: 'quorum', cluster: least })
  assert.is(durability, 'disk')
  assert.is(cluster?.node, 'n1')
  assert.is(checkOptions({ directory: 'd' }).cluster, null)
})

test.run()
