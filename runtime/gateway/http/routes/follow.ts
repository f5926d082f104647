/** GET /v1/follow: events as they come, as lines of JSON or as server-sent events. */
import { EventStoreError } from '../../../../event/error.ts'
import type { Event } from '../../../../event/event.ts'
import type { EventFilter } from '../../../../event/event-store.ts'
import { checked, positionSchema, streamIdSchema, z } from '../../codec/schemas.ts'
import { HttpRefusal } from '../problem.ts'
import { type Answer, type Call, route } from '../route.ts'
import { eventStreamFormat, type FollowFormat, linesFormat, pour } from '../follow-stream.ts'
import { filterSchema, momentOf } from './read.ts'

const querySchema = z.strictObject({
  stream: streamIdSchema.optional().meta({ description: 'Only this stream; `from` is then a version, inclusive.' }),
  from: z.string().min(1).optional().meta({
    description: 'A position to begin after, a version with `stream`, or end for what comes from now on. Default: the first event.',
  }),
  ...filterSchema,
})
type FollowQuery = z.output<typeof querySchema>

const formats: Readonly<Record<string, FollowFormat>> = { 'text/event-stream': eventStreamFormat, 'application/x-ndjson': linesFormat }

/** The first of the accepted types that we have; what is accepted with q=0 is not. */
function formatOf(accept: string | undefined): [type: string, format: FollowFormat] {
  for (const part of (accept ?? '*/*').split(',')) {
    const [type = '', ...parameters] = part.split(';').map(text => text.trim().toLowerCase())
    if (parameters.some(text => /^q=0(?:\.0*)?$/.test(text))) continue
    const format = formats[type]
    if (format) return [type, format]
    if (type === '*/*' || type === 'application/*') return ['application/x-ndjson', linesFormat]
    if (type === 'text/*') return ['text/event-stream', eventStreamFormat]
  }
  throw new HttpRefusal(406, 'INVALID', `a follow is ${Object.keys(formats).join(' or ')}`, { details: { field: 'Accept' } })
}

export const follow = route({
  method: 'GET',
  path: '/v1/follow',
  name: 'follow',
  summary:
    'All events from a place on, then new ones as they are stored, without a gap and without an end. Lines that hold only `position` say how far it is.',
  action: 'read',
  params: z.object({}),
  query: querySchema,
  headers: {
    'Last-Event-ID': { summary: 'Resumes server-sent events behind the last one received; stands above `from`.', schema: z.string() },
  },
  answers: { 200: { summary: 'Events without an end.', schema: z.string(), types: Object.keys(formats) } },
  errors: ['INVALID', 'TOO_LARGE', 'BUSY'],
  withoutHead: true,
  async answer(call): Promise<Answer> {
    const [type, format] = formatOf(call.headers.accept)
    const signal = call.signal()
    const reached = { position: null as string | null }
    // Made before the answer begins, so that what is wrong with the request is an answer of its own.
    const events = open(call, signal, reached)
    const leave = call.door.follow()
    return {
      status: 200,
      type,
      headers: { 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
      stream: out =>
        pour(events, {
          out,
          format,
          of: call.query.stream === undefined ? 'all' : 'stream',
          signal,
          reached,
          limits: call.door.limits,
          session: call.session,
        }).finally(leave),
    }
  },
})

interface Reached {
  position: string | null
}

function open(call: Call<object, FollowQuery>, signal: AbortSignal, reached: Reached): AsyncIterable<Event> {
  const { query, headers, session } = call
  const { stream, from: asked, since, ...filter } = query
  const given = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined)) as EventFilter
  const lastId = headers['last-event-id']
  const resumed = typeof lastId === 'string' && lastId !== '' ? lastId : undefined
  if (stream !== undefined) {
    const [foreign] = since === undefined ? Object.keys(given) : ['since']
    if (foreign !== undefined) throw new EventStoreError('INVALID', `${foreign} goes without stream`, { field: 'stream' })
    const from = resumed === undefined ? (asked === undefined ? undefined : versionOrEnd(asked, 'from')) : after(resumed)
    return session.store.subscribeToStream<Event>(stream, { signal, jsonAs: 'bytes', ...(from !== undefined && { from }) })
  }
  const from = resumed ?? asked
  if (from !== undefined && from !== 'end') checked(positionSchema, from, resumed === undefined ? 'from' : 'Last-Event-ID')
  return session.store.subscribeToAll<Event>({
    ...given,
    signal,
    jsonAs: 'bytes',
    reached: position => void (reached.position = position),
    ...(from !== undefined && { from }),
    ...(since !== undefined && { since: momentOf(since) }),
  })
}

function versionOrEnd(text: string, field: string): number | 'end' {
  if (text === 'end') return 'end'
  const version = Number(text)
  if (/^\d{1,15}$/.test(text) && Number.isSafeInteger(version)) return version
  throw new EventStoreError('INVALID', `${field} must be a version or "end" when one stream is followed`, { field })
}

/** The id of a server-sent event of one stream is its version. */
function after(lastId: string): number {
  const version = versionOrEnd(lastId, 'Last-Event-ID')
  if (version === 'end') throw new EventStoreError('INVALID', 'Last-Event-ID must be a version', { field: 'Last-Event-ID' })
  return version + 1
}
