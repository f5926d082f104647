/** A request of a `webhook` step on its way out: its number and key, and the row of the outbox that holds it until it was taken or given up. */
import { createHmac } from 'node:crypto'
import type { PostRequest } from '../operators/operator.ts'

/** What the runtime adds to a step's request. */
export interface Delivery extends PostRequest {
  /** Place among the deliveries of its step, from 1; the same when the step is folded again from the start. */
  readonly delivery: number
  readonly topology: string
  readonly deployment: number
  readonly step: string
}

/** Rows of the outbox that are deliveries begin so; those that are appended begin with their topology. */
const opening = Buffer.from('{"delivery":')

export function encodeDelivery({ delivery, ...rest }: Delivery): Uint8Array {
  return new TextEncoder().encode(JSON.stringify({ delivery, ...rest }))
}

export function decodeDelivery(bytes: Uint8Array): Delivery {
  return JSON.parse(new TextDecoder().decode(bytes)) as Delivery
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

/** The body as a row of a dead letter. */
export function rowOfBody({ body }: Delivery): Readonly<Record<string, unknown>> {
  return JSON.parse(body) as Readonly<Record<string, unknown>>
}
