/** The tenants of a node, for who comes as the node's own. */
import { refusedToTenant, type TenantOwner } from '../../../../event/tenant.ts'
import { tenantSchema, z } from '../../codec/schemas.ts'
import type { Session } from '../../session.ts'
import { route } from '../route.ts'

function owner({ tenants, tenant }: Session): TenantOwner {
  if (tenants) return tenants
  throw refusedToTenant(tenant)
}

export const listTenants = route({
  method: 'GET',
  path: '/v1/tenants',
  name: 'listTenants',
  summary: 'All tenants with how much they hold, without the default one.',
  action: 'tenants',
  params: z.object({}),
  query: z.strictObject({}),
  answers: {
    200: {
      summary: 'By name.',
      schema: z.object({ tenants: z.array(z.object({ name: z.string(), events: z.int(), bytes: z.int() })) }),
    },
  },
  errors: ['INVALID'],
  async answer({ session }) {
    return { status: 200, json: { tenants: await owner(session).tenants() } }
  },
})

export const dropTenant = route({
  method: 'DELETE',
  path: '/v1/tenants/{name}',
  name: 'dropTenant',
  summary: 'Removes a tenant with all it holds, for ever. Answers when its events are out of the log.',
  action: 'tenants',
  params: z.object({ name: tenantSchema }),
  query: z.strictObject({}),
  answers: { 204: { summary: 'It is gone.' } },
  errors: ['INVALID', 'NOT_FOUND', 'READ_ONLY'],
  async answer({ params: { name }, session }) {
    await owner(session).dropTenant(name)
    return { status: 204, nothing: true }
  },
})
