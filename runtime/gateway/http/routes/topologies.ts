/** Topologies: what is deployed, and what is done with it. */
import { EventStoreError } from '../../../../event/error.ts'
import { defaultLimits } from '../../../../event/limits.ts'
import type { DeployOptions, TopologyStatus } from '../../../../event/topologies.ts'
import { nameSchema, z } from '../../codec/schemas.ts'
import type { Session } from '../../session.ts'
import { jsonBody, textBody } from '../json-body.ts'
import { httpLimits } from '../limits.ts'
import { HttpRefusal } from '../problem.ts'
import { type Answer, type Call, route } from '../route.ts'
import { waitFor } from '../waiting.ts'

const params = z.object({ name: nameSchema })
const nothing = z.strictObject({})

export const statusSchema = z
  .looseObject({
    name: z.string(),
    version: z.int(),
    status: z.enum(['running', 'paused', 'draining', 'ended', 'failed']),
    position: z.union([z.string(), z.null()]),
    lagEvents: z.number(),
  })
  .meta({ id: 'TopologyStatus', description: 'Times are milliseconds since the epoch.' })

const acceptSchema = z
  .boolean()
  .optional()
  .meta({ description: 'A new version goes on though state of the one before is lost or missing.' })
const rebuildSchema = z.boolean().optional().meta({
  description: 'A new version is folded from the first event on beside the one before, and takes its place when it has caught up.',
})

const workersSchema = z
  .int()
  .min(1)
  .max(defaultLimits.topologyWorkers)
  .meta({ description: 'Lanes in which keyed steps run side by side; the results are the same.' })

const deploySchema = z.union([
  z.strictObject({
    file: z.string().min(1).meta({ description: 'Path or URL on the node’s machine; over the unix socket only.' }),
    export: z.string().min(1).optional(),
    until: z.literal('head').optional(),
    accept: acceptSchema,
    rebuild: rebuildSchema,
    watch: z.boolean().optional().meta({ description: 'Takes changes of the files of a projection while the node is open.' }),
    workers: workersSchema.optional(),
  }),
  z.strictObject({
    topology: z.record(z.string(), z.unknown()),
    until: z.literal('head').optional(),
    workers: workersSchema.optional(),
    accept: acceptSchema,
    rebuild: rebuildSchema,
  }),
])

async function statusOf({ store }: Session, name: string): Promise<TopologyStatus> {
  const status = (await store.topologies()).find(one => one.name === name)
  if (status === undefined) throw new EventStoreError('NOT_FOUND', `there is no topology ${JSON.stringify(name)}`, { topology: name })
  return status
}

export const listTopologies = route({
  method: 'GET',
  path: '/v1/topologies',
  name: 'listTopologies',
  summary: 'What is deployed, how far it is, and what it set aside.',
  action: 'topologies',
  params: z.object({}),
  query: nothing,
  answers: { 200: { summary: 'All that are deployed.', schema: z.object({ topologies: z.array(statusSchema) }) } },
  errors: ['INVALID'],
  async answer({ session: { store } }) {
    return { status: 200, json: { topologies: await store.topologies() } }
  },
})

export const showTopology = route({
  method: 'GET',
  path: '/v1/topologies/{name}',
  name: 'showTopology',
  summary: 'One topology. With `wait=ended` the answer comes when it has ended or failed, or after 30 seconds with the status it has then.',
  action: 'topologies',
  params,
  query: z.strictObject({ wait: z.literal('ended').optional() }),
  answers: { 200: { summary: 'Its status.', schema: statusSchema } },
  errors: ['INVALID', 'NOT_FOUND'],
  async answer({ params: { name }, query, session, door, signal }): Promise<Answer> {
    if (query.wait === undefined) return { status: 200, json: await statusOf(session, name) }
    const { store } = session
    const waiting = { waitMs: door.limits.waitMs, signal: signal() }
    const ended = await waitFor({ store, name: `ended ${name}` }, () => store.topologyEnded(name), waiting)
    return { status: 200, json: ended ?? (await statusOf(session, name)) }
  },
})

export const showPlan = route({
  method: 'GET',
  path: '/v1/topologies/{name}/plan',
  name: 'showPlan',
  summary: 'What is deployed under a name, as it was planned: to compare another version with.',
  action: 'topologies',
  params,
  query: nothing,
  answers: { 200: { summary: 'Its plan.', schema: z.looseObject({ topology: z.string(), version: z.int() }) } },
  errors: ['INVALID', 'NOT_FOUND'],
  async answer({ params: { name }, session: { store } }): Promise<Answer> {
    return { status: 200, json: await store.deployedPlan(name) }
  },
})

export const deploy = route({
  method: 'POST',
  path: '/v1/topologies',
  name: 'deploy',
  summary: 'Deploys a topology: a text that names no files, or over the unix socket a file of the node’s machine.',
  action: 'deploy',
  params: z.object({}),
  query: z.strictObject({
    until: z.literal('head').optional().meta({ description: 'For a body of YAML: ends at what is there now.' }),
    accept: z.boolean().optional().meta({ description: 'For a body of YAML: as in one of JSON.' }),
    rebuild: z.boolean().optional().meta({ description: 'For a body of YAML: as in one of JSON.' }),
    workers: workersSchema.optional(),
  }),
  body: {
    types: ['application/json', 'application/yaml'],
    schema: deploySchema,
    example: {
      topology: {
        name: 'latest',
        version: 1,
        sources: [{ kind: 'log', id: 'placed', types: ['placed'] }],
        steps: [
          { id: 'rows', operator: 'projection', options: { name: 'latest', key: ['item'] }, from: [{ step: 'placed', port: 'main' }] },
        ],
      },
    },
  },
  answers: {
    201: {
      summary: 'It runs.',
      schema: z.object({
        name: z.string(),
        version: z.int(),
        status: z.string(),
        update: z
          .enum(['reloaded', 'upgraded', 'rebuilding', 'restored'])
          .optional()
          .meta({ description: 'Of one that took the place of a version before it.' }),
      }),
    },
  },
  errors: ['INVALID', 'TOO_LARGE', 'FORBIDDEN', 'READ_ONLY', 'BUSY'],
  async answer(call): Promise<Answer> {
    return { status: 201, json: await deployBody(call) }
  },
})

