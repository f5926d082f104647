/** Reads: a stream, all streams, one event. */
import type { ReadAllOptions, ReadStreamOptions } from '../../../../event/event-store.ts'
import type { Event } from '../../../../event/event.ts'
import type { FreshnessOptions, ReadLevel } from '../../../../event/read-level.ts'
import { JsonChunk } from '../../codec/event-json.ts'
import { eventSchema, positionSchema, streamIdSchema, z } from '../../codec/schemas.ts'
import { httpLimits } from '../limits.ts'
import { listAnswer, writeEvent } from '../list-answer.ts'
import { asOfText } from '../query.ts'
import type { Session } from '../../session.ts'
import { type Answer, route } from '../route.ts'

export const limitSchema = z
  .int()
  .min(1)
  .max(httpLimits.readEvents)
  .default(httpLimits.readEventsDefault)
  .meta({ description: 'Most items of this answer.' })
const directionSchema = z.enum(['forwards', 'backwards']).optional()
const momentPattern = '^(?:\\d{1,13}|20\\d\\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\\d|2[0-8])(?:T(?:[01]\\d|2[0-3]):[0-5]\\d:[0-5]\\dZ)?)$'
export const asOfSchema = z.string().optional().meta({
  description: 'Leaves out what was recorded later than a time (ISO 8601, or milliseconds since 1970) or stands behind a position.',
  pattern: momentPattern,
})
/** A category may be empty: that of a stream that begins with a dash. */
const namesSchema = z.array(z.string()).optional()

const momentSchema = z.string().optional().meta({ pattern: momentPattern })

/** What every read of events can be asked. */
export const filterSchema = {
  types: namesSchema.meta({ description: 'Only events of these types. Repeat it, or put commas between.' }),
  categories: namesSchema.meta({ description: 'Only streams of these categories: the text before the first dash.' }),
  tags: namesSchema.meta({ description: 'Only events that have all of these tags.' }),
  correlation: namesSchema.meta({ description: 'Only events with one of these ids as `correlationId` of their metadata.' }),
  since: momentSchema.meta({ description: 'Only what was recorded at this moment or later: ISO 8601, or milliseconds since 1970.' }),
  system: z.boolean().optional().meta({ description: 'Also the system’s own streams, $….' }),
}

/** Milliseconds as a number; what is no moment the store refuses. */
export const momentOf = (text: string): number | string => (/^\d{1,16}$/.test(text) ? Number(text) : text)

/** How fresh what is read must be. */
const freshnessSchema = {
  level: z.enum(['leader', 'any']).optional().meta({
    description:
      'In a cluster: all that was committed at the call, wherever (`leader`), or what this node has (`any`). Default `leader`; with `atLeast`, `any`.',
  }),
  atLeast: positionSchema.optional().meta({ description: 'Waits until this position of an earlier answer can be read.' }),
}

function freshness({ level, atLeast }: { level?: ReadLevel | undefined; atLeast?: string | undefined }): FreshnessOptions {
  return { ...(level !== undefined && { level }), ...(atLeast !== undefined && { atLeast }) }
}

const listSchema = z.object({ events: z.array(eventSchema), next: z.union([z.string(), z.int(), z.null()]) })

/** The version as an entity tag: a stream that has not grown answers the same. */
export const tagOf = (version: number): string => `"${version}"`

