/** Spans as the rest of the code knows them; who makes them is decided where a node is put together. */

export type SpanName = 'allsource append' | 'allsource epoch' | 'allsource follow'
/** `producer` hands events on, `consumer` takes them, `internal` is work in between. */
export type SpanKind = 'producer' | 'consumer' | 'internal'
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>

export interface SpanOptions {
  readonly kind: SpanKind
  readonly attributes: SpanAttributes
  /** W3C `traceparent` of spans that led to this one without being its parent. */
  readonly links?: readonly string[]
}

export interface Span {
  /** Its place in the trace as W3C `traceparent`; '' when it has none. */
  readonly traceparent: string
  /** Once; what is known of the outcome. With an error the span has failed. */
  end(attributes?: SpanAttributes, error?: Error): void
}

export interface Tracer {
  /** False when nobody would see a span: then nothing is to be prepared for one. Asked once a call, so it costs next to nothing. */
  readonly isOn: boolean
  /** True within a span of the caller's. */
  readonly isWithin: boolean
  /** Begins a span below the one that is active. */
  start(name: SpanName, options: SpanOptions): Span
}
