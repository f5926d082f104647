/** Conditions of an append as a partition checks them: what users give, checked, and as bytes of a request. */
import { tooLarge } from './check.ts'
import { EventStoreError } from './error.ts'
import type { ConditionQuery, RequestOptions } from './event-store.ts'
import type { Limits } from './limits.ts'
import { type Place, placeOf, START } from './position.ts'
import type { Scope } from './scope.ts'

/** One query of one condition: no event of the key that it means may lie after the place. */
export interface PlainQuery {
  /** Number of the condition it is of. */
  readonly condition: number
  /** One of these; null: any. */
  readonly types: readonly string[] | null
  /** All of these; null: any. */
  readonly tags: readonly string[] | null
  readonly after: Place
}

export interface Terms {
  readonly scope: Scope
  /** Within the tenant. */
  readonly key: string
  readonly queries: readonly PlainQuery[]
}

/** Conditions as users give them; INVALID or TOO_LARGE names what is wrong. */
export function queriesOf(given: RequestOptions['conditions'], limits: Limits): PlainQuery[] {
  if (given === undefined) return []
  const conditions: readonly unknown[] = Array.isArray(given) ? given : [given]
  const queries = conditions.flatMap((condition, number) => {
    const field = `conditions[${number}]`
    if (!isObject(condition)) throw invalid(field, 'must be an object { none, after? }')
    refuseOthers(condition, ['none', 'after'], field)
    const { none, after } = condition
    const place = after === undefined ? START : placeAfter(after, `${field}.after`)
    const all: readonly unknown[] = Array.isArray(none) ? none : [none]
    if (all.length === 0) throw invalid(`${field}.none`, 'must hold at least one query')
    return all.map(query => plainQuery(query, { condition: number, after: place }, `${field}.none`, limits))
  })
  if (queries.length > limits.requestConditions) throw tooLarge('conditions', limits.requestConditions, queries.length)
  const bytes = Buffer.byteLength(JSON.stringify(queries))
  if (bytes > limits.conditionBytes) throw tooLarge('conditions as JSON', limits.conditionBytes, bytes)
  return queries
}

function plainQuery(query: unknown, of: Pick<PlainQuery, 'condition' | 'after'>, field: string, limits: Limits): PlainQuery {
  if (!isObject(query)) throw invalid(field, 'must be a query { types?, tags? }, or a list of them')
  refuseOthers(query, ['types', 'tags'] satisfies (keyof ConditionQuery)[], field)
  return {
    condition: of.condition,
    types: textsOf(query['types'], `${field}.types`, limits.eventTypeBytes),
    tags: textsOf(query['tags'], `${field}.tags`, limits.tagBytes),
    after: of.after,
  }
}

function textsOf(given: unknown, field: string, bytesMax: number): readonly string[] | null {
  if (given === undefined) return null
  if (!Array.isArray(given) || given.length === 0) throw invalid(field, 'must be a list of at least one text')
  const texts: readonly unknown[] = given
  return texts.map(text => {
    if (typeof text !== 'string' || text === '' || !text.isWellFormed())
      throw invalid(field, 'must be well-formed texts of at least one character')
    if (Buffer.byteLength(text) > bytesMax) throw tooLarge(field, bytesMax, Buffer.byteLength(text))
    return text
  })
}

function placeAfter(after: unknown, field: string): Place {
  try {
    return placeOf(after as string)
  } catch (cause) {
    throw new EventStoreError('INVALID', `${field}: ${(cause as Error).message}`, { field }, { cause })
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function refuseOthers(given: Record<string, unknown>, known: readonly string[], field: string): void {
  for (const name of Object.keys(given))
    if (!known.includes(name)) throw invalid(`${field}.${name}`, `is not known; known: ${known.join(', ')}`)
}

function invalid(field: string, rule: string): EventStoreError {
  return new EventStoreError('INVALID', `${field} ${rule}`, { field })
}

export function encodeTerms(terms: Terms): Uint8Array {
  return Buffer.from(JSON.stringify(terms))
}

export function decodeTerms(bytes: Uint8Array, start: number, end: number): Terms {
  return JSON.parse(Buffer.prototype.utf8Slice.call(bytes, start, end)) as Terms
}
