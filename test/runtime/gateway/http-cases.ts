/** Requests and what becomes of them, in order on one store; run over each way a node can be asked. */
import type { ErrorCode } from '../../../event/error.ts'
import { type Asked, post } from './asking.ts'
import { appendsTogether } from './http-cases-together.ts'

export interface HttpCase extends Asked {
  readonly is: string
  readonly status: number
  /** Of the problem. */
  readonly code?: ErrorCode
  /** `details.field` of the problem. */
  readonly field?: string
  /** Parts of the answer, as JSON. */
  readonly holds?: Readonly<Record<string, unknown>>
  /** A part of the answer's text. */
  readonly says?: string
  readonly headersHold?: Readonly<Record<string, string>>
  /** The way it is asked, where the answer depends on it. */
  readonly over?: 'http' | 'socket'
}

const id = (text: string): string => encodeURIComponent(text)
const event = (more = ''): string => `{"type":"happened","data":{"n":1}${more}}`
const get = (path: string, headers: Readonly<Record<string, string>> = {}): Asked => ({ path, headers })

const appends: readonly HttpCase[] = [
  { is: 'one event', ...post('/v1/streams/a-1/events', event()), status: 201, holds: { stream: 'a-1', firstVersion: 1, version: 1 } },
  { is: 'a list', ...post('/v1/streams/a-1/events', `[${event()},${event()}]`), status: 201, holds: { firstVersion: 2, version: 3 } },
  { is: 'its version as an ETag', ...post('/v1/streams/a-1/events', event()), status: 201, headersHold: { etag: '"4"' } },
  { is: 'expected', ...post('/v1/streams/a-1/events?expected=4', event()), status: 201, holds: { version: 5 } },
  { is: 'expected none', ...post('/v1/streams/a-2/events?expected=none', event()), status: 201 },
  { is: 'expected exists', ...post('/v1/streams/a-2/events?expected=exists', event()), status: 201 },
  { is: 'expected any', ...post('/v1/streams/a-2/events?expected=any', event()), status: 201 },
  {
    is: 'not at the expected version',
    ...post('/v1/streams/a-1/events?expected=4', event()),
    status: 409,
    code: 'WRONG_EXPECTED_VERSION',
    says: '"expected":4,"actual":5',
  },
  { is: 'If-Match', ...post('/v1/streams/a-1/events', event(), { 'if-match': '"5"' }), status: 201, holds: { version: 6 } },
  { is: 'If-Match *', ...post('/v1/streams/a-0/events', event(), { 'if-match': '*' }), status: 409, code: 'WRONG_EXPECTED_VERSION' },
  { is: 'If-Match that is no version', ...post('/v1/streams/a-1/events', event(), { 'if-match': '5' }), status: 400, field: 'If-Match' },
  {
    is: 'both ways to expect',
    ...post('/v1/streams/a-1/events?expected=6', event(), { 'if-match': '"6"' }),
    status: 400,
    field: 'expected',
  },
  { is: 'no such expectation', ...post('/v1/streams/a-1/events?expected=new', event()), status: 400, code: 'INVALID', field: 'expected' },
  { is: 'an id', ...post('/v1/streams/ids-1/events', event(',"id":"one"')), status: 201 },
  { is: 'the same id again', ...post('/v1/streams/ids-1/events', event(',"id":"one"')), status: 201, holds: { version: 1 } },
  { is: 'the id elsewhere', ...post('/v1/streams/%7Bids-1%7Dtwo/events', event(',"id":"one"')), status: 409, code: 'DUPLICATE_ID' },
  { is: 'a producer', ...post('/v1/streams/p-1/events?producer=p&producerSequence=7', event()), status: 201 },
  {
    is: 'a producer that repeats itself',
    ...post('/v1/streams/p-1/events?producer=p&producerSequence=7', event()),
    status: 200,
    holds: { duplicate: true, highest: 7 },
  },
  { is: 'half a producer', ...post('/v1/streams/p-1/events?producer=p', event()), status: 400, code: 'INVALID' },
  { is: 'a durability', ...post('/v1/streams/d-1/events?durability=os', event()), status: 201, holds: { durability: 'os' } },
  { is: 'no such durability', ...post('/v1/streams/d-1/events?durability=maybe', event()), status: 400, field: 'durability' },
  { is: 'no events', ...post('/v1/streams/a-1/events', '[]'), status: 400, code: 'INVALID' },
  { is: 'no type', ...post('/v1/streams/a-1/events', '{"data":1}'), status: 400, field: 'events[0].type' },
  { is: 'no data', ...post('/v1/streams/a-1/events', `[${event()},{"type":"t"}]`), status: 400, field: 'events[1].data' },
  { is: 'no event', ...post('/v1/streams/a-1/events', '[1]'), status: 400, field: 'events[0]' },
  { is: 'an unknown field', ...post('/v1/streams/a-1/events', event(',"kind":1')), status: 400, field: 'events[0].kind' },
  { is: 'a field twice', ...post('/v1/streams/a-1/events', event(',"data":2')), status: 400, field: 'events[0].data' },
  { is: 'a prototype', ...post('/v1/streams/a-1/events', event(',"__proto__":{}')), status: 400, field: 'events[0].__proto__' },
  { is: 'tags that are none', ...post('/v1/streams/a-1/events', event(',"tags":[1]')), status: 400, field: 'events[0].tags[0]' },
  { is: 'a time that is none', ...post('/v1/streams/a-1/events', event(',"time":"soon"')), status: 400, field: 'events[0].time' },
  { is: 'metadata that are none', ...post('/v1/streams/a-1/events', event(',"metadata":[]')), status: 400, field: 'events[0].metadata' },
  { is: 'no such encoding', ...post('/v1/streams/a-1/events', event(',"encoding":"xml"')), status: 400, field: 'events[0].encoding' },
  { is: 'bytes that are none', ...post('/v1/streams/a-1/events', event(',"encoding":"bytes"')), status: 400, field: 'events[0].data' },
  {
    is: 'base64 that is none',
    ...post('/v1/streams/a-1/events', '{"type":"t","data":{"$bytes":"a"},"encoding":"bytes"}'),
    status: 400,
    field: 'events[0].data.$bytes',
  },
  { is: 'JSON that is none', ...post('/v1/streams/a-1/events', '{"type":"t","data":}'), status: 400, field: 'body', says: '"at":19' },
  { is: 'more than one value', ...post('/v1/streams/a-1/events', `${event()} 1`), status: 400, field: 'body' },
  { is: 'an empty body', ...post('/v1/streams/a-1/events', ''), status: 400, field: 'body' },
  { is: 'no UTF-8', ...post('/v1/streams/a-1/events', Uint8Array.of(0x22, 0xff, 0x22)), status: 400, field: 'body' },
  {
    is: 'too large an event',
    ...post('/v1/streams/a-1/events', `{"type":"t","data":"${'x'.repeat(2 ** 20)}"}`),
    status: 413,
    code: 'TOO_LARGE',
  },
  {
    is: 'data nested too deeply',
    ...post('/v1/streams/a-1/events', `{"type":"t","data":${'['.repeat(300)}${']'.repeat(300)}}`),
    status: 413,
    code: 'TOO_LARGE',
  },
  {
    is: 'another content type',
    ...post('/v1/streams/a-1/events', event(), { 'content-type': 'text/plain' }),
    status: 415,
    field: 'Content-Type',
  },
  {
    is: 'a compressed body',
    ...post('/v1/streams/a-1/events', event(), { 'content-encoding': 'gzip' }),
    status: 415,
    field: 'Content-Encoding',
  },
  { is: 'a charset', ...post('/v1/streams/a-1/events', event(), { 'content-type': 'application/json; charset=utf-8' }), status: 201 },
  { is: 'a stream of the system', ...post('/v1/streams/$mine/events', event()), status: 403, code: 'FORBIDDEN' },
]

