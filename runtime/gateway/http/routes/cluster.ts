/** The cluster a node belongs to: looked at, and told who leads. On a node by itself every answer is NOT_FOUND. */
import { byItself, type Cluster } from '../../../../event/cluster.ts'
import { refusedToTenant } from '../../../../event/tenant.ts'
import { z } from '../../codec/schemas.ts'
import type { Session } from '../../session.ts'
import { jsonBody } from '../json-body.ts'
import { type Answer, route } from '../route.ts'

const nothing = z.strictObject({})
const nodeSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'must be the name of a node: 1 to 64 letters, digits, "-" and "_"')
const partitionSchema = z.int().min(0).max(4095)

const memberSchema = z
  .looseObject({
    node: z.string(),
    zone: z.union([z.string(), z.null()]),
    health: z.enum(['healthy', 'draining', 'silent']),
    incarnation: z.string(),
    leads: z.int(),
    heardMsAgo: z.union([z.number(), z.null()]),
    address: z.union([z.string(), z.null()]),
  })
  .meta({ id: 'ClusterMember', description: 'A node of the cluster, as the node sees it that answers.' })

const placementSchema = z
  .looseObject({
    partition: z.int(),
    leader: z.union([z.string(), z.null()]),
    term: z.int(),
    preference: z.array(z.string()),
    state: z.enum(['leading', 'following', 'starting', 'behind', 'stopped']),
    reason: z.union([z.string(), z.null()]),
    index: z.int(),
    sequence: z.int(),
    stamp: z.int(),
    lag: z.record(z.string(), z.number()),
  })
  .meta({ id: 'ClusterPartition', description: 'Who leads a partition, and what the node has of it that answers.' })

const statusSchema = z
  .looseObject({
    name: z.string(),
    id: z.string(),
    node: z.string(),
    members: z.array(memberSchema),
    partitions: z.array(placementSchema),
    nats: z.looseObject({
      isConnected: z.boolean(),
      servers: z.array(z.looseObject({ name: z.string(), version: z.string(), sync: z.enum(['always', 'lazy']) })),
      replicas: z.int(),
      notPromised: z.array(z.string()),
    }),
    ignored: z.record(z.string(), z.number()),
  })
  .meta({ id: 'ClusterStatus', description: 'The cluster as the node sees it that answers.' })

const handedOver = z.object({
  handedOver: z.array(
    z.looseObject({
      partition: z.int(),
      from: z.union([z.string(), z.null()]),
      to: z.string(),
      term: z.int(),
      tookMs: z.number(),
    }),
  ),
})

const failoverSchema = z.strictObject({ partition: z.union([partitionSchema, z.literal('all')]), to: nodeSchema })
const ofNode = z.strictObject({ node: nodeSchema })
const ofPartition = z.strictObject({ partition: partitionSchema })

function clusterOf({ tenants, tenant, cluster }: Session): Cluster {
  if (tenants === null) throw refusedToTenant(tenant)
  if (cluster === null) throw byItself()
  return cluster
}

/** What all of them share. */
const asked = { action: 'cluster', params: z.object({}), query: nothing } as const
const types = ['application/json']

export const clusterStatus = route({
  ...asked,
  method: 'GET',
  path: '/v1/cluster',
  name: 'clusterStatus',
  summary: 'The cluster: its members, who leads what, and what NATS does not promise.',
  answers: { 200: { summary: 'As this node sees it.', schema: statusSchema } },
  errors: ['INVALID', 'NOT_FOUND', 'UNREACHABLE'],
  async answer({ session }) {
    return { status: 200, json: await clusterOf(session).status() }
  },
})

export const clusterMembers = route({
  ...asked,
  method: 'GET',
  path: '/v1/cluster/members',
  name: 'clusterMembers',
  summary: 'The nodes of the cluster and how they are.',
  answers: { 200: { summary: 'By name.', schema: z.object({ members: z.array(memberSchema) }) } },
  errors: ['INVALID', 'NOT_FOUND', 'UNREACHABLE'],
  async answer({ session }) {
    return { status: 200, json: { members: (await clusterOf(session).status()).members } }
  },
})

export const clusterPlacement = route({
  ...asked,
  method: 'GET',
  path: '/v1/cluster/placement',
  name: 'clusterPlacement',
  summary: 'Who leads each partition, who would be next, and how far the replicas are.',
  answers: { 200: { summary: 'By partition.', schema: z.object({ partitions: z.array(placementSchema) }) } },
  errors: ['INVALID', 'NOT_FOUND', 'UNREACHABLE'],
  async answer({ session }) {
    return { status: 200, json: { partitions: (await clusterOf(session).status()).partitions } }
  },
})

export const clusterFailover = route({
  ...asked,
  method: 'POST',
  path: '/v1/cluster/failover',
  name: 'clusterFailover',
  summary:
    'Hands a partition, or all, over to a node, which leads them until it is unhealthy or told otherwise. Answers when it leads them.',
  body: { types, schema: failoverSchema, example: { partition: 3, to: 'n2' } },
  answers: { 200: { summary: 'It leads them; those that it led before are left out.', schema: handedOver } },
  errors: ['INVALID', 'NOT_FOUND', 'UNREACHABLE'],
  async answer({ body, session }): Promise<Answer> {
    const { partition, to } = jsonBody(failoverSchema, body)
    return { status: 200, json: { handedOver: await clusterOf(session).failover(partition, to) } }
  },
})

export const clusterDrain = route({
  ...asked,
  method: 'POST',
  path: '/v1/cluster/drain',
  name: 'clusterDrain',
  summary: 'Hands over all that a node leads and gives it nothing more until it is told to resume. Answers when it leads nothing.',
  body: { types, schema: ofNode, example: { node: 'n2' } },
  answers: { 200: { summary: 'It leads nothing.', schema: handedOver } },
  errors: ['INVALID', 'NOT_FOUND', 'UNREACHABLE'],
  async answer({ body, session }): Promise<Answer> {
    return { status: 200, json: { handedOver: await clusterOf(session).drain(jsonBody(ofNode, body).node) } }
  },
})

export const clusterResume = route({
  ...asked,
  method: 'POST',
  path: '/v1/cluster/resume',
  name: 'clusterResume',
  summary: 'A node that was drained may lead again.',
  body: { types, schema: ofNode, example: { node: 'n2' } },
  answers: { 204: { summary: 'It may.' } },
  errors: ['INVALID', 'NOT_FOUND', 'UNREACHABLE'],
  async answer({ body, session }): Promise<Answer> {
    await clusterOf(session).resume(jsonBody(ofNode, body).node)
    return { status: 204, nothing: true }
  },
})

export const clusterRepair = route({
  ...asked,
  method: 'POST',
  path: '/v1/cluster/repair',
  name: 'clusterRepair',
  summary: 'Makes this node’s copy of a partition that stopped here the one that counts. What only the shared log has is not taken.',
  body: { types, schema: ofPartition, example: { partition: 3 } },
  answers: {
    200: {
      summary: 'It counts from here on.',
      schema: z.looseObject({ partition: z.int(), index: z.int(), sequence: z.int(), term: z.int() }),
    },
  },
  errors: ['INVALID', 'NOT_FOUND', 'UNREACHABLE'],
  async answer({ body, session }): Promise<Answer> {
    return { status: 200, json: await clusterOf(session).repair(jsonBody(ofPartition, body).partition) }
  },
})
