/** Lines of JSON become batches of events, however they are cut into chunks; a bad line is named and its batch is never handed out. */
import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import type { NewEvent } from '../../event/event.ts'
import { type Limits, limitsWith } from '../../event/limits.ts'
import { type Batch, batchesOf } from '../../runtime/ops/event-input.ts'

interface Given {
  readonly type?: string
  readonly limits?: Partial<Limits>
  readonly signal?: AbortSignal
}

async function batches(
  chunks: Iterable<string | Uint8Array> | AsyncIterable<Uint8Array>,
  { type, limits, signal }: Given = {},
): Promise<Batch[]> {
  const input = Readable.from(Symbol.iterator in chunks ? [...chunks].map(chunk => Buffer.from(chunk)) : chunks)
  const found: Batch[] = []
  const options = { type, limits: limitsWith(limits), signal: signal ?? new AbortController().signal }
  for await (const batch of batchesOf(input, options)) found.push(batch)
  return found
}

/** An event with its data as the JSON text that is sent to the store. */
function sent({ data, ...rest }: NewEvent): Record<string, unknown> {
  return { ...rest, data: data instanceof Uint8Array && rest.encoding === 'json' ? Buffer.from(data).toString() : JSON.stringify(data) }
}

async function refusal(text: string, given: Given = {}): Promise<{ code: string; line: unknown }> {
  try {
    await batches([text], given)
  } catch (error) {
    if (isEventStoreError(error)) return { code: error.code, line: error.details['line'] }
    throw error
  }
  throw new Error('it was accepted')
}

test('each line is an event, with the number of its line', async () => {
  const [batch, ...more] = await batches([
    '{"type":"a","data":1}\n\n  \n{"type":"b","data":{"x":[null]},"id":"i","tags":["t"],"metadata":{"m":1}}',
  ])
  assert.is(more.length, 0)
  assert.equal(batch?.lines, [1, 4])
  assert.equal(batch?.events.map(sent), [
    { type: 'a', data: '1' },
    { type: 'b', data: '{"x":[null]}', id: 'i', tags: ['t'], metadata: { m: 1 } },
  ])
})

test('with a type each line is data, sent on byte by byte', async () => {
  const [batch] = await batches(['{"x":12345678901234567890}\r\n"é"\n1.50\n'], { type: 't' })
  assert.equal(
    batch?.events.map(event => sent(event)['data']),
    ['{"x":12345678901234567890}\r', '"é"', '1.50'],
  )
})

test('numbers inside an event are sent as they were given', async () => {
  const data = '{"big":12345678901234567890,"cents":1.50,"zero":-0,"small":1e-400}'
  const [batch] = await batches([`{"type":"t","data":${data}}`])
  assert.is(sent(batch!.events[0]!)['data'], data)
})

test('lines that read --json printed can be appended again', async () => {
  const places = { stream: 's', version: 7, partition: 3, sequence: 9, stamp: 1, position: '1.3.9', recorded: '2026-01-01T00:00:00.000Z' }
  const own = { id: 'i', type: 't', time: '2026-01-01T00:00:00.000Z', data: { $bytes: 'AQI=' }, encoding: 'bytes' }
  const line = JSON.stringify({ ...places, ...own })
  const [batch] = await batches([line])
  assert.equal(batch?.events, [{ type: 't', data: Uint8Array.of(1, 2), id: 'i', time: Date.UTC(2026, 0, 1), encoding: 'bytes' }])
})

test('a byte order mark is no part of the first line', async () => {
  assert.is((await batches(['\ufeff{"type":"a","data":1}']))[0]?.events.length, 1)
})

test('a batch ends at the limits of a request', async () => {
  const text = Array.from({ length: 25 }, (_, at) => `{"at":${at}}\n`).join('')
  const byEvents = await batches([text], { type: 't', limits: { requestEvents: 10 } })
  assert.equal(
    byEvents.map(({ lines }) => lines.length),
    [10, 10, 5],
  )
  const byBytes = await batches([text], { type: 't', limits: { requestBytes: 40 } })
  for (const { events } of byBytes) assert.ok(events.reduce((sum, { data }) => sum + (data as Uint8Array).length, 0) <= 40)
  assert.is(
    byBytes.reduce((sum, { events }) => sum + events.length, 0),
    25,
  )
})

test('the cuts between chunks change nothing', async () => {
  const text = '{"type":"ä","data":"€"}\n\n{"type":"b","data":2}\r\n{"type":"c","data":[3]}'
  const bytes = Buffer.from(text)
  const whole = (await batches([text])).flatMap(({ events, lines }) => [events.map(sent), lines])
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 8 }), async cuts => {
      const edges = [0, ...cuts.sort((a, b) => a - b), bytes.length]
      const chunks = edges.slice(1).map((edge, at) => bytes.subarray(edges[at], edge))
      assert.equal(
        (await batches(chunks.filter(chunk => chunk.length > 0))).flatMap(({ events, lines }) => [events.map(sent), lines]),
        whole,
      )
    }),
    { numRuns: 50, seed: 4 },
  )
})

test('a bad line is named, and nothing of its batch is handed out', async () => {
  const good = '{"type":"a","data":1}\n'
  assert.equal(await refusal(`${good}${good}{"type":`), { code: 'INVALID', line: 3 })
  assert.equal(await refusal(`${good}\n[]`), { code: 'INVALID', line: 3 })
  assert.equal(await refusal('1\n2\nthree\n', { type: 't' }), { code: 'INVALID', line: 3 })
  const seen: Batch[] = []
  const input = Readable.from([Buffer.from(`${good}${good}${good}nonsense\n`)])
  const options = { type: undefined, limits: limitsWith({ requestEvents: 2 }), signal: new AbortController().signal }
  try {
    for await (const batch of batchesOf(input, options)) seen.push(batch)
    assert.unreachable()
  } catch (error) {
    assert.ok(isEventStoreError(error, 'INVALID'))
  }
  assert.equal(
    seen.map(({ lines }) => lines),
    [[1, 2]],
  )
})

test('a line that never ends is refused before it fills the memory', async () => {
  const limits = { eventBytes: 1024, metadataBytes: 1024 }
  assert.equal(await refusal(`1\n${'x'.repeat(200_000)}`, { type: 't', limits }), { code: 'TOO_LARGE', line: 2 })
})

test('bytes that are no UTF-8 are refused', async () => {
  try {
    await batches([Uint8Array.of(0x22, 0xff, 0x22)], { type: 't' })
    assert.unreachable()
  } catch (error) {
    assert.ok(isEventStoreError(error, 'INVALID'))
  }
})

test('a pause in the input hands out what is there', async () => {
  let release = (): void => undefined
  const held = new Promise<void>(resolve => (release = resolve))
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('1\n2\n3')
    await held
    yield Buffer.from('4\n')
  }
  const options = { type: 't', limits: limitsWith(), signal: new AbortController().signal }
  const sizes: number[] = []
  for await (const { events } of batchesOf(Readable.from(chunks()), options)) {
    sizes.push(events.length)
    release()
  }
  assert.equal(sizes, [2, 1])
})

test('a signal ends the reading; whole lines are handed out, the cut one is not', async () => {
  const asked = new AbortController()
  async function* chunks(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('1\n2\n3')
    asked.abort()
    await sleep(60_000, undefined, { ref: false })
  }
  const found = await batches(chunks(), { type: 't', signal: asked.signal })
  assert.equal(
    found.flatMap(({ lines }) => lines),
    [1, 2],
  )
})

test.run()
