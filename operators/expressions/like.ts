/** `like`: `%` stands for any characters and `_` for one. Compiled to the quickest way of telling; never slower than text times pattern. */
import { rowFault } from './fault.ts'
import { isWide } from './texts.ts'

export interface LikeOptions {
  /** The character that takes the meaning of the next; the empty text for none. */
  readonly escape: string
  readonly ignoresCase: boolean
}

/** What a pattern is made of, in code points: texts to find, one character, or any number of them. */
type Piece = '%' | '_' | { readonly text: string }

function piecesOf(pattern: string, escape: string): Piece[] {
  const pieces: Piece[] = []
  let text = ''
  const flush = (): void => {
    if (text !== '') pieces.push({ text })
    text = ''
  }
  let isEscaped = false
  for (const point of pattern) {
    if (isEscaped) {
      text += point
      isEscaped = false
    } else if (point === escape) isEscaped = true
    else if (point === '%' || point === '_') {
      flush()
      if (point === '_' || pieces.at(-1) !== '%') pieces.push(point)
    } else text += point
  }
  if (isEscaped) throw rowFault('a pattern of like must not end with the escape character')
  flush()
  return pieces
}

/** Whether a text matches; INVALID when the pattern is none. */
export function likeMatcher(given: string, { escape, ignoresCase }: LikeOptions): (text: string) => boolean {
  const pieces = piecesOf(ignoresCase ? given.toLowerCase() : given, ignoresCase ? escape.toLowerCase() : escape)
  const matches = quick(pieces) ?? (text => walk(text, pieces))
  return ignoresCase ? text => matches(text.toLowerCase()) : matches
}

/** The usual forms: equal, begins, ends, holds. */
function quick(pieces: readonly Piece[]): ((text: string) => boolean) | undefined {
  const [first, second, third] = pieces
  if (first === undefined) return text => text === ''
  if (first === '%' && second === undefined) return () => true
  if (typeof first === 'object' && !isWide(first.text)) {
    if (second === undefined) return text => text === first.text
    if (second === '%' && third === undefined) return text => text.startsWith(first.text)
    if (second === '%' && typeof third === 'object' && !isWide(third.text) && pieces.length === 3)
      return text => text.length >= first.text.length + third.text.length && text.startsWith(first.text) && text.endsWith(third.text)
  }
  if (first === '%' && typeof second === 'object' && !isWide(second.text)) {
    if (third === undefined) return text => text.endsWith(second.text)
    if (third === '%' && pieces.length === 3) return text => text.includes(second.text)
  }
  return undefined
}

/** Goes on from the last `%` when it does not match: what was before it never needs to be looked at again. */
function walk(given: string, pieces: readonly Piece[]): boolean {
  const text = Array.from(given)
  const pattern = pieces.flatMap((piece): (string | 0 | 1)[] => (piece === '%' ? [0] : piece === '_' ? [1] : Array.from(piece.text)))
  let [at, place] = [0, 0]
  let [star, from] = [-1, 0]
  while (at < text.length) {
    const wanted = pattern[place]
    if (wanted === 0) {
      star = place++
      from = at
    } else if (place < pattern.length && (wanted === 1 || wanted === text[at])) {
      place++
      at++
    } else if (star >= 0) {
      place = star + 1
      at = ++from
    } else return false
  }
  while (pattern[place] === 0) place++
  return place === pattern.length
}

const cache = new Map<string, (text: string) => boolean>()

/** With a pattern that comes from a row; the last ones are kept. */
export function matchesLike(text: string, pattern: string, options: LikeOptions): boolean {
  const key = `${options.escape}${options.ignoresCase ? 'i' : 'c'}${pattern}`
  let matcher = cache.get(key)
  if (matcher === undefined) {
    matcher = likeMatcher(pattern, options)
    if (cache.size >= 256) cache.clear()
    cache.set(key, matcher)
  }
  return matcher(text)
}
