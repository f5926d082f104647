/** POST /v1/events: appends to several streams of one partition key, on conditions, all or nothing. */
import type { RequestOptions, StreamAppend } from '../../../../event/event-store.ts'
import { jsonReader, readEvents } from '../../codec/new-events.ts'
import type { JsonReader } from '../../codec/json-reader.ts'
import { checked, duplicateSchema, durabilitySchema, newEventSchema, streamIdSchema, streamsResultSchema, z } from '../../codec/schemas.ts'
import { EventStoreError } from '../../../../event/error.ts'
import { type Answer, route } from '../route.ts'

const expectedSchema = z.union([z.int().min(0), z.enum(['none', 'exists', 'any'])])
const texts = z.array(z.string().min(1)).min(1)
const querySchema = z.strictObject({ types: texts.optional(), tags: texts.optional() }).meta({
  description: 'Events of one of the types and with all of the tags; what is left out does not matter.',
})
const conditionSchema = z.strictObject({
  none: z.union([querySchema, z.array(querySchema).min(1)]),
  after: z.string().optional().meta({ description: 'A position: only what came after it counts.' }),
})
const optionsSchema = z.strictObject({
  conditions: z.unknown().optional(),
  partitionKey: z.unknown().optional(),
  durability: durabilitySchema.optional(),
  producer: z.string().min(1).optional(),
  producerSequence: z.int().min(1).optional(),
})

export const appendStreams = route({
  method: 'POST',
  path: '/v1/events',
  name: 'appendToStreams',
  summary: 'Appends to streams of one partition key, all or nothing, if the others named are at their versions and the conditions hold.',
  action: 'append',
  params: z.object({}),
  query: z.strictObject({}),
  body: {
    types: ['application/json'],
    schema: z.strictObject({
      streams: z
        .array(
          z.strictObject({
            stream: streamIdSchema,
            events: z.union([newEventSchema, z.array(newEventSchema).min(1)]).optional(),
            expectedVersion: expectedSchema.optional(),
          }),
        )
        .min(1),
      conditions: z.union([conditionSchema, z.array(conditionSchema)]).optional(),
      partitionKey: z.string().min(1).optional(),
      durability: durabilitySchema.optional(),
      producer: z.string().min(1).optional(),
      producerSequence: z.int().min(1).optional(),
    }),
    summary:
      'A stream without events is only expected to be at its version. A condition fails when the partition key has an event that it names.',
    example: {
      streams: [
        { stream: '{show-1}sales', events: [{ type: 'sold', data: { seat: 7 }, tags: ['seat-7'] }] },
        { stream: '{show-1}closed', expectedVersion: 'none' },
      ],
      conditions: { none: { types: ['sold'], tags: ['seat-7'] } },
    },
  },
  answers: {
    201: { summary: 'Stored.', schema: streamsResultSchema },
    200: { summary: 'The producer has sent this before.', schema: duplicateSchema },
  },
  errors: [
    'INVALID',
    'TOO_LARGE',
    'WRONG_EXPECTED_VERSION',
    'CONDITION_FAILED',
    'DUPLICATE_ID',
    'PARTITION_KEY_MISMATCH',
    'FORBIDDEN',
    'STREAM_DELETED',
    'BUSY',
    'NOT_LEADER',
    'UNKNOWN_OUTCOME',
    'READ_ONLY',
    'DAMAGED',
  ],
  async answer({ body, session }): Promise<Answer> {
    const { streams, options } = readBody(body)
    const events = Array.isArray(streams) ? streams.reduce<number>((sum, item) => sum + eventsIn(item), 0) : 0
    session.quota.take('append', { events, bytes: body.length })
    // What the streams and conditions must be is checked where it is for every caller.
    const answer = await session.store.appendToStreams(streams as StreamAppend[], options)
    return answer.duplicate ? { status: 200, json: answer } : { status: 201, json: answer }
  },
})

function eventsIn(item: unknown): number {
  const events = (item as { events?: unknown } | null)?.events
  return Array.isArray(events) ? events.length : 0
}

function readBody(body: Uint8Array): { streams: unknown; options: RequestOptions } {
  const json = jsonReader(body)
  if (!json.isObject) throw invalid('body', 'must be an object { streams, conditions?, partitionKey?, … }')
  const { streams, ...rest } = readMembers(json, '', (name): unknown => (name === 'streams' ? readStreams(json) : json.value()))
  json.finish()
  const options = checked(optionsSchema, rest, 'body')
  return { streams, options: Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as RequestOptions }
}

function readStreams(json: JsonReader): unknown {
  if (!json.isList) return json.value()
  const streams: unknown[] = []
  json.items(() => {
    const field = `streams[${streams.length}].`
    streams.push(
      json.isObject
        ? readMembers(json, field, name => (name === 'events' ? readEvents(json, `${field}events`) : json.value()))
        : json.value(),
    )
  })
  return streams
}

function readMembers(json: JsonReader, field: string, read: (name: string) => unknown): Record<string, unknown> {
  const members: Record<string, unknown> = {}
  json.members(name => {
    if (Object.hasOwn(members, name)) throw invalid(`${field}${name}`, 'is given twice')
    Object.defineProperty(members, name, { value: read(name), enumerable: true })
  })
  return members
}

function invalid(field: string, rule: string): EventStoreError {
  return new EventStoreError('INVALID', `${field} ${rule}`, { field })
}
