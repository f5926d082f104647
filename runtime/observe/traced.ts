/** Appends and follows with spans around them, when somebody traces; the place in the trace travels in `metadata.traceparent`. */
import type { Event, NewEvent } from '../../event/event.ts'
import type { AppendAnswer } from '../../event/event-store.ts'
import type { Span, Tracer } from '../../event/tracer.ts'

/**
 * One span from the call to the answer. Its place goes into the metadata of each event when the caller is within a trace, unless the caller gave
 * one, or gave ids: events with ids are compared when they come a second time, and a second attempt is another span.
 */
export async function tracedAppend(
  tracer: Tracer,
  { stream, events }: { readonly stream: string; readonly events: readonly NewEvent[] },
  append: (events: readonly NewEvent[]) => Promise<AppendAnswer>,
): Promise<AppendAnswer> {
  const { isWithin } = tracer
  const span = tracer.start('allsource append', {
    kind: 'producer',
    attributes: { 'allsource.stream': stream, 'allsource.events': events.length },
  })
  const isMarked = isWithin && span.traceparent !== '' && events.every(event => event?.id === undefined)
  try {
    const answer = await append(isMarked ? events.map(event => marked(event, span.traceparent)) : events)
    span.end(
      answer.duplicate
        ? { 'allsource.outcome': 'duplicate' }
        : { 'allsource.outcome': 'stored', 'allsource.partition': answer.partition, 'allsource.position': answer.position },
    )
    return answer
  } catch (error) {
    span.end({ 'allsource.outcome': 'refused' }, error as Error)
    throw error
  }
}

/** What is no event, or has no metadata to speak of, is for the door to refuse. */
function marked(event: NewEvent, traceparent: string): NewEvent {
  const { metadata } = event
  if (metadata !== undefined && (typeof metadata !== 'object' || metadata === null || 'traceparent' in metadata)) return event
  return { ...event, metadata: { ...metadata, traceparent } }
}

/** A span for each event that came out of a trace, linked to it, for as long as the consumer has the event. */
export async function* tracedFollow<E>(tracer: Tracer, events: AsyncIterable<E>): AsyncGenerator<E> {
  for await (const event of events) {
    const span = spanOf(tracer, event as unknown as Event)
    try {
      yield event
    } finally {
      span?.end()
    }
  }
}

function spanOf(tracer: Tracer, { stream, type, version, partition, metadata }: Event): Span | undefined {
  const traceparent = metadata?.['traceparent']
  if (typeof traceparent !== 'string' || !tracer.isOn) return undefined
  const attributes = {
    'allsource.stream': stream,
    'allsource.type': type,
    'allsource.version': version,
    'allsource.partition': partition,
  }
  return tracer.start('allsource follow', { kind: 'consumer', attributes, links: [traceparent] })
}
