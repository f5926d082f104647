/** The cluster over every door: what it says comes through whole, what it is told arrives as it was meant, and its refusals keep their codes. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { connect, type RemoteTenant } from '../../../client/index.ts'
import { metricsText, openNode, ready } from '../../../runtime/index.ts'
import { refused } from '../../contract/event-store/scene.ts'
import { records, type Typed, typeHere } from '../command-line.ts'
import { ask, post } from '../gateway/asking.ts'
import { type ToldNode, withToldCluster } from './told-cluster.ts'

const withClient = (work: (client: RemoteTenant, world: ToldNode) => Promise<void>): Promise<void> =>
  withToldCluster(async world => {
    const client = connect({ url: world.url, retry: { attempts: 1 } })
    await work(client, world).finally(() => client.close())
  })

test('the client says what the node says, and asks what it is asked', () =>
  withClient(async ({ cluster }, { told }) => {
    assert.equal(await cluster.status(), told.status)
    assert.equal(await cluster.failover('all', 'n2'), await told.cluster.failover('all', 'n2'))
    assert.equal((await cluster.failover(0, 'n3')).length, 1)
    assert.equal((await cluster.drain('n1'))[0]?.partition, 1)
    assert.is(await cluster.resume('n1'), undefined)
    assert.equal(await cluster.repair(1), { partition: 1, index: 7, sequence: 30, term: 6 })
    assert.equal(told.asked, [
      ['failover', 'all', 'n2'],
      ['failover', 'all', 'n2'],
      ['failover', 0, 'n3'],
      ['drain', 'n1'],
      ['resume', 'n1'],
      ['repair', 1],
    ])
  }))

test('refusals keep their codes', () =>
  withClient(async ({ cluster }) => {
    await refused(() => cluster.failover('all', 'n9'), 'NOT_FOUND')
    await refused(() => cluster.failover(-1, 'n2'), 'INVALID')
    await refused(() => cluster.failover('all', 'n 2'), 'INVALID')
    await refused(() => cluster.drain('n3'), 'UNREACHABLE')
    await refused(() => cluster.resume('n9'), 'NOT_FOUND')
    await refused(() => cluster.repair(0), 'INVALID')
  }))

test('members and placement are the parts of the status', () =>
  withToldCluster(async ({ url, told }) => {
    assert.equal((await ask(url, { path: '/v1/cluster/members' })).json, { members: told.status.members })
    assert.equal((await ask(url, { path: '/v1/cluster/placement' })).json, { partitions: told.status.partitions })
  }))

test('another tenant is told nothing of the cluster', () =>
  withToldCluster(async ({ url, told }) => {
    const client = connect({ url, tenant: 'acme' })
    await refused(() => client.cluster.status(), 'FORBIDDEN')
    await refused(() => client.cluster.drain('n1'), 'FORBIDDEN')
    assert.equal(told.asked, [])
    await client.close()
  }))

test('a node by itself says so, whatever it is asked', async () => {
  const node = await openNode({ memory: true })
  const { addresses } = await node.serve({ port: 0 })
  const client = connect({ url: addresses['http']! })
  assert.is(node.cluster, null)
  const asks = [
    () => client.cluster.status(),
    () => client.cluster.failover('all', 'n2'),
    () => client.cluster.drain('n1'),
    () => client.cluster.resume('n1'),
    () => client.cluster.repair(0),
  ]
  for (const one of asks) await refused(one, 'NOT_FOUND')
  const { exit, errors } = await typeHere(`cluster status --url ${addresses['http']!}`)
  assert.is(exit, 1)
  assert.match(errors, 'NOT_FOUND')
  await client.close()
  await node.close()
})

test('a node is ready when it is connected and knows all leaders', () =>
  withToldCluster(async ({ node, url, told }) => {
    assert.is((await ask(url, { path: '/ready' })).status, 200)
    assert.ok(ready(node, told.status).ready)
    const whole = told.status
    const [first, second] = whole.partitions
    told.status = { ...whole, partitions: [first!, { ...second!, leader: null }] }
    const leaderless = await ask(url, { path: '/ready' })
    assert.is(leaderless.status, 503)
    assert.match(leaderless.text, '1 of 2 partitions: 1')
    told.status = { ...whole, nats: { ...whole.nats, isConnected: false } }
    assert.is((await ask(url, { path: '/ready' })).status, 503)
    told.cluster.status = () => Promise.reject(new Error('no such thing'))
    assert.match((await ask(url, { path: '/ready' })).text, 'no such thing')
    assert.is((await ask(url, { path: '/health' })).status, 200)
    assert.match(await metricsText(node), /^allsource_node_ready 0$/m)
  }))

test('metrics tell terms, leaders, lag and what was left out', () =>
  withToldCluster(async ({ node }) => {
    const text = await metricsText(node)
    for (const line of [
      'allsource_cluster_info{cluster="shop",node="n2"} 1',
      'allsource_cluster_nats_connected 1',
      'allsource_cluster_members{health="silent"} 1',
      'allsource_cluster_leads{node="n1"} 2',
      'allsource_cluster_partition_has_leader{partition="1"} 1',
      'allsource_cluster_partition_term{partition="0"} 4',
      'allsource_cluster_partition_stopped{partition="1"} 1',
      'allsource_cluster_lag_records{partition="0",node="n2"} 3',
      'allsource_cluster_ignored_messages_total{reason="cluster"} 2',
    ])
      assert.ok(text.split('\n').includes(line), line)
  }))

const typed: readonly (readonly [line: string, check: (people: Typed, programs: Record<string, unknown>[], world: ToldNode) => void])[] = [
  [
    'cluster status',
    ({ output }, [status], { told }) => {
      assert.match(output, /not promised: s1 syncs/)
      assert.match(output, /partition 1 is stopped here: record 8/)
      assert.match(output, /messages left out: cluster 2\n/)
      assert.equal(status, told.status)
    },
  ],
  [
    'cluster members',
    ({ output }, members, { told }) => {
      assert.match(output, /n3 +– +silent +0 +never +–/)
      assert.equal(members, told.status.members)
    },
  ],
  [
    'cluster placement',
    ({ output }, partitions, { told }) => {
      assert.match(output, /0 +n1 +4 +n1 n2 +following +7 +30 +n2 3/)
      assert.equal(partitions, told.status.partitions)
    },
  ],
  ['cluster failover all --to n2', (_, handed) => assert.is(handed.length, 2)],
  ['cluster failover 1 --to n2', ({ output }, [handed]) => assert.ok(/1 +n1 +n2 +5/.test(output) && handed?.['to'] === 'n2')],
  ['cluster drain n1', (_, [handed]) => assert.is(handed?.['partition'], 1)],
  ['cluster resume n1', ({ output }, [answer]) => assert.ok(output.includes('n1') && answer?.['resumed'] === true)],
  ['cluster repair 1', ({ output }, [answer]) => assert.ok(output.includes('record 7') && answer?.['term'] === 6)],
]

test('every command prints a table for people and lines for programs', () =>
  withToldCluster(async world => {
    for (const [line, check] of typed) {
      const people = await typeHere(`${line} --url ${world.url}`)
      const programs = await typeHere(`${line} --url ${world.url} --json`)
      assert.equal([people.exit, programs.exit], [0, 0], `${line}\n${people.errors}${programs.errors}`)
      check(people, records(programs.output), world)
    }
  }))

const refusals: readonly (readonly [line: string, exit: number, code: string])[] = [
  ['cluster failover all', 2, 'INVALID'],
  ['cluster failover some --to n2', 2, 'INVALID'],
  ['cluster failover 1 --to n9', 1, 'NOT_FOUND'],
  ['cluster drain n3', 5, 'UNREACHABLE'],
  ['cluster repair 0', 2, 'INVALID'],
]

test('a refused command ends by the table of errors', () =>
  withToldCluster(async ({ url }) => {
    for (const [line, exit, code] of refusals) {
      const { errors, ...answer } = await typeHere(`${line} --url ${url}`)
      assert.is(answer.exit, exit, line)
      assert.match(errors, code)
    }
  }))

test('a directory that no node runs on has no cluster to ask', async () => {
  const node = await openNode({ memory: true })
  const { exit, errors } = await typeHere('cluster status --data here', { node })
  assert.is(exit, 5)
  assert.match(errors, 'UNREACHABLE')
})

test('the permissions in NATS are printed without asking anybody', async () => {
  const user = `U${'A'.repeat(55)}`
  const { exit, output } = await typeHere(`cluster nats-config --name shop --user ${user} --partitions 2`)
  assert.is(exit, 0)
  for (const part of [user, 'allsource.shop.>', 'ALLSOURCE_shop_LOG_1']) assert.ok(output.includes(part), part)
  assert.not.ok(output.includes('LOG_2'))
  assert.is((await typeHere('cluster nats-config --user me')).exit, 2)
  assert.is((await typeHere('cluster nats-config --name a.b')).exit, 2)
})

test('a body that is none is INVALID and named', () =>
  withToldCluster(async ({ url }) => {
    const bad: readonly (readonly [path: string, body: string, field: string])[] = [
      ['failover', '{"to":"n2"}', 'partition'],
      ['failover', '{"partition":"every","to":"n2"}', 'partition'],
      ['failover', '{"partition":1}', 'to'],
      ['drain', '{}', 'node'],
      ['resume', '{"node":"n1","now":true}', 'now'],
      ['repair', '{"partition":1.5}', 'partition'],
    ]
    for (const [path, body, field] of bad) {
      const { status, json } = await ask(url, post(`/v1/cluster/${path}`, body))
      assert.is(status, 400, `${path} ${body}`)
      assert.is((json as { details?: { field?: string } }).details?.field, field, `${path} ${body}`)
    }
  }))

test.run()
