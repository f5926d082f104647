/**
 * Values of any kind as JSON text and back: what JSON has no word for is written as `{"$": [kind, value]}`, so that what was saved comes back as
 * it was.
 */
import { assert } from '../../event/assert.ts'

/** Equal texts are equal values: 1 differs from "1", −0 from 0, NaN equals NaN. Fields of objects keep their order. Throws for a circle. */
export function exactText(value: unknown): string {
  return JSON.stringify(marked(value))
}

export function exactValue(text: string): unknown {
  return unmarked(JSON.parse(text))
}

/** The value as it would be after a restart, kept apart from whoever else holds it; throws when it can not be saved. */
export function settled(value: unknown): unknown {
  return typeof value === 'object' && value !== null ? exactValue(exactText(value)) : value
}

function marked(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value
    case 'number':
      return Number.isFinite(value) && !Object.is(value, -0) ? value : { $: ['number', Object.is(value, -0) ? '-0' : String(value)] }
    case 'bigint':
      return { $: ['bigint', String(value)] }
    case 'object':
      return value === null ? null : markedObject(value)
    default:
      return null
  }
}

function markedObject(value: object): unknown {
  if (Array.isArray(value)) return value.map(marked)
  if (value instanceof Uint8Array) return { $: ['bytes', Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')] }
  if (value instanceof Date) return { $: ['date', marked(value.getTime())] }
  if ('toJSON' in value && typeof value.toJSON === 'function') return marked(value.toJSON())
  const fields = Object.entries(value).filter(([, field]) => field !== undefined && typeof field !== 'function')
  const plain = Object.fromEntries(fields.map(([name, field]) => [name, marked(field)]))
  return Object.hasOwn(plain, '$') ? { $: ['object', plain] } : plain
}

function unmarked(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(unmarked)
  if (!Object.hasOwn(value, '$')) return unmarkedFields(value)
  const [kind, saved] = (value as { $: [kind: string, saved: unknown] }).$
  if (kind === 'number') return Number(saved)
  if (kind === 'bigint') return BigInt(saved as string)
  if (kind === 'bytes') return Uint8Array.from(Buffer.from(saved as string, 'base64'))
  if (kind === 'date') return new Date(unmarked(saved) as number)
  assert(kind === 'object', `saved values have no kind ${kind}`)
  return unmarkedFields(saved as object)
}

function unmarkedFields(value: object): unknown {
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, unmarked(field)]))
}
