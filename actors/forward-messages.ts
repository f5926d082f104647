/**
 * The bodies of messages by which nodes send each other requests, and what came of them. Numbers are little endian.
 *
 *     requests   to · session · number · lowest (u32) · highest stamp (f64) · pieces
 *     piece      ticket · turn · bytes of the request · offset · bytes (u32) · its bytes
 *     answers    to · session · missing · 0 (u32) · highest stamp (f64) · answers
 *     answer     ticket · status · first version · version (u32) · first sequence · sequence · stamp (f64) · versions (u32) · each (u32)
 *
 * Messages of a session are numbered from 1 and taken in that order. `missing` is the first that will never be taken: one before it was lost, so the
 * sender begins another session with it and all behind it. 0: none is. A ticket is one try of one request; `lowest` is the lowest without an answer.
 * `to` is the process that is meant, and nobody else takes the message: a request that comes late is not stored a second time behind a restart, and
 * what a process had asked is not answered to the one that takes its place, whose tickets are the same numbers.
 */
import { type Outcome, statuses } from '../event/outcome.ts'
import { crc32Text } from '../event/stream-id.ts'

export const APPEND = 'append'
export const APPENDED = 'appended'
const REQUESTS_HEAD_BYTES = 24
const PIECE_HEAD_BYTES = 20
const ANSWERS_HEAD_BYTES = 24
const ANSWER_BYTES = 44

/** A process of a node as messages to it bear it. */
export const processNumber = (incarnation: string): number => crc32Text(incarnation)

export interface RequestsHead {
  readonly to: number
  readonly session: number
  readonly number: number
  readonly lowest: number
  readonly stamp: number
}

export interface Piece {
  readonly ticket: number
  /** Rises when requests of a partition are sent again: what was refused before must not be overtaken by what was sent before, too. */
  readonly turn: number
  readonly requestBytes: number
  readonly offset: number
  readonly bytes: Uint8Array
}

export interface AnswersHead {
  readonly to: number
  readonly session: number
  readonly missing: number
  readonly stamp: number
}

export interface TicketAnswer {
  readonly ticket: number
  readonly outcome: Outcome
}

/** Bytes gathered for one message, up to a limit. */
class Gathered {
  readonly #view: DataView
  readonly #bytes: Uint8Array
  at: number
  readonly head: number

  constructor(bytesMax: number, head: number) {
    this.#bytes = new Uint8Array(bytesMax)
    this.#view = new DataView(this.#bytes.buffer)
    this.head = head
    this.at = head
  }

  get left(): number {
    return this.#bytes.length - this.at
  }

  u32(value: number): void {
    this.#view.setUint32(this.at, value, true)
    this.at += 4
  }

  f64(value: number): void {
    this.#view.setFloat64(this.at, value, true)
    this.at += 8
  }

  raw(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.at)
    this.at += bytes.length
  }

  /** What was gathered behind a head; a copy, so that gathering may go on. */
  take(head: (into: this) => void): Uint8Array {
    const end = this.at
    this.at = 0
    head(this)
    this.at = this.head
    return this.#bytes.slice(0, end)
  }
}

export class RequestsMessage {
  readonly #gathered: Gathered
  pieces = 0

  constructor(bytesMax: number) {
    this.#gathered = new Gathered(bytesMax, REQUESTS_HEAD_BYTES)
  }

  /** Bytes of a request that still fit; nothing when another piece does not. */
  get room(): number {
    return Math.max(0, this.#gathered.left - PIECE_HEAD_BYTES)
  }

  add({ ticket, turn, requestBytes, offset, bytes }: Piece): void {
    for (const value of [ticket, turn, requestBytes, offset, bytes.length]) this.#gathered.u32(value)
    this.#gathered.raw(bytes)
    this.pieces++
  }

  /** Forgets what was gathered. */
  clear(): void {
    this.pieces = 0
    this.#gathered.at = this.#gathered.head
  }

  take({ to, session, number, lowest, stamp }: RequestsHead): Uint8Array {
    this.pieces = 0
    return this.#gathered.take(into => {
      for (const value of [to, session, number, lowest]) into.u32(value)
      into.f64(stamp)
    })
  }
}

export class AnswersMessage {
  readonly #gathered: Gathered

