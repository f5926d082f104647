/** Mistakes of YAML's syntax, said in a way that helps: what stands there, and what to write instead. */
import type { Rule } from './finding.ts'
import type { PlacedIssue } from './places.ts'

/** What the parser of YAML says. */
export interface SyntaxError {
  readonly code: string
  readonly message: string
  readonly pos: readonly [start: number, end: number]
}

/** Where an error is, with the text around it. */
interface Scene {
  readonly code: string
  readonly message: string
  readonly text: string
  readonly at: number
  /** The last character before it that is no blank. */
  readonly before: string
  /** Offset of a quote that nothing closes. */
  readonly unclosed?: number
}

interface Said {
  readonly rule?: Rule
  readonly message: string
  readonly start?: number
  readonly end?: number
}

/** A sentence for what the parser of YAML met; `unclosed` is the offset of a quote that nothing closes. */
export function syntaxIssue({ code, message, pos: [at, end] }: SyntaxError, text: string, unclosed?: number): PlacedIssue {
  const before = text.slice(0, at).trimEnd().at(-1) ?? ''
  const scene: Scene = { code, message, text, at, before, ...(unclosed !== undefined && { unclosed }) }
  const said = tabIssue(scene) ?? byCode[code]?.(scene) ?? unknown(scene)
  const start = said.start ?? at
  return { rule: said.rule ?? 'yaml-syntax', message: said.message, start, end: said.end ?? Math.max(end, start + 1) }
}

const unknown = ({ message }: Scene): Said => ({ message: `YAML can not be read here: ${message}` })

/** Blames the line from an offset on. */
function line({ text, at }: Scene, message: string, start = at): Said {
  const length = text.slice(start).search(/\r?\n/)
  return { message, start, end: length < 0 ? text.length : start + length }
}

const lineStartOf = (text: string, at: number): number => text.lastIndexOf('\n', at - 1) + 1

/** Offset of the first character of the line that is no blank. */
function indentEnd(text: string, at: number): number {
  const start = lineStartOf(text, at)
  return start + text.slice(start).search(/[^ ]|$/)
}

/** A tab before the first character of the line, whatever the parser made of it. */
function tabIssue({ code, text, at }: Scene): Said | undefined {
  const start = indentEnd(text, at)
  if (text[start] === '\t' && start <= at) return tabAt(start)
  return code === 'TAB_AS_INDENT' ? tabAt(at) : undefined
}

function tabAt(start: number): Said {
  return { rule: 'tab', message: 'a tab indents this line; YAML indents by blanks only, two for each level', start, end: start + 1 }
}

