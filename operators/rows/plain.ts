/** Plain data: what JSON holds, and bytes. What comes from outside is made so before it becomes columns. */
import { EventStoreError } from '../../event/error.ts'
import { defaultLimits } from '../../event/limits.ts'

const depthMax = defaultLimits.jsonDepth

/** Throws TOO_LARGE for what JSON text holds when it is nested deeper than the data of an event may be. */
export function checkDepth(value: unknown, left: number = depthMax): void {
  if (typeof value !== 'object' || value === null) return
  if (left === 0) throw tooDeep()
  for (const inner of Object.values(value)) if (typeof inner === 'object' && inner !== null) checkDepth(inner, left - 1)
}

/**
 * What MessagePack holds, as plain data: times become ms, whole numbers above 2^53 a decimal text, maps objects, sets lists, and bytes a
 * copy of their own. Throws for what has no such form.
 */
export function plainValue(value: unknown, left: number = depthMax): unknown {
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : String(value)
  if (typeof value === 'string' && !value.isWellFormed()) throw new TypeError('it holds half of a surrogate pair, which is no text')
  if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError(`it holds a ${typeof value}`)
  if (typeof value !== 'object' || value === null) return value ?? null
  if (value instanceof Uint8Array) return new Uint8Array(value)
  if (value instanceof Date) return timeMs(value)
  if (left === 0) throw tooDeep()
  if (Array.isArray(value)) return value.map(inner => plainValue(inner, left - 1))
  if (value instanceof Set) return Array.from(value, inner => plainValue(inner, left - 1))
  const prototype: unknown = Object.getPrototypeOf(value)
  const isMap = value instanceof Map
  if (!isMap && prototype !== Object.prototype && prototype !== null) throw new TypeError(`it holds a ${value.constructor.name}`)
  const entries = isMap ? Array.from(value as ReadonlyMap<unknown, unknown>) : Object.entries(value)
  return Object.fromEntries(entries.map(([name, inner]) => [plainValue(String(name)), plainValue(inner, left - 1)]))
}

/** JSON text; bytes become `{ "$bytes": "<base64>" }` as everywhere, whole numbers above 2^53 a decimal text. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value, function (this: Readonly<Record<string, unknown>>, name: string, made: unknown) {
    // What is there, and not what a `toJSON` made of it, which for a Buffer is a list of numbers.
    const own = this[name]
    if (own instanceof Uint8Array) return { $bytes: Buffer.from(own.buffer, own.byteOffset, own.length).toString('base64') }
    return typeof own === 'bigint' ? String(own) : made
  }) as string | undefined
  if (text === undefined) throw new TypeError('it is no JSON value')
  return text
}

/** Bytes, or `{ "$bytes": "<base64>" }`, which stands for them in JSON. */
export function bytesOf(value: unknown): Uint8Array {
  if (value instanceof Uint8Array) return value
  const text =
    typeof value === 'object' && value !== null && Object.hasOwn(value, '$bytes') ? (value as { $bytes: unknown }).$bytes : undefined
  if (typeof text === 'string' && /^(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{2}(?:==)?|[A-Za-z\d+/]{3}=?)?$/.test(text))
    return Buffer.from(text, 'base64')
  throw new TypeError('it is not bytes')
}

const decoder = new TextDecoder('utf-8', { fatal: true })

/** A text, or the text in bytes of UTF-8. */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value !== 'object') throw new TypeError('it is not a text')
  return decoder.decode(bytesOf(value))
}

function timeMs(date: Date): number {
  const ms = date.getTime()
  if (Number.isNaN(ms)) throw new TypeError('it holds a time that is none')
  return ms
}

function tooDeep(): EventStoreError {
  return new EventStoreError('TOO_LARGE', `it is nested deeper than ${depthMax}`, { limit: depthMax })
}
