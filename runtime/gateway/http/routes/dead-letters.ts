/** Dead letters of a topology: list, show, replay, discard. */
import type { DeadLetterChoice } from '../../../../event/dead-letters.ts'
import { nameSchema, z } from '../../codec/schemas.ts'
import { jsonBody } from '../json-body.ts'
import { listAnswer, writeJson } from '../list-answer.ts'
import { HttpRefusal } from '../problem.ts'
import { type Answer, route } from '../route.ts'
import { limitSchema } from './read.ts'

const params = z.object({ name: nameSchema })
const idSchema = z.int().min(1)

const letterSchema = z
  .looseObject({
    id: idSchema,
    status: z.enum(['open', 'replayed', 'discarded', 'superseded']),
    step: z.string(),
    cause: z.string(),
    row: z.record(z.string(), z.unknown()),
    recorded: z.number(),
  })
  .meta({ id: 'DeadLetter', description: 'A row that a step gave up. Times are milliseconds since the epoch.' })

const choiceSchema = z
  .union([idSchema, z.array(idSchema).min(1), z.literal('all'), z.strictObject({ step: z.string() })])
  .meta({ description: 'One by its id, several, all that are open, or all that are open of a step.' })

const handledSchema = z
  .object({
    letters: z.int(),
    followers: z.int(),
    skipped: z.int(),
    waiting: z.int(),
    position: z.union([z.string(), z.null()]),
  })
  .meta({ id: 'HandledLetters' })

const replaySchema = z.strictObject({
  letters: choiceSchema,
  set: z.record(z.string(), z.unknown()).optional().meta({ description: 'Columns to replace in each row; null takes one away.' }),
  again: z.boolean().optional().meta({ description: 'Also those handled before; only for letters named by id.' }),
})
const discardSchema = z.strictObject({ letters: choiceSchema, reason: z.string().optional(), again: z.boolean().optional() })

/** Leaves out what was not given, so that the types of options agree. */
function given<T extends object>(options: T): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: Exclude<T[Name], undefined>
  }
}

export const listLetters = route({
  method: 'GET',
  path: '/v1/topologies/{name}/dead-letters',
  name: 'listDeadLetters',
  summary: 'Dead letters in the order of their ids. `next`, when it is not null, is the `after` of the next part.',
  action: 'deadLetters',
  params,
  query: z.strictObject({
    status: z.enum(['open', 'replayed', 'discarded', 'superseded', 'all']).optional().meta({ description: 'Default: open.' }),
    step: z.string().min(1).optional(),
    limit: limitSchema,
    after: z.int().min(0).max(1e15).optional(),
  }),
  answers: {
    200: { summary: 'The letters.', schema: z.object({ letters: z.array(letterSchema), next: z.union([z.int(), z.null()]) }) },
  },
  errors: ['INVALID', 'NOT_FOUND'],
  async answer({ params: { name }, query, session, door }): Promise<Answer> {
    const { limit, ...rest } = query
    const letters = session.store.deadLetters(name).list({ ...given(rest), limit: limit + 1 })
    const { limits } = door
    return listAnswer(letters, { name: 'letters', write: writeJson, session, action: 'deadLetters', limits, limit, next: ({ id }) => id })
  },
})

export const showLetter = route({
  method: 'GET',
  path: '/v1/topologies/{name}/dead-letters/{id}',
  name: 'showDeadLetter',
  summary: 'One dead letter.',
  action: 'deadLetters',
  params: z.object({
    name: nameSchema,
    id: z
      .string()
      .regex(/^(?:[1-9]\d{0,14}|replay|discard)$/, 'must be a whole number from 1')
      .meta({ pattern: '^[1-9]\\d{0,14}$' }),
  }),
  query: z.strictObject({}),
  answers: { 200: { summary: 'The letter.', schema: letterSchema } },
  errors: ['INVALID', 'NOT_FOUND'],
  async answer({ params: { name, id }, session }) {
    // Names of other routes at this place, asked by the wrong method.
    if (id === 'replay' || id === 'discard')
      throw new HttpRefusal(405, 'INVALID', `GET is not for ${id}, but POST`, { headers: { allow: 'POST' } })
    return { status: 200, json: await session.store.deadLetters(name).show(Number(id)) }
  },
})

export const replayLetters = route({
  method: 'POST',
  path: '/v1/topologies/{name}/dead-letters/replay',
  name: 'replayDeadLetters',
  summary: 'Gives letters to their steps again, mended if need be.',
  action: 'deadLetters',
  params,
  query: z.strictObject({}),
  body: { types: ['application/json'], schema: replaySchema, example: { letters: 'all' } },
  answers: { 200: { summary: 'How many.', schema: handledSchema } },
  errors: ['INVALID', 'TOO_LARGE', 'NOT_FOUND', 'BUSY', 'READ_ONLY', 'UNKNOWN_OUTCOME'],
  async answer({ params: { name }, body, session }) {
    const { letters, ...options } = jsonBody(replaySchema, body)
    return { status: 200, json: await session.store.deadLetters(name).replay(letters satisfies DeadLetterChoice, given(options)) }
  },
})

export const discardLetters = route({
  method: 'POST',
  path: '/v1/topologies/{name}/dead-letters/discard',
  name: 'discardDeadLetters',
  summary: 'Puts letters away.',
  action: 'deadLetters',
  params,
  query: z.strictObject({}),
  body: { types: ['application/json'], schema: discardSchema, example: { letters: [3], reason: 'a test' } },
  answers: { 200: { summary: 'How many.', schema: handledSchema } },
  errors: ['INVALID', 'TOO_LARGE', 'NOT_FOUND', 'BUSY', 'READ_ONLY', 'UNKNOWN_OUTCOME'],
  async answer({ params: { name }, body, session }) {
    const { letters, ...options } = jsonBody(discardSchema, body)
    return { status: 200, json: await session.store.deadLetters(name).discard(letters satisfies DeadLetterChoice, given(options)) }
  },
})
