/** The part of the web's `fetch` that the client uses, so that another way to a node can stand in for it. */

export interface FetchRequest {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string
  readonly signal: AbortSignal
}

export interface FetchAnswer {
  readonly status: number
  readonly headers: { get(name: string): string | null }
  readonly body: AsyncIterable<Uint8Array> | null
  arrayBuffer(): Promise<ArrayBufferLike>
}

/** Rejects when there was no answer. */
export type Fetch = (url: string, request: FetchRequest) => Promise<FetchAnswer>

interface ChunkReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>
  cancel(): Promise<void>
}

/** The body as it comes. Whoever stops reading frees the connection. */
export async function* chunksOf(answer: FetchAnswer): AsyncGenerator<Uint8Array> {
  const { body } = answer
  if (body === null) return
  // Not every browser iterates a stream.
  if (!('getReader' in body)) return yield* body
  const reader = (body as unknown as { getReader(): ChunkReader }).getReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      if (value !== undefined) yield value
    }
  } finally {
    await reader.cancel().catch(() => undefined)
  }
}

const newline = 10

/** Lines without their ends. A last one without its end was cut off, and is left out. */
export async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = []
  for await (const chunk of chunks) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      parts.push(chunk.subarray(start, end))
      start = end + 1
      yield joined(parts)
      parts = []
    }
    // A copy, because whoever reads the connection may use its bytes again.
    if (start < chunk.length) parts.push(chunk.slice(start))
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  if (parts.length === 1) return parts[0]!
  const whole = new Uint8Array(parts.reduce((bytes, part) => bytes + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
