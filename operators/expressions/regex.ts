/** Regular expressions in linear time: the patterns of Postgres that RE2 answers in the same way. The only door to re2js. */
import { RE2JS } from 're2js'
import { type Pattern, PatternFault, readPattern } from './regex-pattern.ts'
import { type CharacterSet, complementOf, ignoringCase } from './regex-sets.ts'

/**
 * What is asked of a pattern: whether it is found, where (`span`), or also what its groups hold. The more is asked, the more patterns have
 * another answer in Postgres, whose groups and lazy quantifiers go for the longest or shortest match of the whole.
 */
export type Question = 'found' | 'span' | 'groups'

export interface RegexOptions {
  readonly ignoresCase?: boolean
  readonly asks: Question
}

/** Where a match and its groups begin and end, in units of the text; −1 for a group that took no part. */
export type Match = readonly (readonly [start: number, end: number])[]

export interface Regex {
  readonly groups: number
  test(text: string): boolean
  /** The first match at or behind a place; what is before the place is still seen by `^` and `\y`. */
  find(text: string, from: number): Match | undefined
}

/** A PatternFault, with the place, when the pattern is none or can not be had here. */
export function regexOf(text: string, { ignoresCase = false, asks }: RegexOptions): Regex {
  const read = readPattern(text)
  if (asks !== 'found') refuseLazy(read.pattern)
  if (asks === 'groups' && read.groups > 0) refuseAmbiguous(read.pattern, false)
  const isCased = !ignoresCase && !read.ignoresCase
  const regex = compiled(written(read.pattern, { isCased, keepsGroups: asks === 'groups' }))
  const groups = asks === 'groups' ? read.groups : 0
  return {
    groups: read.groups,
    test: subject => regex.test(subject),
    find(subject, from) {
      const matcher = regex.matcher(subject)
      if (!matcher.find(from)) return undefined
      return Array.from({ length: groups + 1 }, (_, group) => [matcher.start(group), matcher.end(group)] as const)
    },
  }
}

function compiled(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern, RE2JS.DOTALL | RE2JS.LONGEST_MATCH)
  } catch {
    throw new PatternFault(0, 'the pattern is too large')
  }
}

interface Writing {
  readonly isCased: boolean
  readonly keepsGroups: boolean
}

/** The pattern in the syntax of RE2. Every character is written by its number, so that none has a meaning there. */
function written(pattern: Pattern, writing: Writing): string {
  switch (pattern.kind) {
    case 'set':
      return setText(charactersOf(pattern, !writing.isCased))
    case 'start':
      return '\\A'
    case 'end':
      return '\\z'
    case 'boundary':
      return '\\b'
    case 'noBoundary':
      return '\\B'
    case 'group':
      return `${pattern.isCaptured && writing.keepsGroups ? '(' : '(?:'}${written(pattern.of, writing)})`
    case 'repeat':
      return `${written(pattern.of, writing)}{${pattern.least},${pattern.most === Infinity ? '' : pattern.most}}`
    case 'sequence':
      return pattern.items.map(item => written(item, writing)).join('')
    case 'either':
      return pattern.branches.map(branch => written(branch, writing)).join('|')
  }
}

function charactersOf({ set, isNot }: Extract<Pattern, { kind: 'set' }>, ignoresCase: boolean): CharacterSet {
  const wide = ignoresCase ? ignoringCase(set) : set
  return isNot ? complementOf(wide) : wide
}

const point = (value: number): string => `\\x{${value.toString(16)}}`

function setText(set: CharacterSet): string {
  const [first] = set
  if (first === undefined) return '[^\\x{0}-\\x{10ffff}]'
  if (set.length === 1 && first[0] === first[1]) return point(first[0])
  if (set.length === 1 && first[0] === 0 && first[1] === 0x10ffff) return '.'
  return `[${set.map(([from, to]) => (from === to ? point(from) : `${point(from)}-${point(to)}`)).join('')}]`
}

function eachPart(pattern: Pattern, visit: (part: Pattern) => void): void {
  visit(pattern)
  if (pattern.kind === 'group' || pattern.kind === 'repeat') eachPart(pattern.of, visit)
  if (pattern.kind === 'sequence') for (const item of pattern.items) eachPart(item, visit)
  if (pattern.kind === 'either') for (const branch of pattern.branches) eachPart(branch, visit)
}

function refuseLazy(pattern: Pattern): void {
  eachPart(pattern, part => {
    if (part.kind === 'repeat' && part.isLazy)
      throw new PatternFault(
        part.at,
        'a quantifier that takes as little as it can is known only where no text is taken out; use [^…]* up to what follows',
      )
  })
}

/** What the groups hold must not depend on which of several ways to the same match is taken. */
function refuseAmbiguous(pattern: Pattern, isRepeated: boolean): void {
  switch (pattern.kind) {
    case 'group':
      if (isRepeated && pattern.isCaptured)
        throw new PatternFault(
          pattern.at,
          'a group that is taken out can not be repeated; write (?:…) inside and the quantifier in a group',
        )
      return refuseAmbiguous(pattern.of, isRepeated)
    case 'repeat': {
      // A group that may be there or not is clear as long as it is never there with nothing in it.
      const isOptional = pattern.most === 1 && !mayBeEmpty(pattern.of)
      return refuseAmbiguous(pattern.of, isRepeated || !isOptional)
    }
    case 'sequence':
      for (const item of pattern.items) refuseAmbiguous(item, isRepeated)
      return
    case 'either': {
      const starts = pattern.branches.map(startOf)
      const isClear = starts.every(
        (start, index) => start !== undefined && starts.slice(index + 1).every(other => other !== undefined && !overlap(start, other)),
      )
      if (!isClear)
        throw new PatternFault(pattern.at, 'when groups are taken out, the alternatives of | must begin with different characters')
      for (const branch of pattern.branches) refuseAmbiguous(branch, isRepeated)
      return
    }
    default:
  }
}

function overlap(a: CharacterSet, b: CharacterSet): boolean {
  return a.some(([from, to]) => b.some(([start, end]) => from <= end && start <= to))
}

/** Which characters a branch may begin with; undefined when it may be empty or begins with a place. */
function startOf(pattern: Pattern): CharacterSet | undefined {
  switch (pattern.kind) {
    case 'set':
      return charactersOf(pattern, true)
    case 'group':
      return startOf(pattern.of)
    case 'repeat':
      return pattern.least > 0 ? startOf(pattern.of) : undefined
    case 'sequence':
      return pattern.items[0] === undefined ? undefined : startOf(pattern.items[0])
    case 'either': {
      const starts = pattern.branches.map(startOf)
      return starts.includes(undefined) ? undefined : starts.flatMap(start => start as CharacterSet)
    }
    default:
      return undefined
  }
}

function mayBeEmpty(pattern: Pattern): boolean {
  switch (pattern.kind) {
    case 'set':
      return false
    case 'group':
      return mayBeEmpty(pattern.of)
    case 'repeat':
      return pattern.least === 0 || mayBeEmpty(pattern.of)
    case 'sequence':
      return pattern.items.every(mayBeEmpty)
    case 'either':
      return pattern.branches.some(mayBeEmpty)
    default:
      return true
  }
}
