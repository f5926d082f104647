/** The one door to `yaml`: a text becomes nodes with offsets, within limits of size and depth, or one mistake of syntax with its place. */
import { Composer, type Document, isAlias, isMap, isScalar, isSeq, Lexer, type Node, Parser, type ParsedNode, type Scalar } from 'yaml'
import type { Rule } from './finding.ts'
import { type YamlLimits, yamlLimits } from './limits.ts'
import type { ScalarStyle, YamlNode } from './nodes.ts'
import { type PlacedIssue, TextPlaces } from './places.ts'
import { syntaxIssue } from './syntax.ts'
import { TreeReader, type YamlDocument } from './tree.ts'

export type { YamlDocument } from './tree.ts'

interface ParseOptions {
  /** For messages of whoever reads further. */
  readonly file?: string
  readonly limits?: Partial<YamlLimits>
}

/** A YAML text as a plain value, with the place of each of its parts. Never throws: what is wrong stands in `findings`. */
export function parseYaml(text: string, { file, limits }: ParseOptions = {}): YamlDocument {
  const all = { ...yamlLimits, ...limits }
  // An editor may leave a mark of byte order, which no line and column counts.
  const content = text.startsWith('\uFEFF') ? text.slice(1) : text
  const issues = textIssues(content, all)
  const root = issues.length > 0 ? undefined : rootNode(content, all, issues)
  return new TreeReader(new TextPlaces(content), { limits: all, issues, ...(file !== undefined && { file }) }).document(root)
}

const noText = /[^\t\n\r\x20-\x7E\x85\xA0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]|\r(?!\n)/u

function textIssues(text: string, { textBytesMax }: YamlLimits): PlacedIssue[] {
  const bytes = text.length > textBytesMax ? text.length : Buffer.byteLength(text)
  if (bytes > textBytesMax)
    return [{ start: 0, end: 0, rule: 'size-limit', message: `the file has more than ${textBytesMax} bytes (textBytesMax); split it` }]
  const bad = noText.exec(text)
  if (bad === null) return []
  const [character] = bad
  const code = `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
  const message =
    character === '\r'
      ? 'a carriage return ends no line by itself; save the file with line feeds'
      : `the character ${code} is not text; was the file saved as UTF-8?`
  return [{ start: bad.index, end: bad.index + character.length, rule: 'bad-character', message }]
}

/** The document's root; undefined, with an issue, when it can not be read. */
function rootNode(text: string, limits: YamlLimits, issues: PlacedIssue[]): YamlNode | undefined {
  const say = (rule: Rule, message: string, [start, end]: readonly [number, number]): undefined =>
    void issues.push({ rule, message, start, end })
  const { tokens, tooDeep, unclosed } = tokensOf(text, limits.depthMax)
  if (tooDeep !== undefined)
    return say('depth-limit', `values are nested more than ${limits.depthMax} deep (depthMax)`, [tooDeep, tooDeep + 1])
  const directive = tokens.find(token => token.type === 'directive' && !/^%YAML[ \t]+1\.2[ \t]*$/.test(token.source))
  if (directive !== undefined)
    return say('directive', 'a line that begins with % is a directive of YAML; only %YAML 1.2 is allowed', [
      directive.offset,
      directive.offset + (directive as { source: string }).source.length,
    ])
  const [, second] = tokens.filter(({ type }) => type === 'document')
  if (second !== undefined)
    return say('several-documents', 'a second document begins here; a file holds one', [second.offset, second.offset + 3])
  const documents = [...new Composer(composing).compose(tokens, true, text.length)]
  const [document] = documents as [Document.Parsed]
  for (const { message, pos } of document.warnings.filter(({ code }) => code === 'TAG_RESOLVE_FAILED'))
    say('tag', `${message.replace(/^.*: /, '')} is a tag, and no tag is known here; put a value that begins with ! in quotes`, pos)
  const errors = document.errors.toSorted((a, b) => a.pos[0] - b.pos[0])
  // What follows a mistake of syntax is read wrongly, so only the first one says something.
  const [first] = errors
  if (first !== undefined) issues.push(syntaxIssue(first, text, unclosed))
  return issues.length > 0 ? undefined : nodeOf(document.contents)
}

const composing = { version: '1.2', schema: 'core', uniqueKeys: false, resolveKnownTags: false, strict: true, prettyErrors: false } as const

interface Tokens {
  readonly tokens: ReturnType<Parser['next']> extends Generator<infer Token> ? Token[] : never
  /** Offset at which the depth was passed. */
  readonly tooDeep?: number
  /** Offset of a quote that nothing closes. */
  readonly unclosed?: number
}

/** The composer calls itself for each level, so the depth is measured before it sees anything. */
function tokensOf(text: string, depthMax: number): Tokens {
  const parser = new Parser()
  const tokens: Tokens['tokens'] = []
  let unclosed: number | undefined
  for (const lexeme of new Lexer().lex(text)) {
    const quote = lexeme[0]
    if ((quote === '"' || quote === "'") && (lexeme.length === 1 || lexeme.at(-1) !== quote)) unclosed ??= parser.offset
    for (const token of parser.next(lexeme)) tokens.push(token)
    // Beside the values there are the document and what is read at the moment.
    if (parser.stack.length > depthMax + 2) return { tokens, tooDeep: parser.offset - 1 }
  }
  for (const token of parser.end()) tokens.push(token)
  return { tokens, ...(unclosed !== undefined && { unclosed }) }
}

const styles: Readonly<Record<Scalar.Type, ScalarStyle>> = {
  PLAIN: 'plain',
  QUOTE_SINGLE: 'single',
  QUOTE_DOUBLE: 'double',
  BLOCK_LITERAL: 'literal',
  BLOCK_FOLDED: 'folded',
}

function nodeOf(node: Node | null, after = 0): YamlNode {
  const [start, end] = (node as ParsedNode | null)?.range ?? [after, after]
  const anchor = node !== null && 'anchor' in node && node.anchor !== undefined ? { anchor: node.anchor } : {}
  if (isAlias(node)) return { kind: 'alias', name: node.source, start, end }
  if (isScalar(node)) {
    const { value, type = 'PLAIN', source = '' } = node
    return { kind: 'scalar', value: value as string, style: styles[type as Scalar.Type], source, start, end, ...anchor }
  }
  if (isSeq(node))
    return { kind: 'list', isFlow: node.flow === true, items: node.items.map(item => nodeOf(item as Node)), start, end, ...anchor }
  if (isMap(node)) {
    const pairs = node.items.map(pair => {
      const key = nodeOf(pair.key as Node | null, start)
      return { key, value: nodeOf(pair.value as Node | null, key.end) }
    })
    return { kind: 'map', isFlow: node.flow === true, pairs, start, end, ...anchor }
  }
  return { kind: 'scalar', value: null, style: 'plain', source: '', start, end }
}
