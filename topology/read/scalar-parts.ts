/** Where a stretch of a text value stands in the file: through quotes, escapes, folded lines and indentation. */
import type { ScalarNode } from './nodes.ts'

/** A run of characters that stand in the file as they are in the value, or an escape that stands for some. */
interface Piece {
  readonly text: string
  readonly start: number
  readonly end: number
  readonly isEscape: boolean
}

export interface Stretch {
  readonly start: number
  readonly end: number
}

/** The offsets of `length` characters of the value from `offset` on; of the whole scalar when that can not be told. */
export function partOfScalar(text: string, node: ScalarNode, { offset, length }: { offset: number; length: number }): Stretch {
  const { value } = node
  const whole = { start: node.start, end: node.end }
  if (typeof value !== 'string') return whole
  const units = unitsOf(value, piecesOf(text, node))
  if (units === undefined) return whole
  const first = Math.min(Math.max(offset, 0), value.length)
  const last = Math.min(Math.max(offset + length, first), value.length)
  // Behind the end is the place where something is missing.
  const start = units[first]?.start ?? units.at(-1)?.end ?? node.start
  return { start, end: Math.max(start, units[last - 1]?.end ?? start) }
}

/** For each character of the value its place in the file; blanks of folded lines stand where the line before them ends. */
function unitsOf(value: string, pieces: readonly Piece[]): Stretch[] | undefined {
  const units: Stretch[] = []
  let end = pieces[0]?.start ?? 0
  for (const piece of pieces) {
    const at = value.indexOf(piece.text, units.length)
    // Only what YAML itself puts between two lines may be skipped.
    if (at < 0 || value.slice(units.length, at).trim() !== '') return undefined
    while (units.length < at) units.push({ start: end, end })
    for (let i = 0; i < piece.text.length; i++)
      units.push(piece.isEscape ? { start: piece.start, end: piece.end } : { start: piece.start + i, end: piece.start + i + 1 })
    end = piece.end
  }
  while (units.length < value.length) units.push({ start: end, end })
  return units
}

function piecesOf(text: string, { style, start, end }: ScalarNode): Piece[] {
  if (style === 'plain') return matches(text, { start, end, pattern: foldedPattern })
  if (style === 'single') return matches(text, { start: start + 1, end: end - 1, pattern: singlePattern })
  if (style === 'double') return matches(text, { start: start + 1, end: end - 1, pattern: doublePattern })
  const header = text.indexOf('\n', start)
  return header < 0 ? [] : matches(text, { start: header + 1, end, pattern: linePattern })
}

/** Blanks around a line break are folded; everything else stands for itself. */
const foldedPattern = /[ \t]*(?:\r?\n[ \t]*)+|(?:[^ \t\r\n]|[ \t](?![ \t]*\r?\n))+/g
const singlePattern = /[ \t]*(?:\r?\n[ \t]*)+|''|(?:[^ \t\r\n']|[ \t](?![ \t]*\r?\n))+/g
const doublePattern =
  /\\\r?\n[ \t]*|[ \t]*(?:\r?\n[ \t]*)+|\\(?:x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8}|[^\r\n])|(?:[^ \t\r\n\\]|[ \t](?![ \t]*\r?\n))+/gi
/** Of a block the lines without their indentation. */
const linePattern = /[^\s][^\r\n]*/g

function matches(text: string, { start, end, pattern }: Stretch & { readonly pattern: RegExp }): Piece[] {
  return [...text.slice(start, end).matchAll(pattern)].flatMap(({ 0: found, index }): Piece[] => {
    const place = { start: start + index, end: start + index + found.length }
    if (/^(?:\\\r?\n|[ \t]*\r?\n)/.test(found)) return []
    if (pattern === singlePattern && found === "''") return [{ text: "'", ...place, isEscape: true }]
    if (pattern === doublePattern && found.startsWith('\\')) return [{ text: unescaped(found), ...place, isEscape: true }]
    return [{ text: found, ...place, isEscape: false }]
  })
}

const letters: Readonly<Record<string, string>> = {
  0: '\0',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  N: '\x85',
  _: '\xa0',
  L: '\u2028',
  P: '\u2029',
}

function unescaped(escape: string): string {
  if (/^\\[xuU]/.test(escape)) return String.fromCodePoint(Number.parseInt(escape.slice(2), 16))
  const letter = escape.slice(1)
  return letters[letter] ?? letter
}
