/** `allsource cluster`: what the nodes of a store are to each other, and who of them leads what. */
import { byItself, type Cluster, type ClusterStatus } from '../../../event/cluster.ts'
import { EventStoreError } from '../../../event/error.ts'
import { refusedToTenant } from '../../../event/tenant.ts'
import { settings } from '../../config.ts'
import { printHandedOver, printMembers, printPlacement, printStatus } from '../cluster-output.ts'
import { type Call, command } from '../command.ts'
import { text, type TextValue, wholeNumber } from '../values.ts'

const partitionNumber = wholeNumber('PARTITION', 0)
const partitionOrAll: TextValue<number | 'all'> = {
  placeholder: 'PARTITION|all',
  read: given => (given === 'all' ? given : partitionNumber.read(given)),
}
const node = { value: text('NODE'), summary: 'Name of the node, as cluster members lists it.' } as const

/** Of the node that runs; a directory alone has nobody to talk to. */
async function clusterOf({
  open,
  isRunning,
  tenantName,
  where,
}: Pick<Call, 'open' | 'isRunning' | 'tenantName' | 'where'>): Promise<Cluster> {
  const tenant: object = await open()
  if (!isRunning()) throw new EventStoreError('UNREACHABLE', `no node runs on ${where}`, { directory: where })
  if (!('cluster' in tenant)) throw refusedToTenant(tenantName)
  const { cluster } = tenant as { readonly cluster: Cluster | null }
  if (cluster === null) throw byItself()
  return cluster
}

const statusOf = async (call: Parameters<typeof clusterOf>[0]): Promise<ClusterStatus> => (await clusterOf(call)).status()

export const clusterStatus = command({
  name: 'cluster status',
  summary: 'Shows the cluster as the node sees it that is asked: members, partitions, NATS and what it does not promise.',
  arguments: {},
  flags: {},
  notes: ['A node by itself answers NOT_FOUND, exit 1. With --json it is one line, which holds what members and placement print as well.'],
  examples: [
    { line: 'allsource cluster status', does: 'of the node that runs on ./data' },
    { line: 'allsource cluster status --url http://b:7070', does: 'as another node sees it' },
  ],
  async run(call) {
    const status = await statusOf(call)
    if (call.terminal.json) await call.terminal.record(status)
    else await printStatus(call.terminal, status)
  },
})

export const clusterMembers = command({
  name: 'cluster members',
  summary: 'Lists the nodes of the cluster with their zone, health, and how many partitions they lead.',
  arguments: {},
  flags: {},
  notes: ['silent: nothing was heard of it within the deadline. draining: it leads nothing and is given nothing until cluster resume.'],
  examples: [{ line: 'allsource cluster members', does: 'a table' }],
  async run(call) {
    await printMembers(call.terminal, (await statusOf(call)).members)
  },
})

export const clusterPlacement = command({
  name: 'cluster placement',
  summary: 'Lists the partitions: who leads, in which term, who would be next, and what replicas lack.',
  arguments: {},
  flags: {},
  notes: ['State, index and sequence are those of the node that is asked; lag is in records of the shared log, by node.'],
  examples: [{ line: 'allsource cluster placement', does: 'a row a partition' }],
  async run(call) {
    await printPlacement(call.terminal, (await statusOf(call)).partitions)
  },
})

export const clusterFailover = command({
  name: 'cluster failover',
  summary: 'Hands a partition, or all, over to a node, without a failed append.',
  arguments: { partition: { value: partitionOrAll, summary: 'Number of the partition, or all.' } },
  flags: { to: { value: text('NODE'), summary: 'Name of the node that is to lead.' } },
  notes: [
    'Returns when the node leads. It does so until it is unhealthy or is told otherwise. INVALID, exit 2, for a node that can not lead now, as one that is ' +
      'silent or drained; UNREACHABLE, exit 5, when it did not take over in time.',
  ],
  examples: [
    { line: 'allsource cluster failover 3 --to n2', does: 'partition 3' },
    { line: 'allsource cluster failover all --to n2', does: 'all partitions' },
  ],
  async run(call) {
    const { to } = call.flags
    if (to === undefined)
      throw new EventStoreError('INVALID', '--to NODE is missing: allsource cluster members lists the nodes', { field: '--to' })
    await printHandedOver(call.terminal, await (await clusterOf(call)).failover(call.arguments.partition, to))
  },
})

export const clusterDrain = command({
  name: 'cluster drain',
  summary: 'Hands over all that a node leads and gives it nothing more, as before it is taken down.',
  arguments: { node },
  flags: {},
  notes: ['Returns when it leads nothing. It goes on answering and following until it is stopped; cluster resume takes the drain back.'],
  examples: [{ line: 'allsource cluster drain n2', does: 'n2 can be stopped without anybody waiting' }],
  async run(call) {
    await printHandedOver(call.terminal, await (await clusterOf(call)).drain(call.arguments.node))
  },
})

export const clusterResume = command({
  name: 'cluster resume',
  summary: 'A node that was drained may lead again.',
  arguments: { node },
  flags: {},
  notes: ['What it is the first choice for comes back to it after a while, so that leadership does not go back and forth.'],
  examples: [{ line: 'allsource cluster resume n2', does: 'n2 takes part again' }],
  async run(call) {
    const { node: name } = call.arguments
    await (await clusterOf(call)).resume(name)
    if (call.terminal.json) await call.terminal.record({ node: name, resumed: true })
    else await call.terminal.line(`${name} may lead again`)
  },
})

export const clusterRepair = command({
  name: 'cluster repair',
  summary: 'Makes the asked node’s copy of a partition that stopped there the one that counts.',
  arguments: { partition: { value: partitionNumber, summary: 'Number of the partition, which cluster placement shows as stopped.' } },
  flags: {},
  notes: [
    'For a partition whose shared log does not fit what the nodes have, as after the disks of NATS were lost or set back. What only the shared log has is ' +
      'not taken: ask the node whose copy has the highest index. It opens a new term behind its copy and says so in its log. INVALID, exit 2, when the ' +
      'partition is not stopped there.',
  ],
  examples: [{ line: 'allsource cluster repair 3 --url http://b:7070', does: 'partition 3 as b has it' }],
  async run(call) {
    const { terminal } = call
    const repaired = await (await clusterOf(call)).repair(call.arguments.partition)
    if (terminal.json) await terminal.record(repaired)
    else {
      const { partition, index, sequence, term } = repaired
      await terminal.line(`partition ${partition} goes on from record ${index}, event ${sequence}, in term ${term}`)
    }
  },
})

export const clusterNatsConfig = command({
  name: 'cluster nats-config',
  summary: 'Prints the permissions that the nodes of a cluster need in NATS, and no others, as a piece of its servers’ configuration.',
  arguments: {},
  flags: {
    name: { value: text('NAME'), summary: `Name of the cluster. Default ${settings.name.default}.` },
    user: { value: text('NKEY'), summary: 'Public nkey of the user that the nodes come as, U…; without, its place is left open.' },
    partitions: { value: wholeNumber('N', 1), summary: `Partitions of the store. Default ${settings.partitions.default}.` },
  },
  notes: ['Asks no node. The page on clusters shows where the text goes and how an nkey is made.'],
  examples: [{ line: 'allsource cluster nats-config --name shop > allsource-shop.conf', does: 'a file for include in nats-server.conf' }],
  async run({ flags, terminal }) {
    const { natsConfigText } = await import('../../index.ts')
    const config = natsConfigText(flags)
    if (terminal.json) await terminal.record({ config })
    else await terminal.line(config.trimEnd())
  },
})
