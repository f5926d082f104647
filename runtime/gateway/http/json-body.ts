/** Bodies that are plain values: read whole, checked by their schema. */
import { isUtf8 } from 'node:buffer'
import { EventStoreError } from '../../../event/error.ts'
import { jsonReader } from '../codec/new-events.ts'
import { checked, type z } from '../codec/schemas.ts'

/** INVALID with the place where it is not JSON, or with the name of the field. */
export function jsonBody<Schema extends z.ZodType>(schema: Schema, body: Uint8Array): z.output<Schema> {
  const json = jsonReader(body)
  const value = json.value()
  json.finish()
  return checked(schema, value)
}

export function textBody(body: Buffer): string {
  if (isUtf8(body)) return body.toString()
  throw new EventStoreError('INVALID', 'the body is not UTF-8', { field: 'body' })
}
