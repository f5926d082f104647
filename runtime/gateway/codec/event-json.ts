/** Stored events as JSON in bytes, gathered into chunks: `data` that was received as JSON goes out as the same bytes. */
import type { Event } from '../../../event/event.ts'
import { jsonText, timeText } from '../../../event/json-text.ts'

/** Node's own writer of UTF-8 at a place, which its types leave out. */
type TextBuffer = Buffer & { utf8Write(text: string, at: number): number }

/** Bytes that are made before they are written to a socket. */
export const chunkBytes = 64 * 1024

/** Grows a chunk of bytes; taken when it is full or when nothing more comes for now. */
export class JsonChunk {
  #bytes: TextBuffer | null = null
  length = 0

  get isFull(): boolean {
    return this.length >= chunkBytes
  }

  text(text: string): void {
    this.#room(text.length * 3)
    this.length += this.#bytes!.utf8Write(text, this.length)
  }

  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length)
    this.#bytes!.set(bytes, this.length)
    this.length += bytes.length
  }

  /** The event as one JSON object. With `oneLine` it has no line breaks; in valid JSON they stand only between values. */
  event(event: Event, oneLine = false): void {
    const { data, encoding, time, recorded, ...rest } = event
    // ISO 8601 has no room for less than a millisecond.
    const happened = Number.isInteger(time) ? timeText(time) : time
    const envelope = JSON.stringify({ ...rest, time: happened, recorded: timeText(recorded), encoding })
    this.text(`${envelope.slice(0, -1)},"data":`)
    if (encoding === 'json' && data instanceof Uint8Array) {
      const start = this.length
      this.bytes(data)
      if (oneLine) this.#joinLines(start)
    } else this.text(jsonText(data))
    this.text('}')
  }

  take(): Buffer {
    const taken = (this.#bytes ?? Buffer.alloc(0)).subarray(0, this.length)
    this.#bytes = null
    this.length = 0
    return taken
  }

  #joinLines(start: number): void {
    const bytes = this.#bytes!
    for (let at = start; at < this.length; at++) if (bytes[at] === 0x0a || bytes[at] === 0x0d) bytes[at] = 0x20
  }

  #room(bytes: number): void {
    const needed = this.length + bytes
    if (this.#bytes && needed <= this.#bytes.length) return
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#bytes ? this.#bytes.length * 2 : chunkBytes + 4096, needed)) as TextBuffer
    if (this.#bytes) grown.set(this.#bytes.subarray(0, this.length))
    this.#bytes = grown
  }
}
