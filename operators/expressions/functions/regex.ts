/** Functions of regular expressions. The pattern is a constant, read once. */
import { bounded } from '../fault.ts'
import { type Match, type Question, type Regex, regexOf } from '../regex.ts'
import type { Bind, Fail, FunctionSpec } from './spec.ts'

/** The pattern, refused with its place when it can not be had. Index 1 of the arguments, with options at `optionsAt`. */
function patternOf(
  constants: readonly unknown[],
  fail: Fail,
  asks: Question,
  optionsAt = 2,
): { regex: Regex; isGlobal: boolean } | undefined {
  const pattern = constants[1]
  const options = constants.length > optionsAt ? constants[optionsAt] : ''
  if (pattern === undefined) fail(1, 'the pattern of a regular expression must be a text in quotes, for it is read only once')
  if (options === undefined) fail(optionsAt, "the options must be a text in quotes, such as 'gi'")
  if (pattern === null || options === null) return undefined
  const wrong = /[^gic]/.exec(options as string)
  if (wrong !== null) fail(optionsAt, `there is no option ${wrong[0]} here; i ignores case, g takes all matches`)
  const ignoresCase = /[ic](?!.*[ic])/.exec(options as string)?.[0] === 'i'
  try {
    return { regex: regexOf(pattern as string, { ignoresCase, asks }), isGlobal: (options as string).includes('g') }
  } catch (error) {
    const { message, at } = error as Error & { at?: number }
    if (at === undefined) throw error
    return fail(1, message, at)
  }
}

const never = (): null => null

function onlyFirst(isGlobal: boolean, fail: Fail, index: number): void {
  if (isGlobal) fail(index, 'the option g has no meaning here')
}

/** All matches, as Postgres finds them: behind an empty one the search goes on one character later. */
function* matchesOf(regex: Regex, text: string): Generator<Match> {
  for (let from = 0; from <= text.length;) {
    const match = regex.find(text, from)
    if (match === undefined) return
    yield match
    const [start, end] = match[0] as readonly [number, number]
    from = end > start ? end : afterPoint(text, end)
  }
}

function afterPoint(text: string, at: number): number {
  return at + ((text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
}

/** What the replacement says: `\1` a group, `\&` the match, `\\` a backslash. */
function replacer(replacement: string): (text: string, match: Match) => string {
  if (!replacement.includes('\\')) return () => replacement
  const pieces = replacement.match(/\\[1-9&\\]|\\|[^\\]+/g) ?? []
  return (text, match) =>
    pieces
      .map(piece => {
        if (piece === '\\\\') return '\\'
        if (piece.length !== 2 || piece[0] !== '\\') return piece
        const [start, end] = match[piece === '\\&' ? 0 : Number(piece[1])] ?? [-1, -1]
        return start < 0 ? '' : text.slice(start, end)
      })
      .join('')
}

const replaceWith: Bind = (constants, fail) => {
  const replacement = constants[2]
  const asks = replacement === undefined || (typeof replacement === 'string' && /\\[1-9]/.test(replacement)) ? 'groups' : 'span'
  const found = patternOf(constants, fail, asks, 3)
  if (found === undefined) return never
  const fixed = typeof replacement === 'string' ? replacer(replacement) : undefined
  return (text: string, _: string, given: string) => {
    const replaced = fixed ?? replacer(given)
    let result = ''
    let copied = 0
    for (const match of matchesOf(found.regex, text)) {
      const [start, end] = match[0] as readonly [number, number]
      result = bounded(result + text.slice(copied, start) + replaced(text, match))
      copied = end
      if (!found.isGlobal) break
    }
    return result + text.slice(copied)
  }
}

function partAt(text: string, place: readonly [number, number] | undefined): string | null {
  return place === undefined || place[0] < 0 ? null : text.slice(place[0], place[1])
}

const firstMatch: Bind = (constants, fail) => {
  const found = patternOf(constants, fail, 'groups')
  if (found === undefined) return never
  onlyFirst(found.isGlobal, fail, 2)
  return (text: string) => {
    const match = found.regex.find(text, 0)
    if (match === undefined) return null
    return (match.length > 1 ? match.slice(1) : match).map(place => partAt(text, place))
  }
}

/** The first group if there is one, else the whole match. */
const firstPart: Bind = (constants, fail) => {
  const found = patternOf(constants, fail, 'groups')
  if (found === undefined) return never
  return (text: string) => {
    const match = found.regex.find(text, 0)
    return match === undefined ? null : partAt(text, match[match.length > 1 ? 1 : 0])
  }
}

const wholeMatch: Bind = (constants, fail) => {
  const found = patternOf(constants, fail, 'span')
  return found === undefined ? never : (text: string) => partAt(text, found.regex.find(text, 0)?.[0])
}

const isFound: Bind = (constants, fail) => {
  const found = patternOf(constants, fail, 'found')
  if (found === undefined) return never
  onlyFirst(found.isGlobal, fail, 2)
  return (text: string) => found.regex.test(text)
}

const howMany: Bind = (constants, fail) => {
  const found = patternOf(constants, fail, 'span')
  if (found === undefined) return never
  return (text: string) => {
    let count = 0
    for (const _ of matchesOf(found.regex, text)) count++
    return count
  }
}

/** Empty matches part only where there is something on both sides of them. */
const partsBetween: Bind = (constants, fail) => {
  const found = patternOf(constants, fail, 'span')
  if (found === undefined) return never
  return (text: string) => {
    const parts: string[] = []
    let from = 0
    for (const match of matchesOf(found.regex, text)) {
      const [start, end] = match[0] as readonly [number, number]
      if (end === start && (start === text.length || end <= from)) continue
      parts.push(text.slice(from, start))
      from = end
    }
    return [...parts, text.slice(from)]
  }
}

export const regexFunctions: readonly FunctionSpec[] = [
  {
    signature: 'regexp_like(text, text, [text]) → boolean',
    about: 'Whether the pattern is found, as `~`; the option `i` ignores case.',
    bind: isFound,
  },
  {
    signature: 'regexp_match(text, text, [text]) → text[]',
    about: 'The groups of the first match, or the match if it has none; null when nothing is found.',
    bind: firstMatch,
    mayBeNull: true,
  },
  { signature: 'regexp_substr(text, text) → text', about: 'The first match.', bind: wholeMatch, mayBeNull: true },
  {
    signature: 'substring(text, text) → text',
    about: "The first group of the first match, or the match. Also `substring(x from 'pattern')`.",
    bind: firstPart,
    mayBeNull: true,
  },
  {
    signature: 'regexp_replace(text, text, text, [text]) → text',
    about: 'With the first match replaced, or all with the option `g`; `\\1` is a group and `\\&` the match.',
    bind: replaceWith,
  },
  { signature: 'regexp_count(text, text) → integer', about: 'How often the pattern is found.', bind: howMany },
  { signature: 'regexp_split_to_array(text, text) → text[]', about: 'What stands between the matches.', bind: partsBetween },
]
