/** The one source of shapes on a wire: they check what comes in, and the OpenAPI page is made of them. */
import { z } from 'zod'
import { EventStoreError } from '../../../event/error.ts'
import { defaultLimits } from '../../../event/limits.ts'
import { TENANT_LENGTH_MAX } from '../../../event/scope.ts'

export { z }

/** What a schema reads, or INVALID that names the field. `field` stands before the names of the schema's own. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown, field = ''): z.output<Schema> {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const issue = deepest(result.error.issues[0]!)
  const path = issue.path.reduce<string>(
    (before, part) => (typeof part === 'number' ? `${before}[${part}]` : before === '' ? String(part) : `${before}.${String(part)}`),
    field,
  )
  if (issue.code === 'unrecognized_keys') {
    const [key] = issue.keys
    throw new EventStoreError('INVALID', `${path === '' ? '' : `${path}: `}unknown name ${JSON.stringify(key)}`, {
      field: path === '' ? key : `${path}.${key}`,
    })
  }
  throw new EventStoreError('INVALID', `${path}: ${issue.message}`, { field: path })
}

/** Of alternatives, the one that came furthest says most. */
function deepest(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  if (issue.code !== 'invalid_union') return issue
  const inner = issue.errors.flat().toSorted((a, b) => b.path.length - a.path.length)[0]
  if (inner === undefined || inner.path.length === 0) return issue
  return { ...inner, path: [...issue.path, ...inner.path] } as z.core.$ZodIssue
}

/** What is no position the store refuses with words of its own; the pattern is for the OpenAPI page. */
export const positionSchema = z
  .string()
  .regex(/^\d{1,9}\.\d{1,8}\.\d{1,5}\.\d{1,16}$/, 'must be a position of an earlier answer')
  .meta({
    id: 'Position',
    description: 'Opaque place in the total order of all events, as an earlier answer gave it.',
    pattern: String.raw`^\d{1,8}\.\d{1,7}\.\d{1,4}\.\d{1,15}$`,
  })

export const plainText = String.raw`^[^\u0000-\u001f\u007f-\u009f]+$`

/** Of a topology or a projection. */
export const nameSchema = z.string().min(1).meta({ pattern: plainText, maxLength: 100 })

export const streamIdSchema = z
  .string()
  .min(1)
  // The reserved names and control characters are refused by the store with words of its own; here they are for the OpenAPI page.
  .meta({
    id: 'StreamId',
    description: `1 to ${defaultLimits.streamIdBytes} bytes of UTF-8 without control characters; not "." or "..". A leading $ is the system's.`,
    maxLength: defaultLimits.streamIdBytes,
    pattern: String.raw`^(?!\.{1,2}$)[^\u0000-\u001f\u007f-\u009f]+$`,
  })

/** What names no tenant the store refuses with words of its own. */
export const tenantSchema = z
  .string()
  .min(1)
  .meta({ pattern: `^[A-Za-z0-9][A-Za-z0-9._-]{0,${TENANT_LENGTH_MAX - 1}}$` })

export const encodingSchema = z.enum(['json', 'msgpack', 'bytes'])

const timeSchema = z.union([z.number(), z.string()]).meta({
  description: 'When it happened: milliseconds since the epoch, or ISO 8601.',
})

const metadataSchema = z.record(z.string(), z.unknown())

export const newEventSchema = z
  .strictObject({
    // How long a text must and may be the store says in words of its own; here it is for the OpenAPI page.
    type: z.string().meta({ minLength: 1, maxLength: defaultLimits.eventTypeBytes }),
    data: z.unknown().meta({
      description: 'Any JSON value; kept as the bytes that were sent. With encoding "bytes": { "$bytes": base64 }.',
    }),
    id: z.string().optional().meta({
      minLength: 1,
      maxLength: defaultLimits.eventIdBytes,
      description: 'Makes the append idempotent. Made by the node when left out.',
    }),
    time: timeSchema.optional(),
    tags: z
      .array(z.string().meta({ minLength: 1, maxLength: defaultLimits.tagBytes }))
      .optional()
      .meta({ maxItems: defaultLimits.tags }),
    metadata: metadataSchema.optional(),
    encoding: encodingSchema.optional(),
  })
  .meta({ id: 'NewEvent' })

export const eventSchema = z
  .object({
    id: z.string(),
    type: z.string(),
    data: z.unknown(),
    encoding: encodingSchema,
    stream: z.string(),
    version: z.int(),
    partition: z.int(),
    sequence: z.int(),
    stamp: z.int(),
    position: z.string(),
    recorded: z.string(),
    time: z.union([z.string(), z.number()]).meta({ description: 'ISO 8601; milliseconds since the epoch when they are not whole.' }),
    tags: z.array(z.string()).optional(),
    metadata: metadataSchema.optional(),
    partitionKey: z.string().optional().meta({ description: 'Of a stream that was given another partition key than its own.' }),
  })
  .meta({ id: 'Event', description: 'An event as it is stored. Times are ISO 8601.' })

export const durabilitySchema = z.enum(['memory', 'os', 'disk', 'quorum'])

export const appendResultSchema = z
  .object({
    stream: z.string(),
    firstVersion: z.int(),
    version: z.int(),
    partition: z.int(),
    firstSequence: z.int(),
    sequence: z.int(),
    stamp: z.int(),
    position: z.string(),
    durability: durabilitySchema,
  })
  .meta({ id: 'AppendResult', description: 'Numbers without a prefix are those of the last event.' })

export const streamsResultSchema = z
  .object({
    ...appendResultSchema.omit({ stream: true, firstVersion: true, version: true }).shape,
    streams: z.array(z.object({ stream: z.string(), firstVersion: z.int(), version: z.int() })),
  })
  .meta({
    id: 'StreamsResult',
    description: 'Numbers without a prefix are those of the last event; `streams` are those that were written.',
  })

export const duplicateSchema = z
  .object({ duplicate: z.literal(true), highest: z.int() })
  .meta({ description: 'At or below the highest known number of this producer: nothing was stored.' })
