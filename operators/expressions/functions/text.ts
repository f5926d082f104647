/** Functions of texts. All count in code points. */
import { hash } from 'node:crypto'
import { bounded, boundedLength, rowFault } from '../fault.ts'
import { isWide, lengthOf, partOf, placeOf, pointsOf } from '../texts.ts'
import type { FunctionSpec } from './spec.ts'

/** The text is cut when it is longer. */
function pad(text: string, length: number, fill: string, isLeft: boolean): string {
  const own = lengthOf(text)
  const wanted = Math.max(boundedLength(length), 0)
  if (own >= wanted || fill === '') return partOf(text, 0, Math.min(own, wanted))
  const missing = wanted - own
  const size = lengthOf(fill)
  const padding = fill.repeat(Math.floor(missing / size)) + partOf(fill, 0, missing % size)
  return isLeft ? padding + text : text + padding
}

function trim(text: string, characters: string, sides: { left: boolean; right: boolean }): string {
  const points = isWide(text) || isWide(characters) ? pointsOf(text) : text
  const set = new Set(characters)
  let start = 0
  let end = points.length
  if (sides.left) while (start < end && set.has(points[start] as string)) start++
  if (sides.right) while (end > start && set.has(points[end - 1] as string)) end--
  return typeof points === 'string' ? points.slice(start, end) : points.slice(start, end).join('')
}

const both = { left: true, right: true }
const btrim = (text: string, characters = ' '): string => trim(text, characters, both)

function substring(text: string, from: number, length?: number): string {
  if (length === undefined) return partOf(text, from - 1, Infinity)
  if (length < 0) throw rowFault('the length of a substring can not be negative')
  return partOf(text, from - 1, from - 1 + length)
}

function overlay(text: string, other: string, from: number, length = lengthOf(other)): string {
  if (from <= 0) throw rowFault('the place of an overlay counts from 1')
  return partOf(text, 0, from - 1) + other + partOf(text, from - 1 + length, Infinity)
}

function replace(text: string, from: string, to: string): string {
  if (from === '') return text
  boundedLength(text.length + (text.length / from.length) * Math.max(to.length - from.length, 0))
  return text.replaceAll(from, () => to)
}

function splitPart(text: string, delimiter: string, part: number): string {
  if (part === 0) throw rowFault('parts are counted from 1, or from −1 at the end')
  const parts = delimiter === '' ? [text] : text.split(delimiter)
  return parts.at(part > 0 ? part - 1 : part) ?? ''
}

/** Words are letters and digits together. */
function initcap(text: string): string {
  return text.replaceAll(/[\p{L}\p{M}\p{N}]+/gu, word => {
    const [first = '', ...rest] = pointsOf(word)
    return first.toUpperCase() + rest.join('').toLowerCase()
  })
}

function left(text: string, count: number): string {
  return partOf(text, 0, count < 0 ? lengthOf(text) + count : count)
}

function right(text: string, count: number): string {
  const length = lengthOf(text)
  return partOf(text, count < 0 ? -count : length - count, length)
}

function chr(code: number): string {
  if (code < 1 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) throw rowFault(`${code} is no character`)
  return String.fromCodePoint(code)
}

function repeat(text: string, count: number): string {
  if (count <= 0) return ''
  boundedLength(count * text.length)
  return text.repeat(count)
}

function translate(text: string, from: string, to: string): string {
  const targets = pointsOf(to)
  const map = new Map<string, string>()
  for (const [index, point] of pointsOf(from).entries()) if (!map.has(point)) map.set(point, targets[index] ?? '')
  return Array.from(text, point => map.get(point) ?? point).join('')
}

const length = lengthOf
const octets = (text: string): number => Buffer.byteLength(text)

