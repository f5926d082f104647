/** Traps of YAML: values that were cut in two where nobody meant it, and scalars that can not be kept as they are written. */
import { isEmptyNode, type MapNode, type ScalarNode, type YamlNode } from './nodes.ts'
import type { PlacedIssue } from './places.ts'

type Pair = MapNode['pairs'][number]

/** What is left of a flow collection when the pieces of a value that was cut are taken out. */
interface Joined<Entry> {
  readonly kept: readonly Entry[]
  /** `at`: the key or index of the entry. */
  readonly issues: readonly (PlacedIssue & { readonly at: string | number })[]
}

/** Parentheses that are open at the end of a text, those between quotes not counted; below 0 when more are closed. */
function openCalls(text: string): number {
  const code = text.replace(/'[^']*'|"[^"]*"/g, '')
  return code.split('(').length - code.split(')').length
}

function plainSource(node: YamlNode): string | undefined {
  return node.kind === 'scalar' && node.style === 'plain' ? node.source : undefined
}

/** `{ p: f(a, b) }` is read as `{ p: "f(a", "b)": null }`. */
export function joinedPairs(pairs: readonly Pair[]): Joined<Pair> {
  const kept: Pair[] = []
  const issues: Joined<Pair>['issues'][number][] = []
  for (let i = 0; i < pairs.length; i++) {
    const pair = pairs[i] as Pair
    const { key, value } = pair
    const name = plainSource(key) ?? ''
    const [, missing] = isEmptyNode(value) ? (/^([^\s:]+):\S/.exec(name) ?? []) : []
    if (missing !== undefined) {
      const message = `a blank is missing behind the colon of ${missing}:`
      issues.push({ rule: 'missing-blank', message, start: key.start, end: key.end, at: name })
      continue
    }
    kept.push(pair)
    let open = openCalls(plainSource(value) ?? '')
    if (open <= 0) continue
    let end = value.end
    for (let next = pairs[i + 1]; open > 0 && next !== undefined && isEmptyNode(next.value); next = pairs[i + 1]) {
      open += openCalls(plainSource(next.key) ?? '')
      end = next.key.end
      i++
    }
    issues.push({ ...cutIssue, start: value.start, end, at: name })
  }
  return { kept, issues }
}

/** `[f(a, b)]` is read as `["f(a", "b)"]`. */
export function joinedItems(items: readonly YamlNode[]): Joined<YamlNode> {
  const kept: YamlNode[] = []
  const issues: Joined<YamlNode>['issues'][number][] = []
  for (let i = 0; i < items.length; i++) {
    const item = items[i] as YamlNode
    kept.push(item)
    let open = openCalls(plainSource(item) ?? '')
    if (open <= 0) continue
    let end = item.end
    for (let next = items[i + 1]; open > 0 && next !== undefined && plainSource(next) !== undefined; next = items[i + 1]) {
      open += openCalls(plainSource(next) ?? '')
      end = next.end
      i++
    }
    issues.push({ ...cutIssue, start: item.start, end, at: kept.length - 1 })
  }
  return { kept, issues }
}

const cutIssue = { rule: 'comma-in-flow', message: 'quote this expression: a comma ends a value inside { } and [ ]' } as const

type Said = Pick<PlacedIssue, 'rule' | 'message' | 'severity'>

/** A number that would not come back as it was written. */
export function numberIssue({ value, source }: ScalarNode): Said | undefined {
  if (!Number.isFinite(value))
    return { rule: 'bad-number', message: `${source} is no number that can be kept; put it in quotes if it is a text` }
  const isWhole = /^[-+]?\d+$/.test(source)
  if (!isWhole || Number.isSafeInteger(value)) return undefined
  return { rule: 'bad-number', message: `${source} has more digits than a number keeps; put it in quotes if it is a text` }
}

/** A text that holds half a character, or that a comment has cut. */
export function textIssue({ value, style, source, end }: ScalarNode, text: string): Said | undefined {
  if (typeof value !== 'string') return undefined
  if (!value.isWellFormed()) return { rule: 'bad-character', message: 'the text holds half of a character (a lone surrogate)' }
  const isCut = style === 'plain' && source.split("'").length % 2 === 0 && /^[ \t]+#/.test(text.slice(end, end + 100))
  if (!isCut) return undefined
  return { rule: 'hash-in-value', message: 'a # behind a blank begins a comment; put the whole value in quotes', severity: 'warning' }
}
