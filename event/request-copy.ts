/** Copies of sealed requests, which may be sent again and elsewhere. Small ones lie many in a slab, so that a request costs no buffer. */
import { copyBytes } from './copy-bytes.ts'
import { answersFor } from './outcome.ts'
import {
  pad8,
  type RequestHead,
  type RequestTarget,
  type RequestWriter,
  type SealedRequest,
  targetOf,
  WIDE,
  Word,
} from './request-layout.ts'
import { RequestView } from './request-view.ts'

const SLAB_BYTES = 256 * 1024
/** Larger ones have a buffer of their own: a slab lives as long as any request in it. */
const SLAB_REQUEST_BYTES = SLAB_BYTES / 16

export class RequestCopy implements RequestWriter, SealedRequest {
  readonly target: RequestTarget
  readonly at: number

  /** The request must lie whole in `target`, at byte `at`, a multiple of 8. */
  constructor(target: RequestTarget, at: number) {
    this.target = target
    this.at = at
  }

  #word(word: number): number {
    return this.target.words[(this.at >>> 2) + word]!
  }

  get bytes(): number {
    return this.#word(Word.total)
  }

  get nameBytes(): number {
    return this.#word(Word.nameBytes)
  }

  get producerBytes(): number {
    return this.#word(Word.producerBytes)
  }

  get partition(): number {
    return this.#word(Word.place) & 0xffff
  }

  get answers(): number {
    const streams = this.#word(Word.streams)
    return (this.#word(Word.place) >>> 24) & WIDE && streams > 1 ? answersFor(streams) : 1
  }

  /** Its bytes, not copied. */
  slice(from: number, to: number): Uint8Array {
    return this.target.bytes.subarray(this.at + from, this.at + to)
  }

  view(into = new RequestView()): RequestView {
    return into.read(this.target, this.at)
  }

  /** What it was sealed with, under another number. */
  headAs(request: number): RequestHead {
    const place = this.#word(Word.place)
    return {
      request,
      partition: place & 0xffff,
      durability: (place >>> 16) & 0xff,
      expected: this.#word(Word.expected) | 0,
      firstStamp: this.target.floats[(this.at + Word.firstStamp * 4) >>> 3]!,
      producerSequence: this.target.floats[(this.at + Word.producerSequence * 4) >>> 3]!,
    }
  }

  /** Only the number is taken from `head`; all else stays as it was sealed. */
  writeTo(target: RequestTarget, at: number, _sealed: SealedRequest, head: RequestHead): void {
    copyBytes(this.target.bytes, this.at, this.bytes, target.bytes, at)
    target.words[(at >>> 2) + Word.request] = head.request
  }
}

export class RequestCopies {
  #slab: RequestTarget | null = null
  #end = 0

  copy(writer: RequestWriter, sealed: SealedRequest, head: RequestHead): RequestCopy {
    const bytes = pad8(sealed.bytes)
    const target = bytes > SLAB_REQUEST_BYTES ? targetOf(new ArrayBuffer(bytes)) : this.#slabFor(bytes)
    const at = target === this.#slab ? this.#end : 0
    if (target === this.#slab) this.#end += bytes
    writer.writeTo(target, at, sealed, head)
    return new RequestCopy(target, at)
  }

  #slabFor(bytes: number): RequestTarget {
    if (this.#slab && this.#end + bytes <= SLAB_BYTES) return this.#slab
    this.#end = 0
    this.#slab = targetOf(new ArrayBuffer(SLAB_BYTES))
    return this.#slab
  }
}
