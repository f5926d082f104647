/** Events cut out of a body: every JSON text is taken as JSON.parse takes it, and `data` stays the bytes that were sent. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'uvu'
import { isEventStoreError } from '../../../event/error.ts'
import type { Event } from '../../../event/event.ts'
import { JsonChunk } from '../../../runtime/gateway/codec/event-json.ts'
import { jsonFault } from '../../../runtime/gateway/codec/json-fault.ts'
import { JsonReader } from '../../../runtime/gateway/codec/json-reader.ts'
import { readNewEvents } from '../../../runtime/gateway/codec/new-events.ts'

const bytesOf = (text: string): Buffer => Buffer.from(text)

/** The twin: JSON.parse, and nothing else. */
function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

/** Reads a value by walking into every list and object. */
function walked(json: JsonReader): unknown {
  if (json.isList) {
    const items: unknown[] = []
    json.items(() => items.push(walked(json)))
    return items
  }
  if (!json.isObject) return json.value()
  const members: [string, unknown][] = []
  json.members(name => members.push([name, walked(json)]))
  return Object.fromEntries(members)
}

function readWhole(text: string): unknown {
  const json = new JsonReader(bytesOf(text))
  const value = walked(json)
  json.finish()
  return value
}

function refusal(work: () => unknown): { readonly field: unknown; readonly at: unknown } {
  try {
    work()
  } catch (error) {
    if (!isEventStoreError(error, 'INVALID')) throw error
    return { field: error.details['field'], at: error.details['at'] }
  }
  throw new assert.AssertionError({ message: 'it was taken' })
}

/** JSON with white space where it may stand, and texts with every kind of escape. */
const spaced = fc
  .tuple(fc.json({ maxDepth: 6 }), fc.constantFrom(' ', '\n', '\t\r\n', ''))
  .map(([text, space]) => `${space}${text.replaceAll(/([[\]{},:])(?=(?:[^"\\]|\\.|"(?:[^"\\]|\\.)*")*$)/g, `${space}$1${space}`)}${space}`)

/** Almost JSON: a character changed, left out or put in. */
const broken = fc
  .tuple(fc.json({ maxDepth: 4 }), fc.nat(), fc.constantFrom('', '"', '{', ']', ',', ':', '\\', '0', 'e', '\u0001', ' '), fc.nat(1))
  .map(([text, place, put, cut]) => {
    const at = place % (text.length + 1)
    return text.slice(0, at) + put + text.slice(at + cut)
  })

test('walking through a text gives what JSON.parse gives', () => {
  fc.assert(
    fc.property(spaced, text => {
      fc.pre(parses(text))
      // A name that is there twice means its last value, here as there.
      assert.deepEqual(readWhole(text), JSON.parse(text))
    }),
    { numRuns: 2000 },
  )
})

test('what JSON.parse refuses is refused, and the place is within the text or at its end', () => {
  fc.assert(
    fc.property(broken, text => {
      if (parses(text)) return assert.deepEqual(readWhole(text), JSON.parse(text))
      const { field, at } = refusal(() => readWhole(text))
      assert.equal(field, 'body')
      assert.ok(Number(at) >= 0 && Number(at) <= bytesOf(text).length)
    }),
    { numRuns: 5000 },
  )
})

test('the place of a fault is the first byte that does not belong', () => {
  const cases: readonly [text: string, at: number][] = [
    ['', 0],
    ['{"a":1', 6],
    ['{"a" 1}', 5],
    ['{"a":1,}', 7],
    ['[1,2 3]', 5],
    ['[1,]', 3],
    ['{"a":[1,{"b":tru}]}', 13],
    ['"a\\x"', 2],
    ['"a', 2],
    ['"\u0001"', 1],
    ['1 2', 2],
    ['01', 0],
    ['{1:2}', 1],
  ]
  for (const [text, at] of cases) assert.equal(jsonFault(bytesOf(text)), at, text)
})

test('data is the bytes that were sent, whatever they are', () => {
  fc.assert(
    fc.property(fc.array(spaced, { minLength: 1, maxLength: 5 }), fc.boolean(), (texts, first) => {
      fc.pre(texts.every(parses))
      const events = texts.map(text => (first ? `{"data":${text},"type":"t"}` : `{"type":"t","data":${text}}`))
      const read = readNewEvents(bytesOf(`[${events.join(',')}]`))
      assert.deepEqual(
        read.map(({ data }) => Buffer.from(data as Uint8Array).toString()),
        texts.map(text => text.trim()),
      )
    }),
    { numRuns: 1000 },
  )
})

test('numbers, repeated names and escapes pass as they are', () => {
  const data = '{"a":1.0,"b":12345678901234567890,"b":1e400,"c":"\\ud800\\u0000","\\u0061":-0}'
  const [event] = readNewEvents(bytesOf(` {"type" : "t" , "data" : ${data} } `))
  assert.equal(Buffer.from(event?.data as Uint8Array).toString(), data)
})

test('names are what they mean, however they are escaped', () => {
  const [event] = readNewEvents(bytesOf('{"t\\u0079pe":"t","d\\u0061ta":1,"id":"\\u00fc"}'))
  assert.deepEqual([event?.type, event?.id, Buffer.from(event?.data as Uint8Array).toString()], ['t', 'ü', '1'])
})

test('deep nesting is passed over without a deep stack', () => {
  const deep = `${'[{"a":'.repeat(20_000)}1${'}]'.repeat(20_000)}`
  const [event] = readNewEvents(bytesOf(`{"type":"t","data":${deep}}`))
  assert.equal((event!.data as Uint8Array).length, deep.length)
  assert.equal(refusal(() => readNewEvents(bytesOf(`{"type":"t","data":${deep.slice(0, -1)}}`))).field, 'body')
})

test('a list of many events is read in order', () => {
  const events = Array.from({ length: 10_000 }, (_, n) => `{"type":"t","data":${n}}`)
  const read = readNewEvents(bytesOf(`[${events.join(',')}]`))
  assert.deepEqual([read.length, Buffer.from(read[9_999]?.data as Uint8Array).toString()], [10_000, '9999'])
})

test('an event goes out with its data as stored, on one line where that is wanted', () => {
  const data = Buffer.from('{"a" :\r\n1.0, "b":"\\n"}')
  const place = { stream: 's', version: 1, partition: 0, sequence: 1, stamp: 1, position: '0.1.0.1' }
  const event: Event = { ...place, id: 'i', type: 't', encoding: 'json', recorded: 0, time: 8.7e15, data }
  const [whole, line] = [false, true].map(oneLine => {
    const chunk = new JsonChunk()
    chunk.event(event, oneLine)
    return chunk.take().toString()
  })
  assert.ok(whole?.endsWith(`"data":${data.toString()}}`))
  assert.ok(line?.endsWith('"data":{"a" :  1.0, "b":"\\n"}}'))
  const { time, recorded } = JSON.parse(line ?? '') as Record<string, unknown>
  assert.deepEqual([time, recorded], ['8700000000000000', '1970-01-01T00:00:00.000Z'])
})

test('a chunk grows for what is larger than itself', () => {
  const chunk = new JsonChunk()
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 200_000, size: 'max' }), { maxLength: 4 }), texts => {
      for (const text of texts) chunk.text(text)
      assert.equal(chunk.take().toString(), Buffer.from(texts.join('')).toString())
    }),
    { numRuns: 30 },
  )
})

test.run()
