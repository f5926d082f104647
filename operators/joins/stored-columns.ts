/** Columns of rows that are kept: values by place, which is used again when its row is given up. */
import { TextDictionary, valueAt } from '../columns.ts'
import { settled } from '../keyed/exact.ts'
import type { Column } from '../flow.ts'

/** Texts that no row has any more are kept up to so many. */
const textsKept = 65_536

/** What a column holds so far; `any` once it has held values of several kinds. */
type Form = 'none' | 'number' | 'boolean' | 'codes' | 'any'

/** Codes of a dictionary elsewhere as codes here; −1 not asked yet. */
type Known = WeakMap<readonly string[], Int32Array>

export class StoredColumn {
  #form: Form = 'none'
  #capacity = 0
  #numbers = new Float64Array(0)
  /** 1 where there is a number or a boolean. */
  #has = new Uint8Array(0)
  #codes = new Int32Array(0)
  #dictionary = new TextDictionary()
  #known: Known = new WeakMap()
  #any: unknown[] = []

  grow(capacity: number): void {
    this.#capacity = capacity
    this.#widen()
  }

  #widen(): void {
    const form = this.#form
    if (form === 'number' || form === 'boolean') {
      if (form === 'number') this.#numbers = grown(this.#numbers, new Float64Array(this.#capacity))
      this.#has = grown(this.#has, new Uint8Array(this.#capacity))
    } else if (form === 'codes') {
      this.#codes = grown(this.#codes, new Int32Array(this.#capacity).fill(-1))
    } else if (form === 'any') for (let at = this.#any.length; at < this.#capacity; at++) this.#any.push(null)
  }

  /** Puts the values of rows into places. */
  store(column: Column, rows: Int32Array, places: Int32Array, count: number): void {
    const form = this.#become(formOf(column, rows, count))
    if (form === 'none') return
    if (form === 'number' && column.kind === 'number') return this.#storeNumbers(column.values, column.nulls, rows, places, count)
    if (form === 'codes' && column.kind === 'text') return this.#storeCodes(column.codes, column.dictionary, rows, places, count)
    for (let i = 0; i < count; i++) this.#put(places[i] as number, valueAt(column, rows[i] as number))
  }

