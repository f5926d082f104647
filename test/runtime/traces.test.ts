/** Spans, with the SDK of OpenTelemetry: nothing without one, a trace from an append to whoever follows with one. */
import { context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Event } from '../../event/event.ts'
import { type Node, openNode } from '../../runtime/index.ts'
import { openTelemetry } from '../../runtime/observe/tracer.ts'
import { pay, topologyModule } from './deployed-node.ts'

/** Runs with an SDK registered, which is gone afterwards. */
async function traced(work: (node: Node, exporter: InMemorySpanExporter) => Promise<void>): Promise<void> {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  const node = await openNode({ memory: true })
  try {
    await work(node, exporter)
  } finally {
    await node.close()
    trace.disable()
    context.disable()
  }
}

function within<T>(work: () => Promise<T>): Promise<T> {
  const tracer = trace.getTracer('test')
  return tracer.startActiveSpan('request', async span => {
    try {
      return await work()
    } finally {
      span.end()
    }
  })
}

async function eventsOf(node: Node, stream: string): Promise<Event[]> {
  const events: Event[] = []
  for await (const event of node.readStream(stream)) events.push(event as Event)
  return events
}

const traceparent = /^00-[\da-f]{32}-[\da-f]{16}-[\da-f]{2}$/

test('without an SDK there is no span, and no metadata', async () => {
  assert.is(openTelemetry.isOn, false)
  const node = await openNode({ memory: true })
  await node.appendToStream('order-1', { type: 'Placed', data: 1 })
  const [event] = await eventsOf(node, 'order-1')
  assert.is(event?.metadata, undefined)
  await node.close()
})

test('an append within a trace is a span below it, and its events say so', () =>
  traced(async (node, exporter) => {
    await within(() =>
      node.appendToStream('order-1', [
        { type: 'Placed', data: 1 },
        { type: 'Paid', data: 2, metadata: { user: 'ada' } },
      ]),
    )
    const spans = exporter.getFinishedSpans()
    const [append, request] = ['allsource append', 'request'].map(name => spans.find(span => span.name === name)!)
    assert.is(append!.parentSpanContext?.spanId, request!.spanContext().spanId)
    assert.equal(
      ['allsource.stream', 'allsource.events', 'allsource.outcome'].map(name => append!.attributes[name]),
      ['order-1', 2, 'stored'],
    )
    const [placed, paid] = await eventsOf(node, 'order-1')
    const place = String(placed?.metadata?.['traceparent'])
    assert.match(place, traceparent)
    assert.equal(place.split('-').slice(1, 3), [append!.spanContext().traceId, append!.spanContext().spanId])
    assert.equal(paid?.metadata, { user: 'ada', traceparent: place })
  }))

test('a place that was given is kept, and events with ids are left as they are', () =>
  traced(async node => {
    const given = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
    await within(() => node.appendToStream('a', { type: 'T', data: 1, metadata: { traceparent: given } }))
    assert.is((await eventsOf(node, 'a'))[0]?.metadata?.['traceparent'], given)
    const withId = { type: 'T', data: 1, id: 'once' }
    const first = await within(() => node.appendToStream('b', withId))
    const again = await within(() => node.appendToStream('b', withId))
    assert.equal(again, first)
    assert.is((await eventsOf(node, 'b'))[0]?.metadata, undefined)
  }))

test('outside of a trace an append is a span of its own, and its events say nothing', () =>
  traced(async (node, exporter) => {
    await node.appendToStream('a', { type: 'T', data: 1 })
    assert.equal(
      exporter.getFinishedSpans().map(({ name }) => name),
      ['allsource append'],
    )
    assert.is((await eventsOf(node, 'a'))[0]?.metadata, undefined)
  }))

test('what is refused is a span that failed, with the code', () =>
  traced(async (node, exporter) => {
    await node.appendToStream('a', { type: 'T', data: 1 }, { expectedVersion: 7 }).then(
      () => assert.unreachable(),
      () => undefined,
    )
    const [span] = exporter.getFinishedSpans()
    assert.equal([span?.status.code, span?.attributes['error.type']], [2, 'WRONG_EXPECTED_VERSION'])
  }))

test('who follows an event that came out of a trace has a span linked to its append', () =>
  traced(async (node, exporter) => {
    await within(() => node.appendToStream('a', { type: 'T', data: 1 }))
    await node.appendToStream('a', { type: 'T', data: 2 })
    let seen = 0
    for await (const _ of node.subscribeToStream('a')) if (++seen === 2) break
    const follows = exporter.getFinishedSpans().filter(({ name }) => name === 'allsource follow')
    const append = exporter.getFinishedSpans().find(({ name, parentSpanContext }) => name === 'allsource append' && parentSpanContext)
    assert.equal(
      follows.map(({ links }) => links.map(({ context: place }) => place.spanId)),
      [[append!.spanContext().spanId]],
    )
  }))

test('a traceparent that is none links to nothing', () =>
  traced(async (node, exporter) => {
    await node.appendToStream('a', { type: 'T', data: 1, metadata: { traceparent: 'x' } })
    for await (const _ of node.subscribeToAll()) break
    const follow = exporter.getFinishedSpans().find(({ name }) => name === 'allsource follow')
    assert.equal(follow?.links, [])
  }))

test('each epoch of a topology is a span', () =>
  traced(async (node, exporter) => {
    await pay(node, 20)
    await node.deploy(topologyModule('totals'), { until: 'head' })
    await node.topologyEnded('totals')
    const epochs = exporter.getFinishedSpans().filter(({ name }) => name === 'allsource epoch')
    assert.ok(epochs.length > 0)
    assert.is(epochs[0]?.attributes['allsource.topology'], 'totals')
    assert.ok(Number(epochs[0]?.attributes['allsource.bytes']) > 0)
  }))

test.run()
