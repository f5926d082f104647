/** Savepoints of topologies: made, listed, gone back to, dropped. */
import { nameSchema, plainText, z } from '../../codec/schemas.ts'
import { jsonBody } from '../json-body.ts'
import { type Answer, route } from '../route.ts'

const params = z.object({ name: nameSchema })
const one = z.object({ name: nameSchema, id: z.string().min(1).max(128) })
/** Where nobody looks whether there is such a topology. */
const anyName = z.object({ name: nameSchema.max(100).regex(new RegExp(plainText, 'u')) })
const nothing = z.strictObject({})

const savepointSchema = z
  .looseObject({
    topology: z.string(),
    id: z.string(),
    label: z.string().optional(),
    time: z.number(),
    version: z.int(),
    epoch: z.int(),
    position: z.union([z.string(), z.null()]),
    rows: z.int(),
    bytes: z.int(),
  })
  .meta({ id: 'Savepoint', description: 'What a topology held as of an epoch. Times are milliseconds since the epoch.' })

const createSchema = z.strictObject({ label: z.string().min(1).max(200).optional() })
const restoreSchema = z.strictObject({
  accept: z.boolean().optional().meta({ description: 'Goes on though state is lost, or events are appended once more.' }),
})

const list = z.object({ savepoints: z.array(savepointSchema) })

export const listAllSavepoints = route({
  method: 'GET',
  path: '/v1/savepoints',
  name: 'listAllSavepoints',
  summary: 'The savepoints of all topologies, also of those that are not deployed any more.',
  action: 'topologies',
  params: nothing,
  query: nothing,
  answers: { 200: { summary: 'Oldest first within a topology.', schema: list } },
  errors: ['INVALID'],
  async answer({ session: { store } }) {
    return { status: 200, json: { savepoints: await store.savepoints() } }
  },
})

export const listSavepoints = route({
  method: 'GET',
  path: '/v1/topologies/{name}/savepoints',
  name: 'listSavepoints',
  summary: 'The savepoints of a topology, also of one that is not deployed any more.',
  action: 'topologies',
  params: anyName,
  query: nothing,
  answers: { 200: { summary: 'Oldest first.', schema: list } },
  errors: ['INVALID'],
  async answer({ params: { name }, session: { store } }) {
    return { status: 200, json: { savepoints: await store.savepoints(name) } }
  },
})

export const createSavepoint = route({
  method: 'POST',
  path: '/v1/topologies/{name}/savepoints',
  name: 'createSavepoint',
  summary:
    'Copies what a topology holds as of its last epoch. The answer comes when the copy is on disk; the topology goes on folding meanwhile.',
  action: 'deploy',
  params,
  query: nothing,
  body: { types: ['application/json'], schema: createSchema, example: { label: 'before version 2' } },
  answers: { 201: { summary: 'It is there.', schema: savepointSchema } },
  errors: ['INVALID', 'NOT_FOUND', 'TOO_LARGE', 'READ_ONLY'],
  async answer({ params: { name }, body, session: { store } }): Promise<Answer> {
    const { label } = jsonBody(createSchema, body)
    return { status: 201, json: await store.savepoint(name, label === undefined ? {} : { label }) }
  },
})

export const restoreSavepoint = route({
  method: 'POST',
  path: '/v1/topologies/{name}/savepoints/{id}/restore',
  name: 'restoreSavepoint',
  summary: 'A topology goes back: its state, position and projections become those of the savepoint, and it folds from there.',
  action: 'deploy',
  params: one,
  query: nothing,
  body: { types: ['application/json'], schema: restoreSchema, example: {} },
  answers: {
    200: {
      summary: 'It goes on from there.',
      schema: z.looseObject({ name: z.string(), version: z.int(), status: z.string(), update: z.string() }),
    },
  },
  errors: ['INVALID', 'NOT_FOUND', 'READ_ONLY'],
  async answer({ params: { name, id }, body, session: { store } }): Promise<Answer> {
    const { accept } = jsonBody(restoreSchema, body)
    return { status: 200, json: await store.restoreSavepoint(name, id, accept === undefined ? {} : { accept }) }
  },
})

export const dropSavepoint = route({
  method: 'DELETE',
  path: '/v1/topologies/{name}/savepoints/{id}',
  name: 'dropSavepoint',
  summary: 'Drops a savepoint.',
  action: 'deploy',
  params: one,
  query: nothing,
  answers: { 204: { summary: 'It is gone.' } },
  errors: ['INVALID', 'NOT_FOUND', 'READ_ONLY'],
  async answer({ params: { name, id }, session: { store } }) {
    await store.dropSavepoint(name, id)
    return { status: 204, nothing: true }
  },
})