const streamIds: readonly HttpCase[] = [
  ...['a/b', 'a%b', 'ü', '日本', '{order-1}paid', 'a b', 'a?b#c', '"', '%2F', 'x'.repeat(512), '€'.repeat(170)].map((name): HttpCase => ({
    is: `stream ${name.slice(0, 20)}`,
    ...post(`/v1/streams/${id(name)}/events`, event()),
    status: 201,
    holds: { stream: name },
  })),
  { is: 'a stream id that is too long', ...get(`/v1/streams/${'x'.repeat(513)}`), status: 413, code: 'TOO_LARGE', field: 'stream' },
  { is: 'a stream id that is far too long', ...get(`/v1/streams/${'x'.repeat(8000)}`), status: 413, code: 'TOO_LARGE' },
  { is: 'a dot', ...get('/v1/streams/./events'), status: 400, code: 'INVALID', field: 'stream' },
  { is: 'two dots', ...get('/v1/streams/%2e%2e'), status: 400, code: 'INVALID', field: 'stream' },
  { is: 'a control character', ...get('/v1/streams/a%00b'), status: 400, code: 'INVALID', field: 'stream' },
  { is: 'no stream', ...get('/v1/streams//events'), status: 400, code: 'INVALID', field: 'stream' },
  { is: 'a percent sign alone', ...get('/v1/streams/%zz'), status: 400, code: 'INVALID', field: 'path' },
  { is: 'half of a character', ...get('/v1/streams/%c3'), status: 400, code: 'INVALID', field: 'path' },
]

