/**
 * Reads regular expressions of Postgres (its "advanced" ones) as far as linear time and the same results can be had; refuses the rest with
 * its place. The tree is written out again in the syntax of RE2 by regex.ts, so that no sign means here what it means only there.
 */
import { hint } from './hint.ts'
import { type CharacterSet, classNames, classOf, complementOf, type Range, setOf } from './regex-sets.ts'

export type Pattern =
  /** A character of the set, or one that is not; apart, because the other case of what is excluded is excluded too. */
  | { readonly kind: 'set'; readonly set: CharacterSet; readonly isNot: boolean }
  | { readonly kind: 'start' | 'end' | 'boundary' | 'noBoundary' }
  | { readonly kind: 'group'; readonly of: Pattern; readonly isCaptured: boolean; readonly at: number }
  | {
      readonly kind: 'repeat'
      readonly of: Pattern
      readonly least: number
      readonly most: number
      readonly isLazy: boolean
      readonly at: number
    }
  | { readonly kind: 'sequence'; readonly items: readonly Pattern[] }
  | { readonly kind: 'either'; readonly branches: readonly Pattern[]; readonly at: number }

/** A mistake at a place of the pattern, in units of the text. */
export class PatternFault extends Error {
  override readonly name = 'PatternFault'
  readonly at: number

  constructor(at: number, sentence: string) {
    super(sentence)
    this.at = at
  }
}

/** As Postgres bounds it. */
const repeatMax = 255
const groupDepthMax = 100

const everything: CharacterSet = [[0, 0x10ffff]]

export interface ReadPattern {
  readonly pattern: Pattern
  readonly groups: number
  /** `(?i)` at its start. */
  readonly ignoresCase: boolean
}

export function readPattern(text: string): ReadPattern {
  if (text.startsWith('***')) throw new PatternFault(0, 'a pattern can not begin with ***')
  const options = /^\(\?([a-z]+)\)/.exec(text)
  if (options !== null && options[1] !== 'i') throw new PatternFault(0, 'the only option at the start of a pattern is (?i)')
  const reader = new PatternReader(text, options?.[0].length ?? 0)
  const pattern = reader.either()
  if (reader.at < text.length) throw new PatternFault(reader.at, 'there is no ( for this )')
  return { pattern, groups: reader.groups, ignoresCase: options !== null }
}

const simple: Readonly<Record<string, number>> = { a: 7, e: 27, f: 12, n: 10, r: 13, t: 9, v: 11 }
const shorthand: Readonly<Record<string, string>> = { d: 'digit', s: 'space', w: 'word' }
const negatives: Readonly<Record<string, string>> = { D: 'digit', S: 'space', W: 'word' }
const constraints = { A: 'start', Z: 'end', y: 'boundary', Y: 'noBoundary' } as const

class PatternReader {
  readonly text: string
  at: number
  groups = 0
  #depth = 0

  constructor(text: string, at: number) {
    this.text = text
    this.at = at
  }

  fail(at: number, sentence: string): never {
    throw new PatternFault(at, sentence)
  }

