/** Reads names of types, and texts with a type before them: `timestamp '2026-01-01'`. */
import { fault, spanning } from './fault.ts'
import { hint } from './hint.ts'
import type { Reader } from './reader.ts'
import type { Syntax, TypeName } from './syntax.ts'
import { reasonAgainst, typeNames } from './type-names.ts'

/** Types of several words, by the first. */
const longNames: readonly (readonly string[])[] = [
  ['double', 'precision'],
  ['character', 'varying'],
  ['timestamp', 'with', 'time', 'zone'],
  ['timestamp', 'without', 'time', 'zone'],
]

export function typeName(reader: Reader): TypeName {
  const first = reader.peek()
  if (first.kind !== 'word') reader.unexpected('expected the name of a type')
  const words = wordsOf(reader)
  const name = words.join(' ')
  for (let taken = 0; taken < words.length; taken++) reader.next()
  const span = reader.since(first)
  if (!typeNames.has(name))
    throw fault(reader.text, span, `there is no type ${name}${reasonAgainst(name) ?? hint(name, [...typeNames.keys()])}`)
  if (reader.isSign('(')) throw fault(reader.text, reader.peek(), `${name} has no length or precision here; use left(x, n) or round(x, n)`)
  const isArray = arraySigns(reader) || reader.takeWord('array') !== undefined
  return { name, isArray, ...reader.since(first) }
}

function wordsOf(reader: Reader): readonly string[] {
  const long = longNames.find(words => words.every((word, ahead) => reader.isWord(word, ahead)))
  return long ?? [reader.peek().text.toLowerCase()]
}

function arraySigns(reader: Reader): boolean {
  let count = 0
  while (reader.isSign('[') && (reader.isSign(']', 1) || (reader.peek(1).kind === 'number' && reader.isSign(']', 2)))) {
    const first = reader.next()
    if (!reader.isSign(']')) reader.next()
    reader.next()
    if (++count > 1) throw fault(reader.text, spanning(first, reader.last), 'arrays of arrays are not known here; use json')
  }
  return count > 0
}

const units = new Set(['year', 'month', 'day', 'hour', 'minute', 'second'])

/** `interval '1 day'`, `interval '1' day`; undefined when no text stands behind the name. */
export function typedText(reader: Reader): Syntax | undefined {
  const first = reader.peek()
  const words = wordsOf(reader)
  const literal = reader.peek(words.length)
  if (literal.kind !== 'text') return undefined
  const type = typeName(reader)
  reader.next()
  const unit = reader.peek()
  const isUnit = type.name === 'interval' && unit.kind === 'word' && units.has(unit.text.toLowerCase())
  if (isUnit) {
    if (!/^\s*[-+]?\d+\s*$/.test(literal.text)) throw fault(reader.text, literal, `only a whole number may stand before ${unit.text}`)
    reader.next()
    if (reader.isWord('to')) throw fault(reader.text, reader.peek(), "ranges of units are not known here; write interval '1 day 02:03'")
  }
  const text = isUnit ? `${literal.text} ${unit.text}` : literal.text
  const of = reader.node({ kind: 'text', text }, literal)
  return reader.node({ kind: 'cast', of, type }, reader.since(first), [of])
}