const reads: readonly HttpCase[] = [
  { is: 'a stream', ...get('/v1/streams/a-2/events'), status: 200, holds: { next: null }, headersHold: { etag: '"3"' } },
  { is: 'a part', ...get('/v1/streams/a-1/events?from=2&limit=2'), status: 200, holds: { next: 4 } },
  { is: 'to', ...get('/v1/streams/a-1/events?from=2&to=3&limit=2'), status: 200, holds: { next: null } },
  { is: 'backwards', ...get('/v1/streams/a-1/events?direction=backwards&limit=1'), status: 200, says: '"version":7' },
  { is: 'nothing in a range', ...get('/v1/streams/a-1/events?from=100'), status: 200, holds: { events: [], next: null } },
  { is: 'long ago', ...get('/v1/streams/a-1/events?as_of=2001-01-01T00:00:00Z'), status: 200, holds: { events: [], next: null } },
  { is: 'until now, in ms', ...get('/v1/streams/a-1/events?as_of=4102444800000&limit=1'), status: 200, holds: { next: 2 } },
  { is: 'as of nothing', ...get('/v1/streams/a-1/events?as_of=soon'), status: 400, field: 'as_of' },
  { is: 'what has not changed', ...get('/v1/streams/a-2/events', { 'if-none-match': '"3"' }), status: 304 },
  { is: 'what has changed', ...get('/v1/streams/a-2/events', { 'if-none-match': '"2"' }), status: 200 },
  { is: 'no such stream', ...get('/v1/streams/none/events'), status: 404, code: 'STREAM_NOT_FOUND' },
  { is: 'the version of no stream', ...get('/v1/streams/none'), status: 200, holds: { stream: 'none', version: 0 } },
  { is: 'a version', ...get('/v1/streams/a-2'), status: 200, holds: { version: 3 } },
  { is: 'a limit of nothing', ...get('/v1/streams/a-1/events?limit=0'), status: 400, field: 'limit' },
  { is: 'too high a limit', ...get('/v1/streams/a-1/events?limit=10001'), status: 400, field: 'limit' },
  { is: 'a limit that is none', ...get('/v1/streams/a-1/events?limit=1e3'), status: 400, field: 'limit' },
  { is: 'a limit twice', ...get('/v1/streams/a-1/events?limit=1&limit=2'), status: 400, field: 'limit' },
  { is: 'an unknown parameter', ...get('/v1/streams/a-1/events?form=2'), status: 400, field: 'form' },
  { is: 'a query that is no UTF-8', ...get('/v1/events?types=%ff'), status: 400, field: 'types' },
  { is: 'all', ...get('/v1/events?limit=3'), status: 200 },
  { is: 'all of a type that is not there', ...get('/v1/events?types=other'), status: 200, holds: { events: [], next: null } },
  { is: 'types with commas between', ...get('/v1/events?types=other,happened&limit=1'), status: 200, says: '"type":"happened"' },
  { is: 'types one by one', ...get('/v1/events?types=other&types=happened&limit=1'), status: 200, says: '"type":"happened"' },
  { is: 'a category', ...get('/v1/events?categories=ids'), status: 200, says: '"stream":"ids-1"' },
  {
    is: 'an event with tags',
    ...post('/v1/streams/t-1/events', event(',"tags":["red","big"],"metadata":{"correlationId":"c1"}')),
    status: 201,
  },
  { is: 'tags', ...get('/v1/events?tags=big,red'), status: 200, says: '"stream":"t-1"' },
  { is: 'tags, not all of which it has', ...get('/v1/events?tags=big,blue'), status: 200, holds: { events: [] } },
  { is: 'correlation', ...get('/v1/events?correlation=c1'), status: 200, says: '"stream":"t-1"' },
  { is: 'since tomorrow', ...get('/v1/events?since=4102444800000'), status: 200, holds: { events: [] } },
  { is: 'until long ago', ...get('/v1/events?until=2001-01-01T00:00:00Z'), status: 200, holds: { events: [] } },
  { is: 'since what is no moment', ...get('/v1/events?since=soon'), status: 400, field: 'since' },
  { is: 'from nowhere', ...get('/v1/events?from=x'), status: 400, field: 'from' },
  { is: 'an event', ...get('/v1/events/one'), status: 200, holds: { id: 'one', stream: 'ids-1', encoding: 'json' } },
  { is: 'no event', ...get('/v1/events/none'), status: 404, code: 'NOT_FOUND' },
  { is: 'no event at a position', ...get('/v1/events/at/1.1.1.1'), status: 404, code: 'NOT_FOUND' },
  { is: 'no position', ...get('/v1/events/at/here'), status: 400, field: 'position' },
  { is: 'the head of an answer', method: 'HEAD', ...get('/v1/streams/a-2/events'), status: 200, headersHold: { etag: '"3"' } },
]

