/** The node as a whole: figures, and a walk through all that is stored. */
import { z } from '../../codec/schemas.ts'
import { route } from '../route.ts'
import { statusSchema } from './topologies.ts'

const damageSchema = z
  .looseObject({ shard: z.int(), block: z.int(), reason: z.string() })
  .meta({ id: 'LogDamage', description: 'A place in the log that can not be read.' })

export const stats = route({
  method: 'GET',
  path: '/v1/stats',
  name: 'stats',
  summary: 'Counts and bytes of the store, its partitions and its topologies.',
  action: 'stats',
  params: z.object({}),
  query: z.strictObject({}),
  answers: {
    200: {
      summary: 'The figures.',
      schema: z.looseObject({
        storeId: z.string(),
        events: z.int(),
        diskBytes: z.int(),
        partitions: z.array(z.looseObject({ partition: z.int(), events: z.int() })),
        topologies: z.array(statusSchema),
        damage: z.array(damageSchema),
      }),
    },
  },
  errors: ['INVALID'],
  async answer({ session: { store } }) {
    return { status: 200, json: await store.stats() }
  },
})

export const verify = route({
  method: 'POST',
  path: '/v1/verify',
  name: 'verify',
  summary: 'Walks through everything that is stored and names what is not as it was written. The node goes on serving.',
  action: 'verify',
  params: z.object({}),
  query: z.strictObject({}),
  answers: {
    200: {
      summary: 'What was found.',
      schema: z.looseObject({
        blocks: z.int(),
        events: z.int(),
        bytes: z.int(),
        damage: z.array(damageSchema),
        accepted: z.array(damageSchema),
      }),
    },
  },
  errors: ['INVALID'],
  async answer({ session: { store } }) {
    return { status: 200, json: await store.verify() }
  },
})

export const metrics = route({
  method: 'GET',
  path: '/metrics',
  name: 'metrics',
  summary: 'Figures of the node in the text format of Prometheus.',
  action: 'stats',
  params: z.object({}),
  query: z.strictObject({}),
  answers: { 200: { summary: 'The figures.', schema: z.string(), types: ['text/plain'] } },
  errors: ['INVALID'],
  async answer({ door }) {
    const text = await door.signs.metricsText()
    return { status: 200, text, type: 'text/plain; version=0.0.4; charset=utf-8' }
  },
})