  /** The code point that comes, taken. */
  #point(): number {
    const point = this.text.codePointAt(this.at) as number
    this.at += point > 0xffff ? 2 : 1
    return point
  }

  either(): Pattern {
    const start = this.at
    const branches = [this.#sequence()]
    while (this.text[this.at] === '|') {
      this.at++
      branches.push(this.#sequence())
    }
    return branches.length === 1 ? (branches[0] as Pattern) : { kind: 'either', branches, at: start }
  }

  #sequence(): Pattern {
    const items: Pattern[] = []
    while (this.at < this.text.length && this.text[this.at] !== '|' && this.text[this.at] !== ')') items.push(this.#quantified())
    return items.length === 1 ? (items[0] as Pattern) : { kind: 'sequence', items }
  }

  #quantified(): Pattern {
    const start = this.at
    if (/[*+?]/.test(this.text[start] as string) || this.#isBound()) this.fail(start, 'there is nothing before this quantifier')
    const of = this.#atom()
    const at = this.at
    const bounds = this.#bounds()
    if (bounds === undefined) return of
    if (of.kind !== 'set' && of.kind !== 'group') this.fail(at, 'a quantifier can not stand behind a place')
    const isLazy = this.text[this.at] === '?'
    if (isLazy) this.at++
    const more = this.at
    if (this.#bounds() !== undefined) this.fail(more, 'a quantifier can not follow another')
    return { kind: 'repeat', of, ...bounds, isLazy, at }
  }

  #isBound(): boolean {
    return this.text[this.at] === '{' && /\d/.test(this.text[this.at + 1] ?? '')
  }

  #bounds(): { least: number; most: number } | undefined {
    const start = this.at
    const sign = this.text[start]
    if (sign === '*' || sign === '+' || sign === '?') {
      this.at++
      return { least: sign === '+' ? 1 : 0, most: sign === '?' ? 1 : Infinity }
    }
    if (!this.#isBound()) return undefined
    const match = /^\{(\d+)(?:(,)(\d*))?\}/.exec(this.text.slice(start, start + 20))
    if (match === null) return this.fail(start, 'a bound is written {2}, {2,} or {2,5}')
    const [whole, first = '', comma, second = ''] = match
    const least = Number(first)
    const most = comma === undefined ? least : second === '' ? Infinity : Number(second)
    if (least > repeatMax || (most !== Infinity && most > repeatMax)) this.fail(start, `a bound can be at most ${repeatMax}`)
    if (most < least) this.fail(start, 'the second number of a bound is less than the first')
    this.at += whole.length
    return { least, most }
  }

  #atom(): Pattern {
    const start = this.at
    switch (this.text[start]) {
      case '(':
        return this.#group()
      case '[':
        return this.#bracket()
      case '.':
        this.at++
        return { kind: 'set', set: everything, isNot: false }
      case '^':
        this.at++
        return { kind: 'start' }
      case '$':
        this.at++
        return { kind: 'end' }
      case '\\':
        return this.#escape()
      default: {
        const point = this.#point()
        return { kind: 'set', set: [[point, point]], isNot: false }
      }
    }
  }

  #group(): Pattern {
    const at = this.at
    if (++this.#depth > groupDepthMax) this.fail(at, `groups are nested deeper than ${groupDepthMax} levels`)
    const isSpecial = this.text[at + 1] === '?'
    if (isSpecial && this.text[at + 2] !== ':') {
      const isLooking = /^\(\?<?[=!]/.test(this.text.slice(at, at + 4))
      this.fail(at, isLooking ? 'looking ahead or behind can not be done in linear time' : 'the only groups are (…) and (?:…)')
    }
    this.at += isSpecial ? 3 : 1
    if (!isSpecial) this.groups++
    const of = this.either()
    if (this.text[this.at] !== ')') this.fail(at, 'this ( is not closed')
    this.at++
    this.#depth--
    return { kind: 'group', of, isCaptured: !isSpecial, at }
  }

  #escape(): Pattern {
    const start = this.at
    const letter = this.text[start + 1] ?? ''
    if (Object.hasOwn(constraints, letter)) {
      this.at += 2
      return { kind: constraints[letter as 'A'] }
    }
    const name = Object.hasOwn(negatives, letter) ? negatives[letter] : undefined
    if (name === undefined) return { kind: 'set', set: this.#escapedSet(start), isNot: false }
    this.at += 2
    return { kind: 'set', set: classOf(name) as CharacterSet, isNot: true }
  }

  /** What a backslash and what follows stand for, in brackets or not. */
  #escapedSet(start: number): CharacterSet {
    const letter = this.text[start + 1]
    if (letter === undefined) return this.fail(start, 'a pattern can not end with a backslash')
    const name = Object.hasOwn(shorthand, letter.toLowerCase()) ? shorthand[letter.toLowerCase()] : undefined
    if (name !== undefined) {
      this.at = start + 2
      const set = classOf(name) as CharacterSet
      return letter === letter.toLowerCase() ? set : complementOf(set)
    }
    const digits = /^\\(?:u([\da-fA-F]{4})|U([\da-fA-F]{8})|x([\da-fA-F]+))/.exec(this.text.slice(start, start + 24))
    if (digits !== null) {
      const point = Number.parseInt(digits[1] ?? digits[2] ?? digits[3] ?? '', 16)
      if (point > 0x10ffff || point === 0) this.fail(start, 'there is no such character')
      this.at = start + digits[0].length
      return [[point, point]]
    }
    if (Object.hasOwn(simple, letter)) {
      this.at = start + 2
      return [[simple[letter] as number, simple[letter] as number]]
    }
    if (/[\p{L}\p{N}_]/u.test(letter))
      return this.fail(start, `\\${letter} ${reasons[letter] ?? (/[1-9]/.test(letter) ? reasons['1'] : 'means nothing here')}`)
    this.at = start + 1
    const point = this.#point()
    return [[point, point]]
  }

  /** `[a-z]`, `[^[:digit:]_]`: a `]` right at the start stands for itself. */
  #bracket(): Pattern {
    const start = this.at++
    const isNot = this.text[this.at] === '^'
    if (isNot) this.at++
    const ranges: Range[] = []
    for (let isFirst = true; isFirst || this.text[this.at] !== ']'; isFirst = false) {
      if (this.at >= this.text.length) this.fail(start, 'this [ is not closed')
      ranges.push(...this.#bracketItem(start))
    }
    this.at++
    return { kind: 'set', set: setOf(ranges), isNot }
  }

  #bracketItem(start: number): CharacterSet {
    const at = this.at
    const from = this.#bracketPart(start)
    if (this.text[this.at] !== '-' || this.text[this.at + 1] === ']' || this.at + 1 >= this.text.length) return from
    this.at++
    const to = this.#bracketPart(start)
    const [low, high] = [single(from), single(to)]
    if (low === undefined || high === undefined) return this.fail(at, 'a range goes from one character to another')
    if (high < low) this.fail(at, 'the end of this range comes before its start')
    if (this.text[this.at] === '-' && this.text[this.at + 1] !== ']') this.fail(this.at, 'a range can not begin where another ends')
    return [[low, high]]
  }

  #bracketPart(start: number): CharacterSet {
    if (this.at >= this.text.length) this.fail(start, 'this [ is not closed')
    const at = this.at
    if (this.text[at] === '\\') return this.#escapedSet(at)
    if (/^\[[.=]/.test(this.text.slice(at, at + 2))) this.fail(at, 'collating elements are not known here')
    if (!this.text.startsWith('[:', at)) {
      const point = this.#point()
      return [[point, point]]
    }
    const name = /^\[:([^\]]*?):\]/.exec(this.text.slice(at, at + 30))?.[1]
    if (name === '<' || name === '>') this.fail(at, 'the start and the end of a word can not be told; \\y is either')
    const set = name === undefined ? undefined : classOf(name)
    if (set === undefined) return this.fail(at, `there is no class [:${name ?? '…'}:]${name === undefined ? '' : hint(name, classNames)}`)
    this.at += (name as string).length + 4
    return set
  }
}

const reasons: Readonly<Record<string, string>> = {
  '1': 'refers back to a group, which can not be done in linear time',
  b: 'is a backspace in Postgres; the boundary of a word is \\y',
  B: 'is a backslash in Postgres; what is no boundary of a word is \\Y',
  m: 'can not be told apart; the boundary of a word is \\y',
  M: 'can not be told apart; the boundary of a word is \\y',
  x: 'must be followed by hexadecimal digits',
  u: 'must be followed by four hexadecimal digits',
  U: 'must be followed by eight hexadecimal digits',
  z: 'means nothing here; the end is $',
  p: 'means nothing here; use [[:alpha:]] and the like',
  c: 'is not known here; write the character as \\x…',
}

function single(set: CharacterSet): number | undefined {
  const [range] = set
  return set.length === 1 && range !== undefined && range[0] === range[1] ? range[0] : undefined
}
