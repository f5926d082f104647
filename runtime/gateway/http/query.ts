/** The query of a URL, read strictly: a name twice, a bad percent sign or an unknown name is refused and not guessed at. */
import { EventStoreError } from '../../../event/error.ts'
import type { AsOf } from '../../../event/event-store.ts'
import type { ExpectedVersion, Position } from '../../../event/event.ts'
import { checked, type z } from '../codec/schemas.ts'

const invalid = (field: string, message: string): EventStoreError => new EventStoreError('INVALID', message, { field })

/** Texts by name, in the order they stand. `+` is a space, as forms write it. */
function textsOf(query: string): Map<string, string[]> {
  const texts = new Map<string, string[]>()
  for (const pair of query.split('&')) {
    if (pair === '') continue
    const at = pair.indexOf('=')
    const name = decoded(at < 0 ? pair : pair.slice(0, at), 'query')
    const text = at < 0 ? '' : pair.slice(at + 1)
    const list = texts.get(name)
    if (list) list.push(text)
    else texts.set(name, [text])
  }
  return texts
}

function decoded(text: string, field: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw invalid(field, `${field}: ${JSON.stringify(text)} is not percent-encoded UTF-8`)
  }
}

/** The query of a URL as its schema says: numbers and switches from their texts; lists from repeated names, or from one with commas between. */
export function readQuery<Schema extends z.ZodObject>(schema: Schema, url: string): z.output<Schema> {
  const at = url.indexOf('?')
  const values: Record<string, unknown> = {}
  if (at >= 0) for (const [name, texts] of textsOf(url.slice(at + 1))) values[name] = valueOf(name, texts, schema.shape[name])
  return checked(schema, values)
}

function valueOf(name: string, texts: readonly string[], schema: z.core.$ZodType | undefined): unknown {
  const kind = kindOf(schema)
  if (kind === 'array') return texts.flatMap(text => text.split(',')).map(text => decoded(text, name))
  if (texts.length > 1 && schema !== undefined) throw invalid(name, `${name} is given twice`)
  const text = decoded(texts[0]!, name)
  if (kind === 'number') return /^-?\d{1,16}$/.test(text) ? Number(text) : text
  if (kind === 'boolean') return text === 'true' ? true : text === 'false' ? false : text
  return text
}

/** What a schema is of, below what makes it optional or gives it a default. */
function kindOf(schema: z.core.$ZodType | undefined): string {
  let inner = schema
  while (inner) {
    const { def } = inner._zod as { def: { type: string; innerType?: z.core.$ZodType } }
    if (def.innerType === undefined) return def.type
    inner = def.innerType
  }
  return 'string'
}

/** `as_of`: milliseconds since the epoch, ISO 8601, or a position. */
export function asOfText(text: string): AsOf {
  if (/^\d{1,16}$/.test(text)) return Number(text)
  if (/^\d+(?:\.\d+){3}$/.test(text)) return text satisfies Position
  const isTime = /^\d{4}-\d\d-\d\d(?:[T ][\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?$/.test(text)
  if (isTime && !Number.isNaN(Date.parse(text))) return new Date(text)
  throw invalid('as_of', 'as_of must be a time (2026-01-31T12:00:00Z, or milliseconds since 1970) or a position')
}

/** `expected` of the query, or `If-Match`: a version as an entity tag, `*` for a stream that exists. */
export function expectedText(query: string | undefined, ifMatch: string | undefined): ExpectedVersion | undefined {
  if (query !== undefined && ifMatch !== undefined) throw invalid('expected', 'expected and If-Match say the same; send one')
  if (query !== undefined) return expectedVersion(query, 'expected')
  if (ifMatch === undefined) return undefined
  if (ifMatch.trim() === '*') return 'exists'
  const tag = /^\s*"(\d+)"\s*$/.exec(ifMatch)
  if (tag) return expectedVersion(tag[1]!, 'If-Match')
  throw invalid('If-Match', 'If-Match must be a version in quotes, as the ETag of a stream is, or *')
}

function expectedVersion(text: string, field: string): ExpectedVersion {
  if (text === 'none' || text === 'exists' || text === 'any') return text
  const version = Number(text)
  if (/^\d+$/.test(text) && version <= 0x7fffffff) return version
  throw invalid(field, `${field} must be a version, none, exists or any`)
}
