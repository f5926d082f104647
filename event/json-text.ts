/** JSON of whatever a store can hand back, also of what JSON has no word for. */

/** Bytes become `{ "$bytes" }`, whole numbers above 2^53 a decimal text, maps an object. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, plainValue, indent) ?? 'null'
}

/** Looks at what is there and not at what its `toJSON` made of it, which for a Buffer is a list of numbers. */
function plainValue(this: Record<string, unknown>, key: string, made: unknown): unknown {
  const value = this[key]
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value.buffer, value.byteOffset, value.length).toString('base64') }
  if (typeof value === 'bigint') return value.toString()
  if (value instanceof Map) return Object.fromEntries(value)
  if (value instanceof Set) return [...value]
  return made
}

/** ISO 8601; a number that is no date stays a number. */
export function timeText(ms: number): string {
  return Math.abs(ms) <= 8.64e15 ? new Date(ms).toISOString() : String(ms)
}
