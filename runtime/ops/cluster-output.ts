/** A cluster as people read it on a terminal, and as lines of JSON. */
import type { ClusterMember, ClusterPartition, ClusterStatus, HandedOver } from '../../event/cluster.ts'
import { Table } from './table.ts'
import type { Terminal } from './terminal.ts'

const right = { align: 'right' } as const
const unknown = '–'

export async function printStatus(terminal: Terminal, status: ClusterStatus): Promise<void> {
  const { name, id, node, members, partitions, nats, ignored } = status
  const led = partitions.filter(({ leader }) => leader !== null).length
  await terminal.line(`cluster ${terminal.colours.bold(name)} (${id}), as ${node} sees it`)
  await terminal.line(`${led} of ${partitions.length} partitions have a leader`)
  const servers = nats.servers.map(one => `${one.name} ${one.version}${one.sync === 'lazy' ? ', syncs now and then' : ''}`).join('; ')
  await terminal.line(
    `NATS ${nats.isConnected ? 'is connected' : 'is not connected'}, ${nats.replicas} replicas: ${servers || 'no servers seen'}`,
  )
  for (const sentence of nats.notPromised) await terminal.line(terminal.colours.yellow(`not promised: ${sentence}`))
  for (const { partition, reason } of partitions.filter(({ state }) => state === 'stopped'))
    await terminal.line(terminal.colours.red(`partition ${partition} is stopped here: ${reason ?? 'for no known reason'}`))
  const left = Object.entries(ignored).filter(([, count]) => count > 0)
  if (left.length > 0) await terminal.line(`messages left out: ${left.map(([reason, count]) => `${reason} ${count}`).join(', ')}`)
  await terminal.line('')
  await printMembers(terminal, members)
}

export async function printMembers(terminal: Terminal, members: readonly ClusterMember[]): Promise<void> {
  const table = new Table(terminal, [
    { title: 'node' },
    { title: 'zone' },
    { title: 'health' },
    { title: 'leads', ...right },
    { title: 'heard', ...right },
    { title: 'address' },
  ])
  for (const member of members) {
    const { node, zone, health, leads, heardMsAgo, address } = member
    if (terminal.json) await terminal.record(member)
    else
      await table.row([
        node,
        zone ?? unknown,
        health,
        leads,
        heardMsAgo === null ? 'never' : `${Math.round(heardMsAgo)} ms ago`,
        address ?? unknown,
      ])
  }
  await table.flush()
}

export async function printPlacement(terminal: Terminal, partitions: readonly ClusterPartition[]): Promise<void> {
  const table = new Table(terminal, [
    { title: 'partition', ...right },
    { title: 'leader' },
    { title: 'term', ...right },
    { title: 'next' },
    { title: 'state' },
    { title: 'index', ...right },
    { title: 'sequence', ...right },
    { title: 'lag' },
  ])
  for (const one of partitions) {
    const { partition, leader, term, preference, state, reason, index, sequence, lag } = one
    const lacking = Object.entries(lag).filter(([, records]) => records > 0)
    const cells = [
      partition,
      leader ?? unknown,
      term,
      preference.join(' '),
      reason === null ? state : `${state}: ${reason}`,
      index,
      sequence,
    ]
    if (terminal.json) await terminal.record(one)
    else await table.row([...cells, lacking.map(([node, records]) => `${node} ${records}`).join(', ') || unknown])
  }
  await table.flush()
}

export async function printHandedOver(terminal: Terminal, all: readonly HandedOver[]): Promise<void> {
  const table = new Table(terminal, [
    { title: 'partition', ...right },
    { title: 'from' },
    { title: 'to' },
    { title: 'term', ...right },
    { title: 'ms', ...right },
  ])
  for (const one of all) {
    if (terminal.json) await terminal.record(one)
    else await table.row([one.partition, one.from ?? unknown, one.to, one.term, Math.round(one.tookMs)])
  }
  await table.flush()
  if (all.length === 0) terminal.remark('nothing had to be handed over')
}
