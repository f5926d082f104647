/** How the texts of a command line are read as values; each refuses with a sentence that says what it expects. */
import { EventStoreError } from '../../event/error.ts'
import type { AsOf } from '../../event/event-store.ts'
import type { ExpectedVersion, Position, Version } from '../../event/event.ts'
import { placeOf } from '../../event/position.ts'

export interface TextValue<Value> {
  /** Stands for the value in help. */
  readonly placeholder: string
  /** Throws INVALID; the caller adds the name of the flag. */
  read(text: string): Value
}

function refuse(message: string): never {
  throw new EventStoreError('INVALID', message)
}

export function text(placeholder: string): TextValue<string> {
  return { placeholder, read: given => given || refuse('must not be empty') }
}

export function wholeNumber(placeholder: string, least: number): TextValue<number> {
  const read = (given: string): number => {
    const value = Number(given)
    return /^\d+$/.test(given) && Number.isSafeInteger(value) && value >= least
      ? value
      : refuse(`must be a whole number from ${least}, got ${JSON.stringify(given)}`)
  }
  return { placeholder, read }
}

export function oneOf<const Word extends string>(...words: Word[]): TextValue<Word> {
  return {
    placeholder: words.join('|'),
    read: given => words.find(word => word === given) ?? refuse(`must be one of ${words.join(', ')}, got ${JSON.stringify(given)}`),
  }
}

/** Comma-separated words. */
export const list: TextValue<readonly string[]> = {
  placeholder: 'A,B',
  read(given) {
    const words = given.split(',').map(word => word.trim())
    return words.every(Boolean) ? words : refuse(`must be words with commas between them, got ${JSON.stringify(given)}`)
  },
}

export const json: TextValue<unknown> = {
  placeholder: 'JSON',
  read(given) {
    try {
      return JSON.parse(given)
    } catch (cause) {
      const hint = /^[\w.-]+$/.test(given) ? `; a text needs quotes of its own: '"${given}"'` : ''
      throw new EventStoreError('INVALID', `must be JSON: ${(cause as Error).message}${hint}`, {}, { cause })
    }
  },
}

/** Fields and their values, `field=JSON` with commas between them; a comma within a value stays in it. */
export const fieldValues: TextValue<Readonly<Record<string, unknown>>> = {
  placeholder: 'FIELD=JSON',
  read(given) {
    const found: [string, unknown][] = []
    for (let rest = given; rest !== '';) {
      const [head, field] = /^\s*([^=]*[^=\s])\s*=/.exec(rest) ?? refuse(`must be FIELD=JSON, got ${JSON.stringify(rest)}`)
      const [value, next] = leadingJson(rest.slice(head.length))
      found.push([field!, value])
      rest = next
    }
    return found.length > 0 ? Object.fromEntries(found) : refuse('must be FIELD=JSON')
  },
}

/** A value of JSON up to a comma, and what stands behind that. */
function leadingJson(given: string): readonly [value: unknown, rest: string] {
  for (let end = given.indexOf(','); end >= 0; end = given.indexOf(',', end + 1)) {
    try {
      return [JSON.parse(given.slice(0, end)), given.slice(end + 1)]
    } catch {
      // It goes on behind this comma, or it is none.
    }
  }
  return [json.read(given), '']
}

/** JSON kept as it was typed, so that numbers come back as they were given. */
export const jsonText: TextValue<string> = {
  placeholder: 'JSON',
  read(given) {
    json.read(given)
    return given
  },
}

export const expectedVersion: TextValue<ExpectedVersion> = {
  placeholder: 'V',
  read(given) {
    if (given === 'none' || given === 'exists' || given === 'any') return given
    const value = Number(given)
    return /^\d+$/.test(given) && Number.isSafeInteger(value)
      ? value
      : refuse(`must be a version, none, exists or any, got ${JSON.stringify(given)}`)
  },
}

/** Opaque to people; what it holds is checked by whom it belongs to. */
const looksLikePosition = /^\w+(\.\w+)+$/

/** A position as an earlier answer gave it. */
export const position: TextValue<Position> = {
  placeholder: 'POSITION',
  read(given) {
    placeOf(given)
    return given
  },
}

const looksLikeTime = /^\d{4}-\d\d(-\d\d)?([T ][\d:.]+(Z|[+-]\d\d:?\d\d)?)?$/

function timeOf(given: string): number | Date | undefined {
  if (/^\d+$/.test(given)) return Number(given)
  return looksLikeTime.test(given) && !Number.isNaN(Date.parse(given)) ? new Date(given) : undefined
}

/** A moment, as ISO 8601 or milliseconds since the epoch. */
export const time: TextValue<number | Date> = {
  placeholder: 'TIME',
  read: given => timeOf(given) ?? refuse(`must be a time (2026-01-31T12:00:00Z, or milliseconds since 1970), got ${JSON.stringify(given)}`),
}

/** Recorded time, as ISO 8601 or milliseconds since the epoch, or a position. */
export const asOf: TextValue<AsOf> = {
  placeholder: 'TIME|POSITION',
  read(given) {
    const moment = timeOf(given)
    if (moment !== undefined) return moment
    if (!looksLikeTime.test(given) && looksLikePosition.test(given)) return position.read(given)
    return refuse(`must be a time (2026-01-31T12:00:00Z, or milliseconds since 1970) or a position, got ${JSON.stringify(given)}`)
  },
}

/** A version of a stream, a position of the whole log, or `end`: which of them is known once the other arguments are. */
export interface Place {
  readonly version?: Version
  readonly position?: Position
  readonly end?: true
}

export const place: TextValue<Place> = {
  placeholder: 'VERSION|POSITION',
  read(given) {
    if (given === 'end') return { end: true }
    if (/^\d+$/.test(given)) return { version: wholeNumber('VERSION', 1).read(given) }
    if (looksLikePosition.test(given)) return { position: position.read(given) }
    return refuse(`must be a version (a whole number from 1) or a position, got ${JSON.stringify(given)}`)
  },
}
