/** Rows of projections: one by its key, or a list. */
import { EventStoreError } from '../../../../event/error.ts'
import type { StateAsOf } from '../../../../event/projections.ts'
import { nameSchema, z } from '../../codec/schemas.ts'
import { listAnswer, writeJson } from '../list-answer.ts'
import { asOfText } from '../query.ts'
import { type Answer, route } from '../route.ts'
import { asOfSchema, limitSchema } from './read.ts'

const keyText = z.string().min(1).meta({ contentMediaType: 'application/json' })

function jsonOf(text: string, field: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new EventStoreError('INVALID', `${field} is not JSON: ${(cause as Error).message}; a text needs quotes of its own`, { field })
  }
}

/** A key that is no list is its one element. */
function keyOf(text: string | undefined, field: string): unknown[] | undefined {
  if (text === undefined) return undefined
  const key = jsonOf(text, field)
  return Array.isArray(key) ? key : [key]
}

function fieldsOf(text: string | undefined): Record<string, unknown> | undefined {
  if (text === undefined) return undefined
  const fields = jsonOf(text, 'where')
  if (typeof fields === 'object' && fields !== null && !Array.isArray(fields)) return fields as Record<string, unknown>
  throw new EventStoreError('INVALID', 'where must be a JSON object: {"status":"open"}', { field: 'where' })
}

const momentOf = (text: string | undefined): StateAsOf => (text === undefined ? {} : { asOf: asOfText(text) })

export const stateGet = route({
  method: 'GET',
  path: '/v1/state/{projection}/{key}',
  name: 'stateGet',
  summary: 'The row of a key.',
  action: 'state',
  params: z.object({ projection: nameSchema, key: keyText.meta({ description: 'JSON: a list, or its one element.' }) }),
  query: z.strictObject({ as_of: asOfSchema }),
  answers: {
    200: {
      summary: 'The row, with the place in the log that it reflects.',
      schema: z.object({ key: z.array(z.unknown()), value: z.unknown(), position: z.union([z.string(), z.null()]), durable: z.boolean() }),
    },
  },
  errors: ['INVALID', 'NOT_FOUND', 'BUSY'],
  async answer({ params: { projection, key }, query, session }): Promise<Answer> {
    const wanted = jsonOf(key, 'key')
    const row = await session.store.state(projection).get(wanted, momentOf(query.as_of))
    if (row === undefined)
      throw new EventStoreError('NOT_FOUND', `projection ${JSON.stringify(projection)} has no row ${key}`, { projection, key: wanted })
    return { status: 200, json: row }
  },
})

export const stateList = route({
  method: 'GET',
  path: '/v1/state/{projection}',
  name: 'stateList',
  summary: 'Rows in the order of their keys. `next`, when it is not null, is the `after` of the next part.',
  action: 'state',
  params: z.object({ projection: nameSchema }),
  query: z.strictObject({
    prefix: keyText.optional().meta({ description: 'JSON: first elements of the keys wanted.' }),
    after: keyText.optional().meta({ description: 'JSON: the last key of an earlier answer.' }),
    where: keyText.optional().meta({ description: 'JSON: an object of fields that the projection indexes, and the values wanted there.' }),
    as_of: asOfSchema,
    limit: limitSchema,
  }),
  answers: {
    200: {
      summary: 'The rows.',
      schema: z.object({
        rows: z.array(z.object({ key: z.array(z.unknown()), value: z.unknown() })),
        next: z.union([z.array(z.unknown()), z.null()]),
      }),
    },
  },
  errors: ['INVALID', 'NOT_FOUND', 'BUSY'],
  async answer({ params: { projection }, query, session, door }): Promise<Answer> {
    const { limit } = query
    const prefix = keyOf(query.prefix, 'prefix')
    const after = keyOf(query.after, 'after')
    const where = fieldsOf(query.where)
    const rows = session.store
      .state(projection)
      .list({ limit: limit + 1, ...(prefix && { prefix }), ...(after && { after }), ...(where && { where }), ...momentOf(query.as_of) })
    const { limits } = door
    return listAnswer(rows, { name: 'rows', write: writeJson, session, action: 'state', limits, limit, next: ({ key }) => key })
  },
})
