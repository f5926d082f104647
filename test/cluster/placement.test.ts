/** The order of nodes a partition prefers: all of them, alike everywhere, spread over nodes and zones, and moved by nobody but who comes or goes. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type PlacedMember, preference } from '../../cluster/placement.ts'

const PARTITIONS = 512
const nodeIds = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z0-9-]{0,7}$/), { minLength: 1, maxLength: 12 })
const clusters = nodeIds.chain(nodes =>
  fc.tuple(...nodes.map(node => fc.record({ node: fc.constant(node), zone: fc.constantFrom('a', 'b', 'c') }))),
)
const partitionIds = fc.nat(100_000)

test('all nodes, whatever the order they are given in', () => {
  fc.assert(
    fc.property(partitionIds, clusters, fc.infiniteStream(fc.nat()), (partition, members, keys) => {
      const order = preference(partition, members)
      assert.equal([...order].sort(), members.map(({ node }) => node).sort())
      const shuffled = members.map(member => ({ member, key: keys.next().value as number })).sort((a, b) => a.key - b.key)
      assert.equal(
        preference(
          partition,
          shuffled.map(({ member }) => member),
        ),
        order,
      )
    }),
  )
})

test('the first ones are of different zones, round by round', () => {
  fc.assert(
    fc.property(partitionIds, clusters, (partition, members) => {
      const zoneOf = new Map(members.map(({ node, zone }) => [node, zone]))
      const left = [...preference(partition, members)].map(node => zoneOf.get(node)!)
      while (left.length > 0) {
        const zones = new Set(left)
        assert.equal(new Set(left.splice(0, zones.size)), zones)
      }
    }),
  )
})

test('leaders spread evenly over nodes', () => {
  for (const count of [2, 3, 5, 8]) {
    const members = Array.from({ length: count }, (_, index) => ({ node: `n${index + 1}`, zone: 'abc'[index % 3]! }))
    const leads = leadersOf(members)
    const mean = PARTITIONS / count
    // Five standard deviations of a fair throw; the throw is fixed, so this can not fail by chance.
    const bound = 5 * Math.sqrt(mean * (1 - 1 / count))
    for (const { node } of members) {
      const led = leads.filter(leader => leader === node).length
      assert.ok(Math.abs(led - mean) < bound, `${node} of ${count} leads ${led} of ${PARTITIONS}`)
    }
  }
})

test('what a lost leader led spreads over all that are left', () => {
  const members = Array.from({ length: 5 }, (_, index) => ({ node: `n${index + 1}`, zone: 'a' }))
  const seconds = Array.from({ length: PARTITIONS }, (_, partition) => preference(partition, members)).filter(([first]) => first === 'n1')
  for (const { node } of members.slice(1)) {
    const taken = seconds.filter(([, second]) => second === node).length
    assert.ok(taken > seconds.length / 8, `${node} takes ${taken} of ${seconds.length}`)
  }
})

test('a node that comes takes only what it leads itself, one that goes gives only what it led', () => {
  fc.assert(
    fc.property(clusters, fc.constantFrom('a', 'b', 'c', 'd'), (members, zone) => {
      const before = leadersOf(members, 64)
      const after = leadersOf([...members, { node: 'NEW', zone }], 64)
      for (const [partition, leader] of after.entries()) assert.ok(leader === 'NEW' || leader === before[partition])
    }),
  )
})

test('of the first three, a node that comes replaces at most one', () => {
  fc.assert(
    fc.property(partitionIds, clusters, (partition, members) => {
      const before = new Set(preference(partition, members).slice(0, 3))
      const after = preference(partition, [...members, { node: 'NEW', zone: 'a' }]).slice(0, 3)
      const came = after.filter(node => !before.has(node))
      assert.ok(came.length <= 1 || members.length < 3, `${[...before].join()} became ${after.join()}`)
    }),
  )
})

function leadersOf(members: readonly PlacedMember[], partitions = PARTITIONS): (string | undefined)[] {
  return Array.from({ length: partitions }, (_, partition) => preference(partition, members)[0])
}

test.run()
