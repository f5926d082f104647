/** The shared log, the registry and the bus in memory keep the contracts of the real ones: without faults, and over a wire that fails. */
import { test } from 'uvu'
import { faultless, LoopbackCluster, type LoopbackFaults } from '../../cluster/loopback.ts'
import { systemTimers } from '../../event/timers.ts'
import { busContract } from '../contract/cluster/bus.ts'
import { registryContract } from '../contract/cluster/registry.ts'
import { sharedLogContract } from '../contract/cluster/shared-log.ts'
import { Random } from '../simulation/random.ts'

const random = new Random(8)

/** Clients of one cluster, each with a name of its own. */
function clients(faults: LoopbackFaults) {
  const cluster = new LoopbackCluster({ timers: systemTimers, random: random.float, faults })
  let made = 0
  return () => cluster.node(`n${++made}`)
}

const calm = clients(faultless)
sharedLogContract(test, { name: 'loopback', partitions: 1024, open: () => Promise.resolve(calm().log) })
registryContract(test, { name: 'loopback', open: () => Promise.resolve(calm().registry) })
busContract(test, { name: 'loopback', open: () => Promise.resolve(calm().bus) })

const late = clients({ ...faultless, wire: { ...faultless.wire, delayMs: [0, 8] } })
sharedLogContract(test, { name: 'loopback, messages late', partitions: 1024, open: () => Promise.resolve(late().log) })
registryContract(test, { name: 'loopback, messages late', open: () => Promise.resolve(late().registry) })

test.run()
