/** Tenants that several nodes make, each with its own router over one log; and what a node of a cluster refuses. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { scopeFor } from '../../../event/scope.ts'
import { followTenants, knownTenants } from '../../../runtime/cluster/follow-tenants.ts'
import { noTopologies } from '../../../runtime/cluster/no-topologies.ts'
import { openNode } from '../../../runtime/open-node.ts'
import { Tenants, TENANTS_STREAM } from '../../../runtime/tenants.ts'
import { refused } from '../../contract/event-store/scene.ts'

async function scene() {
  const node = await openNode({ memory: true, partitions: 4 })
  const system = { scope: '', isSystem: true }
  const append = (stream: string, event: { type: string; data: unknown }) => node.router.append(stream, event, {}, system)
  const known = knownTenants(node.view, { leader: async () => undefined, readsAll: () => () => undefined })
  const stored = async (): Promise<unknown[]> =>
    (await Array.fromAsync(node.readAll<{ type: string; data: { name: string } }>({ system: true })))
      .filter(({ stream }) => stream === TENANTS_STREAM)
      .map(({ type, data }) => [type, data.name])
  return { node, append, known, stored, open: () => new Tenants(append as ConstructorParameters<typeof Tenants>[0], known) }
}

test('a tenant that was made elsewhere is known before it is written to, and is not made again', async () => {
  const { node, open, stored } = await scene()
  const [one, other] = [open(), open()]
  assert.is(await one.writing('acme', async scope => scope), scopeFor('acme'))
  assert.is(await other.writing('acme', async scope => scope), scopeFor('acme'))
  assert.equal(await stored(), [['tenant.created', 'acme']])
  assert.equal(other.names, ['acme'])
  await node.close()
})

test('two nodes that make the same tenant at once mean the same one', async () => {
  const { node, open, known } = await scene()
  const all = [open(), open(), open()]
  const scopes = await Promise.all(all.map(tenants => tenants.writing('acme', async scope => scope)))
  assert.equal(new Set(scopes), new Set([scopeFor('acme')]))
  for (const tenants of all) {
    await known(tenants)
    assert.equal(tenants.names, ['acme'])
    assert.is(tenants.scopeOf('acme'), scopeFor('acme'))
  }
  await node.close()
})

test('a drop that is found on the way to a first write makes it a write to the next of that name', async () => {
  const { node, open } = await scene()
  const [one, late] = [open(), open()]
  await one.writing('acme', async scope => scope)
  await one.drop('acme')
  assert.is(await late.writing('acme', async scope => scope), scopeFor('acme', 1))
  await node.close()
})

test('what other nodes note is followed as it comes; the end of the following leaves what is known', async () => {
  const { node, open } = await scene()
  const [one, other] = [open(), open()]
  const failures: Error[] = []
  const end = followTenants({
    view: node.view,
    tenants: other,
    pageRows: 64,
    check: () => node.check(),
    failed: error => failures.push(error),
  })
  await one.writing('acme', async () => undefined)
  while (!other.isThere('acme')) await new Promise(resolve => setTimeout(resolve, 1))
  await end()
  await one.writing('beta', async () => undefined)
  assert.equal(other.names, ['acme'])
  assert.equal(failures, [])
  await node.close()
})

test('whichever way events come, all that have folded the same number of them agree', () => {
  const events = fc.array(
    fc.record({
      type: fc.constantFrom('tenant.created', 'tenant.dropped', 'tenant.removed'),
      name: fc.constantFrom('a', 'b'),
      drops: fc.nat(2),
    }),
    { maxLength: 20 },
  )
  fc.assert(
    fc.property(events, fc.infiniteStream(fc.nat(3)), (list, back) => {
      const [once, again] = [
        new Tenants(() => Promise.reject(new Error('nothing is noted'))),
        new Tenants(() => Promise.reject(new Error('nothing is noted'))),
      ]
      const stored = list.map(({ type, name, drops }, index) => ({ type, data: { name, drops }, version: index + 1 }))
      for (const event of stored) once.fold(event)
      for (const [index, event] of stored.entries()) {
        // A follow that begins anew gives some a second time.
        for (const repeated of stored.slice(Math.max(0, index - back.next().value), index)) again.fold(repeated)
        again.fold(event)
      }
      assert.equal(again.names, once.names)
      for (const name of ['a', 'b']) assert.is(again.scopeOf(name), once.scopeOf(name))
      assert.equal(new Set(again.leftovers), new Set(once.leftovers))
    }),
    { numRuns: 200, seed: 3 },
  )
})

test('on a node of a cluster topologies are refused by name before anything is done, and the list of them is empty', async () => {
  const deployer = noTopologies.of('')
  const { controls, rebuilds, savepoints } = deployer
  const calls: (() => unknown)[] = [
    () => deployer.refuse?.(),
    () => deployer.deploy('file.yaml'),
    () => deployer.watchModules(() => undefined),
    () => deployer.undeploy('t'),
    () => deployer.plan('t'),
    () => deployer.state('p'),
    () => deployer.topologyEnded('t'),
    () => controls.pause('t'),
    () => controls.resume('t'),
    () => controls.drain('t'),
    () => controls.rescale('t', 2),
    () => rebuilds.cancel('t'),
    () => savepoints.create('t'),
    () => savepoints.list('t'),
    () => savepoints.restore('t', 's'),
    () => savepoints.drop('t', 's'),
    () => noTopologies.drop('scope'),
    () => noTopologies.refuseDrop?.(),
  ]
  for (const call of calls) {
    const error = await refused(async () => await call(), 'INVALID')
    assert.is(error.details['field'], 'cluster')
  }
  assert.equal(await deployer.topologies(), [])
  assert.equal(await noTopologies.topologies(), [])
  await deployer.caughtUp()
  await noTopologies.close()
})

test.run()