  constructor(bytesMax: number) {
    this.#gathered = new Gathered(bytesMax, ANSWERS_HEAD_BYTES)
  }

  get isEmpty(): boolean {
    return this.#gathered.at === ANSWERS_HEAD_BYTES
  }

  hasRoomFor({ outcome }: TicketAnswer): boolean {
    return this.#gathered.left >= ANSWER_BYTES + 4 * (outcome.versions?.length ?? 0)
  }

  add({ ticket, outcome }: TicketAnswer): void {
    const { status, firstVersion, version, firstSequence, sequence, stamp, versions } = outcome
    for (const value of [ticket, status, firstVersion, version]) this.#gathered.u32(value)
    for (const value of [firstSequence, sequence, stamp]) this.#gathered.f64(value)
    this.#gathered.u32(versions?.length ?? 0)
    for (const value of versions ?? []) this.#gathered.u32(value)
  }

  take({ to, session, missing, stamp }: AnswersHead): Uint8Array {
    return this.#gathered.take(into => {
      for (const value of [to, session, missing, 0]) into.u32(value)
      into.f64(stamp)
    })
  }
}

/** Null when the bytes are no such message. The bytes of pieces are views of them. */
export function readRequests(body: Uint8Array): (RequestsHead & { readonly pieces: readonly Piece[] }) | null {
  if (body.length < REQUESTS_HEAD_BYTES) return null
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const [to, session, number, lowest] = [0, 4, 8, 12].map(at => view.getUint32(at, true)) as [number, number, number, number]
  const stamp = view.getFloat64(16, true)
  if (number === 0 || session === 0 || !isStamp(stamp)) return null
  const pieces: Piece[] = []
  for (let at = REQUESTS_HEAD_BYTES; at < body.length;) {
    if (at + PIECE_HEAD_BYTES > body.length) return null
    const word = (n: number): number => view.getUint32(at + n * 4, true)
    const piece = { ticket: word(0), turn: word(1), requestBytes: word(2), offset: word(3), length: word(4) }
    const start = at + PIECE_HEAD_BYTES
    if (piece.length === 0 || start + piece.length > body.length || piece.offset + piece.length > piece.requestBytes) return null
    const { length, ...rest } = piece
    pieces.push({ ...rest, bytes: body.subarray(start, start + length) })
    at = start + length
  }
  return { to, session, number, lowest, stamp, pieces }
}

/** Null when the bytes are no such message. */
export function readAnswers(body: Uint8Array): (AnswersHead & { readonly answers: readonly TicketAnswer[] }) | null {
  if (body.length < ANSWERS_HEAD_BYTES) return null
  const view = new DataView(body.buffer, body.byteOffset, body.length)
  const [to, session, missing] = [0, 4, 8].map(at => view.getUint32(at, true)) as [number, number, number]
  const stamp = view.getFloat64(16, true)
  if (!isStamp(stamp)) return null
  const answers: TicketAnswer[] = []
  for (let at = ANSWERS_HEAD_BYTES; at < body.length;) {
    if (at + ANSWER_BYTES > body.length) return null
    const count = view.getUint32(at + 40, true)
    const end = at + ANSWER_BYTES + count * 4
    if (end > body.length) return null
    const answer = answerAt(view, at, count)
    if (!answer) return null
    answers.push(answer)
    at = end
  }
  return { to, session, missing, stamp, answers }
}

function answerAt(view: DataView, at: number, count: number): TicketAnswer | null {
  const [ticket, status, firstVersion, version] = [0, 4, 8, 12].map(n => view.getUint32(at + n, true)) as [number, number, number, number]
  const [firstSequence, sequence, stamp] = [16, 24, 32].map(n => view.getFloat64(at + n, true)) as [number, number, number]
  if (status >= statuses.length || ![firstSequence, sequence, stamp].every(isStamp)) return null
  const versions = count === 0 ? null : Uint32Array.from({ length: count }, (_, n) => view.getUint32(at + ANSWER_BYTES + n * 4, true))
  return { ticket, outcome: { status, firstVersion, version, firstSequence, sequence, stamp, versions } }
}

const isStamp = (value: number): boolean => Number.isSafeInteger(value) && value >= 0
