/** Any value as plain JSON for a dead letter: what JSON can not hold is replaced by something people can read, and that is said. */

/** Deeper, and the letter would not be taken as an event. */
const depthMax = 60
/** Values of one row; a value that holds itself many times over ends here. */
const valuesMax = 200_000

export interface PlainValue {
  readonly value: unknown
  /** It comes back from JSON as it was. */
  readonly isExact: boolean
}

/** Never throws, whatever the user's functions have made. */
export function plainOf(value: unknown): PlainValue {
  const copy = new Copy()
  return { value: copy.of(value, depthMax), isExact: copy.isExact }
}

class Copy {
  isExact = true
  #left = valuesMax

  of(value: unknown, depth: number): unknown {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return value
    if (typeof value === 'number' && Number.isFinite(value)) return value
    if (typeof value === 'function') return this.#instead('function')
    if (typeof value !== 'object') return this.#instead(String(value as number | bigint | symbol | undefined))
    if (depth === 0 || --this.#left < 0) return this.#instead(null)
    try {
      return this.#object(value, depth - 1)
    } catch {
      // A getter or a proxy of the user's.
      return this.#instead(null)
    }
  }

  #object(value: object, depth: number): unknown {
    if (Array.isArray(value)) return Array.from(value, (inner: unknown) => this.of(inner, depth))
    if (value instanceof Uint8Array) return this.#instead({ $bytes: Buffer.from(value).toString('base64') })
    if (value instanceof Date) return this.#instead(Number.isNaN(value.getTime()) ? null : value.toISOString())
    const prototype: unknown = Object.getPrototypeOf(value)
    if (prototype !== Object.prototype && prototype !== null) this.isExact = false
    // What is undefined is left out, as JSON leaves it out. Own members also when they are named as a prototype is.
    const members = Object.entries(value).filter(([, inner]) => inner !== undefined)
    return Object.fromEntries(members.map(([name, inner]) => [name, this.of(inner, depth)]))
  }

  #instead(value: unknown): unknown {
    this.isExact = false
    return value
  }
}
