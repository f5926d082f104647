/** POST /v1/streams/{stream}/events: appends to one stream, all or nothing. */
import type { AppendOptions } from '../../../../event/event-store.ts'
import { readNewEvents } from '../../codec/new-events.ts'
import { appendResultSchema, duplicateSchema, durabilitySchema, newEventSchema, streamIdSchema, z } from '../../codec/schemas.ts'
import { expectedText } from '../query.ts'
import { type Answer, route } from '../route.ts'

export const append = route({
  method: 'POST',
  path: '/v1/streams/{stream}/events',
  name: 'appendToStream',
  summary: 'Appends an event, or a list of events, to a stream: all or nothing.',
  action: 'append',
  params: z.object({ stream: streamIdSchema }),
  query: z.strictObject({
    expected: z.string().optional().meta({
      description: 'The version the stream must be at, or none, exists, any (default).',
      pattern: '^(?:\\d{1,9}|none|exists|any)$',
    }),
    durability: durabilitySchema.optional().meta({ description: 'When the answer comes; default: the store’s.' }),
    producer: z.string().min(1).optional().meta({ description: 'With producerSequence makes the append exact for ever.' }),
    producerSequence: z.int().min(1).optional().meta({ description: 'One number a request, rising per producer and partition.' }),
    partitionKey: z
      .string()
      .optional()
      .meta({ description: 'Key of the stream, for ever; default: the one it has, at first that of its name.' }),
  }),
  headers: {
    'If-Match': {
      summary: 'The version the stream must be at, in quotes as its ETag has it; * for one that exists. Instead of `expected`.',
      schema: z.string().meta({ pattern: '^(?:"\\d{1,9}"|\\*)$' }),
    },
  },
  body: {
    types: ['application/json'],
    schema: z.union([newEventSchema, z.array(newEventSchema).min(1)]),
    summary: '`data` is stored as the bytes that were sent: numbers come back as they were received.',
    example: [{ type: 'placed', data: { item: 'book', price: 12.0 } }],
  },
  answers: {
    201: { summary: 'Stored.', schema: appendResultSchema, headers: { ETag: 'Version of the stream, in quotes.' } },
    200: { summary: 'The producer has sent this before.', schema: duplicateSchema },
  },
  errors: [
    'INVALID',
    'TOO_LARGE',
    'WRONG_EXPECTED_VERSION',
    'DUPLICATE_ID',
    'PARTITION_KEY_MISMATCH',
    'FORBIDDEN',
    'STREAM_DELETED',
    'BUSY',
    'NOT_LEADER',
    'UNKNOWN_OUTCOME',
    'READ_ONLY',
  ],
  async answer({ params: { stream }, query, headers, body, session }): Promise<Answer> {
    const events = readNewEvents(body)
    session.quota.take('append', { events: events.length, bytes: body.length })
    const { expected, durability, producer, producerSequence, partitionKey } = query
    const expectedVersion = expectedText(expected, headers['if-match'])
    const options: AppendOptions = {
      ...(expectedVersion !== undefined && { expectedVersion }),
      ...(durability !== undefined && { durability }),
      ...(producer !== undefined && { producer }),
      ...(producerSequence !== undefined && { producerSequence }),
      ...(partitionKey !== undefined && { partitionKey }),
    }
    const answer = await session.store.appendToStream(stream, events, options)
    if (answer.duplicate) return { status: 200, json: answer }
    return { status: 201, headers: { etag: `"${answer.version}"` }, json: answer }
  },
})
