/** Where values stand in JSON text, so that the text of `data` is handed on as it was stored. The text is known to be JSON. */

export interface Span {
  readonly start: number
  /** Exclusive. */
  readonly end: number
}

const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9
const QUOTE = 34
const COMMA = 44

function skipBlanks(text: string, at: number): number {
  while (isBlank(text.charCodeAt(at))) at++
  return at
}

/** Behind the closing quote of the string that begins at `at`. */
function stringEnd(text: string, at: number): number {
  for (let end = text.indexOf('"', at + 1); end > 0; end = text.indexOf('"', end + 1)) {
    let escapes = end - 1
    while (text[escapes] === '\\') escapes--
    // An even number of backslashes before a quote escape each other.
    if ((end - escapes) % 2 === 1) return end + 1
  }
  return text.length
}

/** Behind the value that begins at `at`. */
function valueEnd(text: string, at: number): number {
  let depth = 0
  for (;;) {
    const character = text[at]
    if (character === undefined) return at
    if (character === '"') at = stringEnd(text, at)
    else {
      if (character === '{' || character === '[') depth++
      else if (character === '}' || character === ']') depth--
      else if (depth === 0) return scalarEnd(text, at)
      at++
    }
    if (depth <= 0) return at
  }
}

function scalarEnd(text: string, at: number): number {
  while (at < text.length && !isBlank(text.charCodeAt(at)) && !',]}'.includes(text[at]!)) at++
  return at
}

/** The values of the object that begins at or behind `at`, by name; of a name that comes twice the last. */
export function membersOf(text: string, at = 0): Map<string, Span> {
  const members = new Map<string, Span>()
  at = skipBlanks(text, skipBlanks(text, at) + 1)
  while (text.charCodeAt(at) === QUOTE) {
    const end = stringEnd(text, at)
    const name = JSON.parse(text.slice(at, end)) as string
    const start = skipBlanks(text, skipBlanks(text, end) + 1)
    const span = { start, end: valueEnd(text, start) }
    members.set(name, span)
    at = skipBlanks(text, span.end)
    if (text.charCodeAt(at) === COMMA) at = skipBlanks(text, at + 1)
  }
  return members
}

/** The values of the array that begins at `start`. */
export function* elementsOf(text: string, { start, end: behind }: Span): Generator<Span> {
  let at = skipBlanks(text, start + 1)
  while (at < behind - 1) {
    const end = valueEnd(text, at)
    yield { start: at, end }
    at = skipBlanks(text, end)
    if (text.charCodeAt(at) === COMMA) at = skipBlanks(text, at + 1)
  }
}
