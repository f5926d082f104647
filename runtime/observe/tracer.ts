/** Spans by OpenTelemetry: real ones when the user's program has registered an SDK, else none at all. */
import { context, type Link, SpanKind, SpanStatusCode, trace, type Tracer as OpenTelemetryTracer, TraceFlags } from '@opentelemetry/api'
import { isSpanContextValid, type SpanContext, type TracerProvider } from '@opentelemetry/api'
import { isEventStoreError } from '../../event/error.ts'
import type { Span, SpanName, SpanOptions, Tracer } from '../../event/tracer.ts'

/** What the API hands out until an SDK is registered, and around it afterwards. */
type Stand = TracerProvider & { getDelegateTracer?(name: string): OpenTelemetryTracer | undefined }

const SCOPE = 'allsource'
const kinds = { producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER, internal: SpanKind.INTERNAL }

export const openTelemetry: Tracer = {
  get isOn() {
    return registered() !== undefined
  },
  get isWithin() {
    return trace.getActiveSpan() !== undefined
  },
  start(name, options) {
    return start(registered() ?? trace.getTracer(SCOPE), name, options)
  },
}

/** Undefined until an SDK is there, which may come and go while the node is open. */
function registered(): OpenTelemetryTracer | undefined {
  const provider = trace.getTracerProvider() as Stand
  return provider.getDelegateTracer ? provider.getDelegateTracer(SCOPE) : provider.getTracer(SCOPE)
}

function start(tracer: OpenTelemetryTracer, name: SpanName, { kind, attributes, links = [] }: SpanOptions): Span {
  const span = tracer.startSpan(name, { kind: kinds[kind], attributes, links: links.flatMap(linkTo) }, context.active())
  return {
    traceparent: traceparentOf(span.spanContext()),
    end(last, error) {
      if (last) span.setAttributes(last)
      if (error !== undefined) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error.message })
        span.setAttribute('error.type', isEventStoreError(error) ? error.code : '_OTHER')
      }
      span.end()
    },
  }
}

function traceparentOf(place: SpanContext): string {
  if (!isSpanContextValid(place)) return ''
  return `00-${place.traceId}-${place.spanId}-${(place.traceFlags & 0xff).toString(16).padStart(2, '0')}`
}

/** None for what is no `traceparent`: it comes from events, and anybody may have written those. */
function linkTo(traceparent: string): Link[] {
  const [, traceId, spanId, flags] = /^[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})$/.exec(traceparent) ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return []
  const place: SpanContext = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true }
  return isSpanContextValid(place) ? [{ context: place }] : []
}