const others: readonly HttpCase[] = [
  { is: 'health', ...get('/health'), status: 200, holds: { alive: true } },
  { is: 'readiness', ...get('/ready'), status: 200, holds: { ready: true } },
  { is: 'metrics', ...get('/metrics'), status: 200, says: '# TYPE allsource_' },
  { is: 'the description', ...get('/openapi.json'), status: 200, holds: { openapi: '3.1.0' } },
  { is: 'stats', ...get('/v1/stats'), status: 200, says: '"partitions":' },
  { is: 'verify', method: 'POST', ...get('/v1/verify'), status: 200, holds: { damage: [] } },
  { is: 'no projection', ...get('/v1/state/none/%22a%22'), status: 404, code: 'NOT_FOUND' },
  { is: 'a key that is no JSON', ...get('/v1/state/none/a'), status: 400, field: 'key' },
  { is: 'rows of no projection', ...get('/v1/state/none'), status: 404, code: 'NOT_FOUND' },
  { is: 'no topologies', ...get('/v1/topologies'), status: 200, holds: { topologies: [] } },
  { is: 'no topology', ...get('/v1/topologies/none'), status: 404, code: 'NOT_FOUND' },
  { is: 'the end of no topology', ...get('/v1/topologies/none?wait=ended'), status: 404, code: 'NOT_FOUND' },
  { is: 'waiting for what is no end', ...get('/v1/topologies/none?wait=paused'), status: 400, field: 'wait' },
  { is: 'no topology to undeploy', method: 'DELETE', ...get('/v1/topologies/none'), status: 404, code: 'NOT_FOUND' },
  { is: 'no topology to pause', method: 'POST', ...get('/v1/topologies/none/pause'), status: 404, code: 'NOT_FOUND' },
  { is: 'no savepoints', ...get('/v1/savepoints'), status: 200, holds: { savepoints: [] } },
  { is: 'no savepoints of a topology', ...get('/v1/topologies/none/savepoints'), status: 200, holds: { savepoints: [] } },
  { is: 'a savepoint of no topology', ...post('/v1/topologies/none/savepoints', '{}'), status: 404, code: 'NOT_FOUND' },
  { is: 'a label that is none', ...post('/v1/topologies/none/savepoints', '{"label":""}'), status: 400, field: 'label' },
  { is: 'no topology to take back', ...post('/v1/topologies/none/savepoints/x/restore', '{}'), status: 404, code: 'NOT_FOUND' },
  { is: 'no savepoint to drop', method: 'DELETE', ...get('/v1/topologies/none/savepoints/x'), status: 404, code: 'NOT_FOUND' },
  { is: 'no rebuild to cancel', method: 'DELETE', ...get('/v1/topologies/none/rebuild'), status: 404, code: 'NOT_FOUND' },
  { is: 'the plan of no topology', ...get('/v1/topologies/none/plan'), status: 404, code: 'NOT_FOUND' },
  { is: 'caught up', method: 'POST', ...get('/v1/topologies/caught-up?wait=5'), status: 200 },
  { is: 'no dead letters', ...get('/v1/topologies/none/dead-letters'), status: 404, code: 'NOT_FOUND' },
  { is: 'letters of no status', ...get('/v1/topologies/none/dead-letters?status=lost'), status: 400, field: 'status' },
  { is: 'a letter that is none', ...get('/v1/topologies/none/dead-letters/0'), status: 400, field: 'id' },
  { is: 'no letters to replay', ...post('/v1/topologies/none/dead-letters/replay', '{"letters":"all"}'), status: 404, code: 'NOT_FOUND' },
  { is: 'letters that are none', ...post('/v1/topologies/none/dead-letters/discard', '{"letters":"some"}'), status: 400, field: 'letters' },
  { is: 'a file to deploy, from elsewhere', ...post('/v1/topologies', '{"file":"x.yaml"}'), status: 403, code: 'FORBIDDEN', over: 'http' },
  {
    is: 'a file to deploy that is not there',
    ...post('/v1/topologies', '{"file":"x.yaml"}'),
    status: 400,
    code: 'INVALID',
    over: 'socket',
  },
  { is: 'a topology that is none', ...post('/v1/topologies', '{"topology":{"name":"x"}}'), status: 400, code: 'INVALID' },
  {
    is: 'a topology of YAML that is none',
    ...post('/v1/topologies', 'x: 1', { 'content-type': 'application/yaml' }),
    status: 400,
    code: 'INVALID',
  },
  { is: 'neither', ...post('/v1/topologies', '{}'), status: 400, code: 'INVALID' },
  { is: 'a body that nobody asked for', ...post('/v1/verify', '{}'), status: 400, field: 'body' },
  { is: 'a tenant', ...get('/v1/stats', { 'allsource-tenant': 'default' }), status: 200 },
  { is: 'a tenant that holds nothing', ...get('/v1/stats', { 'allsource-tenant': 'nobody' }), status: 200, holds: { events: 0 } },
  { is: 'what names no tenant', ...get('/v1/stats', { 'allsource-tenant': 'no body' }), status: 400, field: 'tenant' },
  { is: 'another tenant', ...post('/v1/streams/a-1/events', event(), { 'allsource-tenant': 'acme' }), status: 201, holds: { version: 1 } },
  { is: 'what it sees', ...get('/v1/events', { 'allsource-tenant': 'acme' }), status: 200, holds: { next: null } },
  { is: 'tenants', ...get('/v1/tenants'), status: 200, says: '"name":"acme","events":1' },
  { is: 'tenants, asked by one', ...get('/v1/tenants', { 'allsource-tenant': 'acme' }), status: 403, code: 'FORBIDDEN' },
  { is: 'a tenant dropped', method: 'DELETE', ...get('/v1/tenants/acme'), status: 204 },
  { is: 'a tenant dropped again', method: 'DELETE', ...get('/v1/tenants/acme'), status: 404, code: 'NOT_FOUND' },
  { is: 'the default tenant', method: 'DELETE', ...get('/v1/tenants/default'), status: 400, code: 'INVALID' },
  { is: 'no route', ...get('/v2/streams'), status: 404, code: 'NOT_FOUND' },
  {
    is: 'a method of other routes',
    method: 'DELETE',
    ...get('/v1/events'),
    status: 405,
    code: 'INVALID',
    headersHold: { allow: 'POST, GET' },
  },
  { is: 'a method of no route', method: 'PATCH', ...get('/v1/streams/a/events'), status: 405, headersHold: { allow: 'POST, GET' } },
  { is: 'a method that fastify knows', method: 'QUERY', ...get('/v1/stats'), status: 405, headersHold: { allow: 'GET' } },
  { is: 'a method that nobody knows', method: 'PROPFIND', ...get('/v1/stats'), status: 405, headersHold: { allow: 'GET' } },
  {
    is: 'a method of the more exact path',
    method: 'PUT',
    ...get('/v1/topologies/x/dead-letters/replay'),
    status: 405,
    headersHold: { allow: 'POST' },
  },
  { is: 'a replay by GET', ...get('/v1/topologies/x/dead-letters/replay'), status: 405, headersHold: { allow: 'POST' } },
  { is: 'options', method: 'OPTIONS', ...get('/v1/stats'), status: 405, headersHold: { allow: 'GET' } },
  { is: 'a follow of another kind', ...get('/v1/follow', { accept: 'text/html' }), status: 406, field: 'Accept' },
  { is: 'a follow from nowhere', ...get('/v1/follow?from=x'), status: 400, field: 'from' },
  { is: 'a follow of a stream from a position', ...get('/v1/follow?stream=a&from=1.1.1.1'), status: 400, field: 'from' },
  { is: 'a follow of a stream by type', ...get('/v1/follow?stream=a&types=b'), status: 400, field: 'stream' },
  { is: 'the head of a follow', method: 'HEAD', ...get('/v1/follow'), status: 405 },
  { is: 'a foreign Host', ...get('/v1/stats', { host: 'evil.example' }), status: 403, code: 'FORBIDDEN', field: 'Host', over: 'http' },
  { is: 'any Host', ...get('/v1/stats', { host: 'evil.example' }), status: 200, over: 'socket' },
  { is: 'a foreign Origin', ...get('/v1/stats', { origin: 'http://evil.example' }), status: 403, field: 'Origin', over: 'http' },
  { is: 'no Origin to speak of', ...get('/v1/stats', { origin: 'null' }), status: 403, field: 'Origin', over: 'http' },
]

export const httpCases: readonly HttpCase[] = [...appends, ...streamIds, ...reads, ...others, ...appendsTogether]