function isKnown(ifNoneMatch: string | undefined, version: number): boolean {
  return ifNoneMatch !== undefined && version > 0 && ifNoneMatch.split(',').some(tag => tag.trim().replace(/^W\//, '') === tagOf(version))
}

export const readStream = route({
  method: 'GET',
  path: '/v1/streams/{stream}/events',
  name: 'readStream',
  summary: 'Events of one stream. `next`, when it is not null, is the `from` of the next part.',
  action: 'read',
  params: z.object({ stream: streamIdSchema }),
  query: z.strictObject({
    from: z.int().min(0).optional().meta({ description: 'First version, inclusive.' }),
    to: z.int().min(0).optional().meta({ description: 'Last version, inclusive.' }),
    limit: limitSchema,
    direction: directionSchema,
    as_of: asOfSchema,
    ...freshnessSchema,
  }),
  headers: { 'If-None-Match': { summary: 'An ETag of an earlier answer: 304 when the stream has not grown.', schema: z.string() } },
  answers: {
    200: { summary: 'The events.', schema: listSchema, headers: { ETag: 'Version of the stream, in quotes.' } },
    304: { summary: 'The stream is at the version of the ETag.' },
  },
  errors: ['INVALID', 'TOO_LARGE', 'STREAM_NOT_FOUND', 'STREAM_DELETED', 'NOT_LEADER', 'UNREACHABLE', 'BUSY', 'DAMAGED'],
  async answer({ params: { stream }, query, headers, session, door }): Promise<Answer> {
    const { from, to, limit, direction = 'forwards', as_of: asOf, atLeast } = query
    const asksVersion = atLeast === undefined
    const options: ReadStreamOptions = {
      jsonAs: 'bytes',
      direction,
      limit: limit + 1,
      ...(from !== undefined && { from }),
      ...(to !== undefined && { to }),
      ...(asOf !== undefined && { asOf: asOfText(asOf) }),
      // Behind the question for the version, this node has what the leader had.
      ...(asksVersion ? { level: 'any' } : freshness(query)),
    }
    // Made first, so that what is wrong with the request is said first.
    const events = session.store.readStream<Event>(stream, options)
    const version = asksVersion ? await session.store.streamVersion(stream, freshness(query)) : 0
    if (isKnown(headers['if-none-match'], version)) return { status: 304, headers: { etag: tagOf(version) }, nothing: true }
    return listAnswer(events, {
      name: 'events',
      write: writeEvent,
      session,
      action: 'read',
      limits: door.limits,
      limit,
      ...(version > 0 && { headers: { etag: tagOf(version) } }),
      next: last => last.version + (direction === 'backwards' ? -1 : 1),
    })
  },
})

export const readAll = route({
  method: 'GET',
  path: '/v1/events',
  name: 'readAll',
  summary: 'Events of all streams in their total order. `next`, when it is not null, is the `from` of the next part.',
  action: 'read',
  params: z.object({}),
  query: z.strictObject({
    from: positionSchema.optional().meta({ description: 'Begins after this position; backwards, before it.' }),
    limit: limitSchema,
    direction: directionSchema,
    as_of: asOfSchema,
    ...freshnessSchema,
    until: momentSchema.meta({ description: 'Only what was recorded before this moment.' }),
    ...filterSchema,
  }),
  answers: { 200: { summary: 'The events.', schema: listSchema } },
  errors: ['INVALID', 'NOT_LEADER', 'UNREACHABLE', 'BUSY', 'DAMAGED'],
  async answer({ query, session, door }): Promise<Answer> {
    const { limit, as_of: asOf, since, until, ...rest } = query
    const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) as Partial<ReadAllOptions>
    const options: ReadAllOptions = {
      ...given,
      jsonAs: 'bytes',
      limit: limit + 1,
      ...(asOf !== undefined && { asOf: asOfText(asOf) }),
      ...(since !== undefined && { since: momentOf(since) }),
      ...(until !== undefined && { until: momentOf(until) }),
    }
    const events = session.store.readAll<Event>(options)
    return listAnswer(events, {
      name: 'events',
      write: writeEvent,
      session,
      action: 'read',
      limits: door.limits,
      limit,
      next: last => last.position,
    })
  },
})

/** One event with its data as it was received. */
function oneEvent(event: Event): Answer {
  const chunk = new JsonChunk()
  chunk.event(event)
  return { status: 200, text: chunk.take(), type: 'application/json' }
}

/** The event again, by its place, with `data` as bytes: a look-up by id gives it as a value, which rounds numbers. */
async function asReceived(event: Event, { store }: Session): Promise<Answer> {
  if (event.encoding !== 'json') return oneEvent(event)
  const read = { from: event.version, to: event.version, jsonAs: 'bytes', level: 'any' } as const
  for await (const same of store.readStream<Event>(event.stream, read)) return oneEvent(same)
  return oneEvent(event)
}

const oneEventAnswers = { 200: { summary: 'The event.', schema: eventSchema } }

export const readEvent = route({
  method: 'GET',
  path: '/v1/events/{id}',
  name: 'readEvent',
  summary: 'The event with an id.',
  action: 'read',
  params: z.object({ id: z.string().min(1) }),
  query: z.strictObject(freshnessSchema),
  answers: oneEventAnswers,
  errors: ['INVALID', 'NOT_FOUND', 'NOT_LEADER', 'UNREACHABLE', 'DAMAGED'],
  async answer({ params: { id }, query, session }) {
    return asReceived(await session.store.readEvent<Event>(id, freshness(query)), session)
  },
})

export const readEventAt = route({
  method: 'GET',
  path: '/v1/events/at/{position}',
  name: 'readEventAt',
  summary: 'The event at a position.',
  action: 'read',
  params: z.object({ position: positionSchema }),
  query: z.strictObject(freshnessSchema),
  answers: oneEventAnswers,
  errors: ['INVALID', 'NOT_FOUND', 'NOT_LEADER', 'UNREACHABLE', 'DAMAGED'],
  async answer({ params: { position }, query, session }) {
    return asReceived(await session.store.readEventAt<Event>(position, freshness(query)), session)
  },
})

export const streamVersion = route({
  method: 'GET',
  path: '/v1/streams/{stream}',
  name: 'streamVersion',
  summary: 'Version of a stream; 0 when there is none.',
  action: 'read',
  params: z.object({ stream: streamIdSchema }),
  query: z.strictObject(freshnessSchema),
  answers: {
    200: {
      summary: 'The version.',
      schema: z.object({ stream: z.string(), version: z.int() }),
      headers: { ETag: 'The version, in quotes.' },
    },
  },
  errors: ['INVALID', 'TOO_LARGE', 'NOT_LEADER', 'UNREACHABLE', 'BUSY'],
  async answer({ params: { stream }, query, session }): Promise<Answer> {
    const version = await session.store.streamVersion(stream, freshness(query))
    return { status: 200, headers: { etag: tagOf(version) }, json: { stream, version } }
  },
})