type DeployQuery = Pick<DeployOptions, 'until' | 'workers' | 'accept' | 'rebuild'>
interface Given {
  readonly until?: 'head' | undefined
  readonly workers?: number | undefined
  readonly accept?: boolean | undefined
  readonly rebuild?: boolean | undefined
}

async function deployBody({ body, contentType, query, peer, session: { store } }: Call<object, Given>) {
  if (contentType === 'application/yaml') return store.deployText(textBody(body), { format: 'yaml', ...given(query) })
  const asked = jsonBody(deploySchema, body)
  if ('topology' in asked) return store.deployText(JSON.stringify(asked.topology), { format: 'json', ...given(asked) })
  if (peer.kind !== 'socket')
    throw new HttpRefusal(403, 'FORBIDDEN', 'a file of this machine is deployed over the unix socket only; send the topology itself', {
      details: { field: 'file' },
    })
  const { export: exported, watch } = asked
  return store.deploy(asked.file, { ...given(asked), ...(exported !== undefined && { export: exported }), ...(watch && { watch }) })
}

function given({ until, workers, accept, rebuild }: Given): DeployQuery {
  return {
    ...(accept && { accept }),
    ...(rebuild && { rebuild }),
    ...(until !== undefined && { until }),
    ...(workers !== undefined && { workers }),
  }
}

export const cancelRebuild = route({
  method: 'DELETE',
  path: '/v1/topologies/{name}/rebuild',
  name: 'cancelRebuild',
  summary: 'Gives up the version that is rebuilt beside a topology, which goes on as it is.',
  action: 'deploy',
  params,
  query: nothing,
  answers: { 204: { summary: 'It is given up.' } },
  errors: ['INVALID', 'NOT_FOUND', 'READ_ONLY'],
  async answer({ params: { name }, session: { store } }) {
    await store.cancelRebuild(name)
    return { status: 204, nothing: true }
  },
})

export const undeploy = route({
  method: 'DELETE',
  path: '/v1/topologies/{name}',
  name: 'undeploy',
  summary: 'Ends a topology and drops its state and its savepoints.',
  action: 'deploy',
  params,
  query: z.strictObject({ keepSavepoints: z.boolean().optional().meta({ description: 'Its savepoints stay.' }) }),
  answers: { 204: { summary: 'It is gone.' } },
  errors: ['INVALID', 'NOT_FOUND', 'READ_ONLY'],
  async answer({ params: { name }, query: { keepSavepoints = false }, session: { store } }) {
    await store.undeploy(name, { keepSavepoints })
    return { status: 204, nothing: true }
  },
})

const control = (verb: 'pause' | 'resume' | 'drain', summary: string) =>
  route({
    method: 'POST',
    path: `/v1/topologies/{name}/${verb}`,
    name: `${verb}Topology`,
    summary,
    action: 'deploy',
    params,
    query: nothing,
    answers: { 200: { summary: 'Its status afterwards.', schema: statusSchema } },
    errors: ['INVALID', 'NOT_FOUND', 'READ_ONLY'],
    async answer({ params: { name }, session }) {
      await session.store[verb](name)
      return { status: 200, json: await statusOf(session, name) }
    },
  })

export const pause = control('pause', 'Stops a topology after a last epoch; its state is kept.')
export const resume = control('resume', 'A paused topology goes on where it was.')
export const drain = control('drain', 'Lets a topology fold what is in the log now, and then end.')

export const rescale = route({
  method: 'POST',
  path: '/v1/topologies/{name}/rescale',
  name: 'rescaleTopology',
  summary: 'Spreads the keyed steps of a topology over another number of lanes; it goes on from its last epoch, with the same results.',
  action: 'deploy',
  params,
  query: z.strictObject({ workers: workersSchema }),
  answers: { 200: { summary: 'Its status afterwards.', schema: statusSchema } },
  errors: ['INVALID', 'NOT_FOUND', 'READ_ONLY'],
  async answer({ params: { name }, query, session }) {
    await session.store.rescale(name, query.workers)
    return { status: 200, json: await statusOf(session, name) }
  },
})

export const caughtUp = route({
  method: 'POST',
  path: '/v1/topologies/caught-up',
  name: 'caughtUp',
  summary: 'Answers when each topology that runs has taken all that is in the log, and what came of it is durable, appended and delivered.',
  action: 'topologies',
  params: z.object({}),
  query: z.strictObject({
    wait: z
      .int()
      .min(0)
      .max(httpLimits.waitMs / 1000)
      .default(httpLimits.waitMs / 1000)
      .meta({ description: 'Seconds to wait.' }),
  }),
  answers: { 200: { summary: 'They have.', schema: z.object({}) } },
  errors: ['INVALID', 'UNREACHABLE'],
  async answer({ query, session: { store }, signal }): Promise<Answer> {
    const begin = (): Promise<true> => store.caughtUp().then(() => true)
    const done = await waitFor({ store, name: 'caught up' }, begin, { waitMs: query.wait * 1000, signal: signal() })
    if (done) return { status: 200, json: {} }
    throw new EventStoreError('UNREACHABLE', `the topologies have not caught up within ${query.wait} s; ask again`, { waited: query.wait })
  },
})
