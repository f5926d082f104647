/**
 * Writes the code of a function from a checked tree. Names are made here, and values of the user (texts, functions, names of columns) are
 * handed in as constants: nothing that a user wrote ever stands in the code.
 */
import type { ValueType } from '../types.ts'

/** A value in the code: how it is read, and how it shows that it is null. */
export interface Slot {
  /**
   * A name or a short expression without effects. Numbers are any number when null, booleans are false then, and everything else is null.
   */
  readonly code: string
  /** The same for being null: `false` and `true` when it is known. */
  readonly isNull: string
  /** Its number is NaN whenever it is null, so that comparisons need not ask. */
  readonly isNaN?: true
  /** Results whose overflow has yet to be looked for: it shows in this one too. */
  readonly pending?: readonly { readonly code: string; readonly isNull: string }[]
}

export class Code {
  readonly constants: unknown[]
  #lines: string[] = []
  #risks = 0
  #names: { count: number }

  constructor(constants: unknown[] = [], names = { count: 0 }) {
    this.constants = constants
    this.#names = names
  }

  get lines(): readonly string[] {
    return this.#lines
  }

  fresh(letter: string): string {
    return `${letter}${this.#names.count++}`
  }

  /** A value as it can stand in code: numbers and booleans as they are, everything else by a name. */
  constant(value: unknown): string {
    if (value === null || typeof value === 'boolean') return String(value)
    if (typeof value === 'number' && Number.isFinite(value))
      return Object.is(value, -0) || value < 0 ? `(${Object.is(value, -0) ? '-0' : value})` : String(value)
    const known = this.constants.indexOf(value)
    return `k${known >= 0 ? known : this.constants.push(value) - 1}`
  }

  line(text: string): void {
    this.#lines.push(text)
  }

  /** A line that may throw, or costs more than to read a column: it must not run for rows that do not come to it. */
  risky(text: string): void {
    this.#risks++
    this.#lines.push(text)
  }

  /** Gives a value a name, unless it has one or is a constant. */
  named(code: string, letter = 'v'): string {
    if (/^[a-z]+\d+$|^-?\d+(?:\.\d+)?$|^(?:true|false|null|NaN)$/.test(code)) return code
    const name = this.fresh(letter)
    this.line(`const ${name} = ${code}`)
    return name
  }

  /** Writes into a list of its own; tells whether it is risky. */
  apart<Result>(write: () => Result): { readonly result: Result; readonly lines: readonly string[]; readonly isRisky: boolean } {
    const [outer, risks] = [this.#lines, this.#risks]
    this.#lines = []
    const result = write()
    const lines = this.#lines
    this.#lines = outer
    return { result, lines, isRisky: this.#risks > risks }
  }

  append(lines: readonly string[]): void {
    for (const line of lines) this.#lines.push(line)
  }

  block(head: string, write: () => void): void {
    this.line(`${head} {`)
    write()
    this.line('}')
  }
}

/** Values that are kept as plain numbers, beside a flag for null. */
export function isNumeric(type: ValueType): boolean {
  return type === 'number' || type === 'integer' || type === 'timestamp'
}

/** Values that are null themselves when they are null. */
export function isReference(type: ValueType): boolean {
  return !isNumeric(type) && type !== 'boolean'
}

/** What a variable holds before its value is known. */
export function emptyOf(type: ValueType): string {
  return isNumeric(type) ? 'NaN' : type === 'boolean' ? 'false' : 'null'
}

export function nullSlot(type: ValueType): Slot {
  return { code: emptyOf(type), isNull: 'true', ...(isNumeric(type) && { isNaN: true as const }) }
}

export function either(...flags: readonly string[]): string {
  const open = [...new Set(flags)].filter(flag => flag !== 'false')
  if (open.includes('true')) return 'true'
  return open.length === 0 ? 'false' : open.length === 1 ? (open[0] as string) : `(${open.join(' || ')})`
}

export function negation(flag: string): string {
  return flag === 'false' ? 'true' : flag === 'true' ? 'false' : `!(${flag})`
}

/** `flag && code`, as short as it can be. */
export function both(flag: string, code: string): string {
  if (flag === 'true') return code
  return flag === 'false' ? 'false' : `(${flag} && ${code})`
}

/** The value with null for null, as functions take it. */
export function boxed(slot: Slot, type: ValueType): string {
  if (isReference(type) || slot.isNull === 'false') return slot.code
  return slot.isNull === 'true' ? 'null' : `(${slot.isNull} ? null : ${slot.code})`
}
