/** `allsource tenants` and `allsource tenant drop`: who shares the node, and the end of one. */
import { refusedToTenant, type Tenant, type TenantOwner } from '../../../event/tenant.ts'
import { type Call, command } from '../command.ts'
import { Table } from '../table.ts'
import { text } from '../values.ts'

/** The node itself; one of its tenants knows of no other. */
async function ownerOf({ open, tenantName }: Pick<Call, 'open' | 'tenantName'>): Promise<TenantOwner> {
  const tenant = await open()
  if ('dropTenant' in tenant) return tenant as Tenant & TenantOwner
  throw refusedToTenant(tenantName)
}

export const tenants = command({
  name: 'tenants',
  summary: 'Lists the tenants of the node with how much they hold, without the default one.',
  arguments: {},
  flags: {},
  notes: ['A tenant is there from its first append or deployment on. With --json each is one line, { name, events, bytes }.'],
  examples: [{ line: 'allsource tenants', does: 'a table' }],
  async run(call) {
    const { terminal } = call
    const all = await (await ownerOf(call)).tenants()
    const table = new Table(terminal, [
      { title: 'tenant' },
      { title: 'events', align: 'right' },
      { title: 'bytes of data', align: 'right' },
    ])
    for (const { name, events, bytes } of all) {
      if (terminal.json) await terminal.record({ name, events, bytes })
      else await table.row([name, events, bytes])
    }
    await table.flush()
    if (all.length === 0) terminal.remark('no tenant but the default one')
  },
})

export const tenantDrop = command({
  name: 'tenant drop',
  summary: 'Removes a tenant with all it holds, for ever: streams, topologies, state.',
  arguments: { name: { value: text('NAME'), summary: 'Name of the tenant, as tenants lists it.' } },
  flags: {},
  notes: [
    'Returns when its events are out of the log, which takes a walk through all of it. Cut short, it is finished when the store is opened next. ' +
      'A tenant of the same name begins with nothing. One that is not there is NOT_FOUND, exit 1.',
  ],
  examples: [{ line: 'allsource tenant drop acme', does: 'nothing of acme is left' }],
  async run(call) {
    const { name } = call.arguments
    const { terminal } = call
    await (await ownerOf(call)).dropTenant(name)
    if (terminal.json) await terminal.record({ name, dropped: true })
    else await terminal.line(`${name} is gone with all it held`)
  },
})
