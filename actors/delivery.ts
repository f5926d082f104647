/** A request of a `webhook` step on its way out: its number and key, and the row of the outbox that holds it until it was taken or given up. */
import { createHmac } from 'node:crypto'
import type { PostRequest } from '../operators/operator.ts'
import { causeLengthMax, type DeadLetterData } from './dead-letter.ts'

/** What the runtime adds to a step's request. */
export interface Delivery extends PostRequest {
  /** Place among the deliveries of its step, from 1; the same when the step is folded again from the start. */
  readonly delivery: number
  readonly topology: string
  readonly deployment: number
  readonly step: string
  /** Its dead letter, should it come to that, but for what went wrong. */
  readonly letter: DeadLetterData
}

/** Rows of the outbox that are deliveries begin so; those that are appended begin with their topology. */
const opening = Buffer.from('{"delivery":')

/** What a step's request begins with, behind what was added. */
const requestOpening = ',"url":'

export function encodeDelivery({ delivery, topology, deployment, step, url, ...rest }: Delivery): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ delivery, topology, deployment, step, url, ...rest }))
}

export function decodeDelivery(bytes: Uint8Array): Delivery {
  return JSON.parse(new TextDecoder().decode(bytes)) as Delivery
}

/** Whose delivery it is, without reading the request: what stands before it can not hold its opening, since a quote in a text is escaped. */
export function stepOfDelivery(bytes: Uint8Array): string {
  const end = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(requestOpening)
  return (JSON.parse(`${new TextDecoder().decode(bytes.subarray(0, end))}}`) as Pick<Delivery, 'step'>).step
}

export function isDelivery(bytes: Uint8Array): boolean {
  return bytes.length >= opening.length && opening.equals(bytes.subarray(0, opening.length))
}

/** The same whenever the delivery is sent again, and no other's. */
export function idempotencyKey({ topology, deployment, step, delivery }: Delivery): string {
  return `${topology}#${deployment}/${headerText(step)}/${delivery}`
}

/** A header holds printable ASCII; anything else is percent-encoded, and the percent sign with it. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x21-\x24\x26-\x7e]/gu, char =>
    char.isWellFormed() ? encodeURIComponent(char) : `%u${char.charCodeAt(0).toString(16)}`,
  )
}

export function signatureOf(body: string, secret: string): string {
  return `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`
}

/** What did not work out. */
export interface Undelivered {
  readonly cause: string
  readonly code: 'INVALID' | 'UNREACHABLE'
  readonly attempts: number
}

/** The dead letter: with the row as it came to the step, so that it can be replayed, and with the body as the payload. */
export function letterOfDelivery({ letter, body }: Delivery, { cause, code, attempts }: Undelivered): DeadLetterData {
  const payload = JSON.parse(body) as unknown
  return { ...letter, cause: cause.slice(0, causeLengthMax), code, attempts: letter.attempts - 1 + attempts, payload }
}