  #storeNumbers(values: Float64Array, nulls: Uint8Array | undefined, rows: Int32Array, places: Int32Array, count: number): void {
    for (let i = 0; i < count; i++) {
      const [row, place] = [rows[i] as number, places[i] as number]
      this.#numbers[place] = values[row] as number
      this.#has[place] = nulls?.[row] === 1 ? 0 : 1
    }
  }

  #storeCodes(codes: Int32Array, dictionary: readonly string[], rows: Int32Array, places: Int32Array, count: number): void {
    let known = this.#known.get(dictionary)
    if (known === undefined || known.length < dictionary.length) {
      const larger = new Int32Array(Math.max(16, dictionary.length * (known === undefined ? 1 : 2))).fill(-1)
      if (known !== undefined) larger.set(known)
      this.#known.set(dictionary, (known = larger))
    }
    for (let i = 0; i < count; i++) {
      const code = codes[rows[i] as number] as number
      let own = code < 0 ? -1 : (known[code] as number)
      if (own < 0 && code >= 0) known[code] = own = this.#dictionary.codeOf(dictionary[code] as string)
      this.#codes[places[i] as number] = own
    }
  }

  /** One value, as it comes out of saved state. */
  put(place: number, value: unknown): void {
    if (value !== null) this.#become(formOfValue(value))
    this.#put(place, value)
  }

  #put(place: number, value: unknown): void {
    switch (this.#form) {
      case 'number':
        this.#numbers[place] = (value as number | null) ?? NaN
        this.#has[place] = value === null ? 0 : 1
        break
      case 'boolean':
        this.#has[place] = value === null ? 0 : value === true ? 2 : 1
        break
      case 'codes':
        this.#codes[place] = value === null ? -1 : this.#dictionary.codeOf(value as string)
        break
      case 'any':
        this.#any[place] = settled(value ?? null)
        break
      case 'none':
        break
    }
  }

  get(place: number): unknown {
    switch (this.#form) {
      case 'none':
        return null
      case 'number':
        return this.#has[place] === 0 ? null : (this.#numbers[place] as number)
      case 'boolean':
        return this.#has[place] === 0 ? null : this.#has[place] === 2
      case 'codes': {
        const code = this.#codes[place] as number
        return code < 0 ? null : (this.#dictionary.texts[code] as string)
      }
      case 'any':
        return this.#any[place] ?? null
    }
  }

  /** The form that holds values of another beside what is there; every form holds nulls. */
  #become(wanted: Form): Form {
    if (wanted === 'none' || wanted === this.#form || this.#form === 'any') return this.#form
    const values = this.#form === 'none' ? [] : Array.from({ length: this.#capacity }, (_, place) => this.get(place))
    this.#form = this.#form === 'none' ? wanted : 'any'
    this.#clear()
    this.#any = values
    this.#widen()
    return this.#form
  }

  #clear(): void {
    this.#numbers = new Float64Array(0)
    this.#has = new Uint8Array(0)
    this.#codes = new Int32Array(0)
    this.#dictionary = new TextDictionary()
    this.#known = new WeakMap()
  }

  /** The values at places as a column; null at a place of −1. */
  take(places: Int32Array, count: number): Column {
    switch (this.#form) {
      case 'none':
        return { kind: 'value', values: new Array<unknown>(count).fill(null) }
      case 'number':
        return this.#takeNumbers(places, count)
      case 'boolean': {
        const values = new Uint8Array(count)
        for (let i = 0; i < count; i++) {
          const has = places[i] === -1 ? 0 : this.#has[places[i] as number]
          values[i] = has === 0 ? 2 : has === 2 ? 1 : 0
        }
        return { kind: 'boolean', values }
      }
      case 'codes': {
        const codes = new Int32Array(count)
        for (let i = 0; i < count; i++) codes[i] = places[i] === -1 ? -1 : (this.#codes[places[i] as number] as number)
        return { kind: 'text', codes, dictionary: this.#dictionary.texts }
      }
      case 'any': {
        const values = new Array<unknown>(count)
        for (let i = 0; i < count; i++) values[i] = places[i] === -1 ? null : (this.#any[places[i] as number] ?? null)
        return { kind: 'value', values }
      }
    }
  }

  #takeNumbers(places: Int32Array, count: number): Column {
    const values = new Float64Array(count)
    let nulls: Uint8Array | undefined
    for (let i = 0; i < count; i++) {
      const place = places[i] as number
      if (place < 0 || this.#has[place] === 0) {
        nulls ??= new Uint8Array(count)
        nulls[i] = 1
        values[i] = NaN
      } else values[i] = this.#numbers[place] as number
    }
    return nulls === undefined ? { kind: 'number', values } : { kind: 'number', values, nulls }
  }

  /** Whether most of its texts are of rows that are gone. */
  isWasteful(liveCount: number): boolean {
    const { length } = this.#dictionary.texts
    return this.#form === 'codes' && length > textsKept && length > 4 * liveCount
  }

  /** Gives up the texts that none of the places in use has. */
  trim(live: Int32Array): void {
    const { texts } = this.#dictionary
    this.#dictionary = new TextDictionary()
    this.#known = new WeakMap()
    for (const place of live) {
      const code = this.#codes[place] as number
      if (code >= 0) this.#codes[place] = this.#dictionary.codeOf(texts[code] as string)
    }
  }
}

function formOf(column: Column, rows: Int32Array, count: number): Form {
  if (column.kind === 'number' || column.kind === 'boolean') return column.kind
  if (column.kind === 'text') return 'codes'
  // Texts that hardly repeat are not worth a dictionary.
  if (column.kind === 'slice') return 'any'
  for (let i = 0; i < count; i++) if ((column.values[rows[i] as number] ?? null) !== null) return 'any'
  return 'none'
}

function formOfValue(value: unknown): Form {
  const kind = typeof value
  return kind === 'number' || kind === 'boolean' ? kind : kind === 'string' ? 'codes' : 'any'
}

function grown<Values extends Float64Array | Int32Array | Uint8Array>(values: Values, larger: Values): Values {
  larger.set(values)
  return larger
}