export const textFunctions: readonly FunctionSpec[] = [
  { signature: 'upper(text) → text', about: 'In capitals.', run: (text: string) => text.toUpperCase() },
  { signature: 'lower(text) → text', about: 'In small letters.', run: (text: string) => text.toLowerCase() },
  { signature: 'initcap(text) → text', about: 'The first letter of each word in capitals, the others small.', run: initcap },
  { signature: 'length(text) → integer', about: 'How many characters (code points) it has.', run: length },
  { signature: 'char_length(text) → integer', about: 'As `length`.', run: length },
  { signature: 'character_length(text) → integer', about: 'As `length`.', run: length },
  { signature: 'octet_length(text) → integer', about: 'How many bytes it has in UTF-8.', run: octets },
  {
    signature: 'substring(text, integer, [integer]) → text',
    about: 'From a place (from 1), so many characters. Also `substring(x from 2 for 3)`.',
    run: substring,
  },
  { signature: 'substr(text, integer, [integer]) → text', about: 'As `substring`.', run: substring },
  { signature: 'left(text, integer) → text', about: 'The first characters; all but the last when negative.', run: left },
  { signature: 'right(text, integer) → text', about: 'The last characters; all but the first when negative.', run: right },
  {
    signature: 'strpos(text, text) → integer',
    about: 'Where the second begins in the first, from 1; 0 when nowhere. Also `position(part in x)`.',
    run: placeOf,
  },
  {
    signature: 'lpad(text, integer, [text]) → text',
    about: 'Filled on the left to a length, with blanks or the text given; cut when longer.',
    run: (text: string, size: number, fill = ' ') => pad(text, size, fill, true),
  },
  {
    signature: 'rpad(text, integer, [text]) → text',
    about: 'Filled on the right.',
    run: (text: string, size: number, fill = ' ') => pad(text, size, fill, false),
  },
  {
    signature: 'trim(text, [text]) → text',
    about: "Without blanks, or the characters given, at both ends. Also `trim(leading '0' from x)`.",
    run: btrim,
  },
  { signature: 'btrim(text, [text]) → text', about: 'As `trim`.', run: btrim },
  {
    signature: 'ltrim(text, [text]) → text',
    about: 'Without them at its start.',
    run: (text: string, characters = ' ') => trim(text, characters, { left: true, right: false }),
  },
  {
    signature: 'rtrim(text, [text]) → text',
    about: 'Without them at its end.',
    run: (text: string, characters = ' ') => trim(text, characters, { left: false, right: true }),
  },
  { signature: 'replace(text, text, text) → text', about: 'With every second replaced by the third.', run: replace },
  {
    signature: 'translate(text, text, text) → text',
    about: 'Each character of the second replaced by the one at its place in the third.',
    run: translate,
  },
  {
    signature: 'overlay(text, text, integer, [integer]) → text',
    about: 'With a part replaced. Also `overlay(x placing y from 2 for 3)`.',
    run: overlay,
  },
  {
    signature: 'split_part(text, text, integer) → text',
    about: 'The part of that number between delimiters, from 1, or from −1 at the end.',
    run: splitPart,
  },
  {
    signature: 'starts_with(text, text) → boolean',
    about: 'Whether the first begins with the second.',
    run: (text: string, start: string) => text.startsWith(start),
  },
  { signature: 'repeat(text, integer) → text', about: 'So many times.', run: repeat },
  { signature: 'reverse(text) → text', about: 'Backwards.', run: (text: string) => pointsOf(text).toReversed().join('') },
  {
    signature: 'ascii(text) → integer',
    about: 'The code point of the first character; 0 for the empty text.',
    run: (text: string) => text.codePointAt(0) ?? 0,
  },
  { signature: 'chr(integer) → text', about: 'The character of a code point.', run: chr },
  { signature: 'md5(text) → text', about: 'The MD5 of its UTF-8, in hexadecimal digits.', run: (text: string) => hash('md5', text) },
  {
    signature: 'concat(shown…) → text',
    about: 'All joined, whatever their types; nulls are left out.',
    run: (...values: (string | null)[]) => bounded(values.map(value => value ?? '').join('')),
    takesNulls: true,
  },
  {
    signature: 'concat_ws(text, shown…) → text',
    about: 'All but the first joined with the first between them; nulls are left out.',
    run: (separator: string | null, ...values: (string | null)[]) =>
      separator === null ? null : bounded(values.filter(value => value !== null).join(separator)),
    takesNulls: true,
    mayBeNull: true,
  },
]
