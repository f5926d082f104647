/** Requests that append to several streams, on conditions and by given keys, and what becomes of them. */
import { type Asked, post } from './asking.ts'
import type { HttpCase } from './http-cases.ts'

const id = (text: string): string => encodeURIComponent(text)
const event = (): string => '{"type":"happened","data":{"n":1}}'
const get = (path: string): Asked => ({ path, headers: {} })
const together = (streams: string, more = ''): Asked => post('/v1/events', `{"streams":[${streams}]${more}}`)
const onlySold = ',"conditions":{"none":{"types":["sold"],"tags":["seat-7"]}}'
const sold = '{"stream":"{t}sales","events":[{"type":"sold","data":{"seat":7.0},"tags":["seat-7"]}]}'

/** Behind the others: these events are in nobody's way. */
export const appendsTogether: readonly HttpCase[] = [
  {
    is: 'several streams, one only expected',
    ...together(
      `{"stream":"{t}a","events":[${event()},${event()}]},{"stream":"{t}b","events":${event()}},{"stream":"{t}c","expectedVersion":"none"}`,
    ),
    status: 201,
    holds: {
      streams: [
        { stream: '{t}a', firstVersion: 1, version: 2 },
        { stream: '{t}b', firstVersion: 1, version: 1 },
      ],
    },
  },
  {
    is: 'an expectation of one of them not met',
    ...together(`{"stream":"{t}a","events":[${event()}]},{"stream":"{t}b","expectedVersion":7}`),
    status: 409,
    code: 'WRONG_EXPECTED_VERSION',
  },
  { is: 'a condition that holds', ...together(sold, onlySold), status: 201 },
  { is: 'a condition that does not', ...together(sold, onlySold), status: 412, code: 'CONDITION_FAILED' },
  { is: 'numbers as they came', ...get(`/v1/streams/${id('{t}sales')}/events`), status: 200, says: '"data":{"seat":7.0}' },
  { is: 'a given key', ...together(`{"stream":"t-s","events":[${event()}]}`, ',"partitionKey":"t"'), status: 201 },
  { is: 'the key of its events', ...get('/v1/streams/t-s/events'), status: 200, says: '"partitionKey":"t"' },
  {
    is: 'another key',
    ...post('/v1/streams/t-s/events?partitionKey=u', event()),
    status: 409,
    code: 'PARTITION_KEY_MISMATCH',
  },
  { is: 'a producer', ...together(`{"stream":"{t}p","events":[${event()}]}`, ',"producer":"p","producerSequence":2'), status: 201 },
  {
    is: 'a producer again',
    ...together(`{"stream":"{t}p","events":[${event()}]}`, ',"producer":"p","producerSequence":2'),
    status: 200,
    holds: { duplicate: true, highest: 2 },
  },
  { is: 'no streams', ...together(''), status: 400, code: 'INVALID', field: 'streams' },
  { is: 'streams that are none', ...post('/v1/events', '{"streams":{}}'), status: 400, code: 'INVALID', field: 'streams' },
  { is: 'a body that is no object', ...post('/v1/events', `[${event()}]`), status: 400, code: 'INVALID', field: 'body' },
  { is: 'a list of nulls', ...together('null'), status: 400, code: 'INVALID', field: 'streams[0]' },
  { is: 'streams twice', ...post('/v1/events', '{"streams":[],"streams":[]}'), status: 400, code: 'INVALID', field: 'streams' },
  { is: 'a word twice', ...together('{"stream":"a","stream":"b"}'), status: 400, code: 'INVALID', field: 'streams[0].stream' },
  {
    is: 'another key by its name',
    ...together(`{"stream":"{t}a","events":${event()}},{"stream":"u","events":${event()}}`),
    status: 400,
    code: 'INVALID',
    field: 'streams[1].stream',
  },
  {
    is: 'a bad event',
    ...together('{"stream":"{t}a","events":[{"data":1}]}'),
    status: 400,
    code: 'INVALID',
    field: 'streams[0].events[0].type',
  },
  {
    is: 'a bad condition',
    ...together(sold, ',"conditions":{"none":{"types":[]}}'),
    status: 400,
    code: 'INVALID',
    field: 'conditions[0].none.types',
  },
  { is: 'a bad key', ...together(sold, ',"partitionKey":7'), status: 400, code: 'INVALID', field: 'partitionKey' },
  { is: 'an unknown member', ...together(sold, ',"expected":1'), status: 400, code: 'INVALID' },
]