/** `size:1h` or `-id`, from the start of a line or entry. */
function blankIssue({ text }: Scene, start: number): Said | undefined {
  const rest = text.slice(start, start + 1000)
  const rule = 'missing-blank'
  if (/^-[^\s-]/.test(rest)) return { rule, message: 'a blank is missing behind the dash of this list item', start, end: start + 1 }
  const [word, key = ''] = /^([^\s:,[\]{}"']+):[^\s:]\S*/.exec(rest) ?? []
  return word === undefined
    ? undefined
    : { rule, message: `a blank is missing behind the colon of ${key}:`, start, end: start + word.length }
}

/** A list item that stands as far left as the keys around it. */
function itemIssue({ text, at }: Scene): Said | undefined {
  if (!/^-\s/.test(text.slice(at, at + 2))) return undefined
  return { message: 'a list item can not stand beside keys; indent it below one', end: at + 1 }
}

const noColon = 'this line has no colon; a key is written NAME: VALUE'
const commaCut: Said = { rule: 'comma-in-flow', message: 'quote this expression: a comma ends a value inside { } and [ ]' }

const byCode: Readonly<Record<string, (scene: Scene) => Said>> = {
  BLOCK_AS_IMPLICIT_KEY: scene => itemIssue(scene) ?? nestedIssue(scene),
  MULTILINE_IMPLICIT_KEY: scene => itemIssue(scene) ?? blankIssue(scene, scene.at) ?? line(scene, noColon),
  MISSING_CHAR: missingIssue,
  UNEXPECTED_TOKEN: unexpectedIssue,
  BAD_INDENT: scene => {
    const [, open] = /^Flow (map|sequence) /.exec(scene.message) ?? []
    if (open !== undefined) return { message: `a ${open === 'map' ? '{ is not closed by }' : '[ is not closed by ]'} before here` }
    const start = indentEnd(scene.text, scene.at + 1)
    return blankIssue(scene, start) ?? line(scene, 'this line is indented otherwise than those beside it', start)
  },
  BAD_DQ_ESCAPE: ({ text, at }) => {
    const message = `there is no ${text.slice(at, at + 2)} between double quotes; use single quotes, or \\\\ for a backslash`
    return { message, end: at + 2 }
  },
  BAD_SCALAR_START: ({ text, at }) => ({ message: `a value can not begin with ${text[at] ?? ''}; put it in quotes` }),
  BLOCK_IN_FLOW: scene => line(scene, 'a comma is missing between two entries, or the value needs quotes'),
  BAD_ALIAS: ({ text, at }) => ({ message: `${text[at] ?? ''} without a name; put an expression that begins with it in quotes` }),
}

/** A colon where none can be: in the value, or on a line that was read as its continuation. */
function nestedIssue(scene: Scene): Said {
  const { text, at } = scene
  const colon = at + text.slice(at).search(/:(?=\s|$)/)
  if (lineStartOf(text, colon) <= at)
    return { message: 'this value holds a colon with a blank behind it; put the whole value in quotes', end: colon + 1 }
  const start = indentEnd(text, colon)
  if (text[start] === '\t') return tabAt(start)
  return { message: 'this line is indented deeper than the key above it, which has a value already; indent both alike', start, end: colon }
}

function missingIssue(scene: Scene): Said {
  const { message, before, unclosed, text, at } = scene
  if (message.startsWith('Missing closing') && unclosed !== undefined)
    return { message: 'the quote that opens here is not closed', start: unclosed, end: unclosed + 1 }
  if (message.startsWith('Missing , ') && /['"]/.test(before)) return { ...line(scene, ''), ...commaCut }
  if (message.startsWith('Sequence item')) {
    const sentence = 'this line stands between a list and the keys of its item; indent it as far as those keys'
    return line(scene, sentence, at + text.slice(at).search(/\S|$/))
  }
  if (!message.startsWith('Implicit map keys')) return unknown(scene)
  const start = indentEnd(text, at)
  return blankIssue(scene, start) ?? line(scene, noColon, start)
}

function unexpectedIssue(scene: Scene): Said {
  const { message, before, text, at } = scene
  const character = text[at] ?? ''
  if (/^Unexpected flow-(?:seq|map)-(?:start|end) at node end/.test(message))
    return { rule: 'comma-in-flow', message: `quote this expression: ${character} ends a value inside { } and [ ]`, end: at + 1 }
  if (message.endsWith('at node end')) {
    const known = beginnings(text.slice(lineStartOf(text, at), at), before)
    if (known !== undefined) return line(scene, known)
  }
  if (message.startsWith('Not a YAML token') && /[|>]/.test(before))
    return line(scene, `a value that begins with ${before} is a text on the lines below; put an expression in quotes`)
  if (message.includes('block-seq-ind')) return { message: 'a list begins on a line of its own, or is written [a, b]' }
  if (/^Unexpected flow-(?:seq|map)-end/.test(message)) return { message: `there is a ${character} too many` }
  if (message.startsWith('Unexpected , in flow')) return { message: 'there is a comma too many' }
  return unknown(scene)
}

/** Why a value ends before the text behind it, by how it began. */
function beginnings(left: string, before: string): string | undefined {
  if (left.trim() === '') return 'a key can not stand beside list items; give the list a key, and indent it below'
  if (/(?:^|[:\-,[{]) *\*\S*\s*$/.test(left)) return 'a value that begins with * is an alias; put an expression in quotes'
  if (/['"]/.test(before)) return 'a value that begins with a quote ends with it; put the whole value in quotes of the other kind'
  if (/[\]}]/.test(before)) return 'a value that begins with a bracket ends with it; put the whole value in quotes'
  return undefined
}
