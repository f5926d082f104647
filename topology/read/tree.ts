/** Values from nodes: aliases followed within a limit, keys proved, traps of YAML said, and each part of a value found again by its path. */
import type { OptionPath } from '../issue.ts'
import { pathText } from '../issue.ts'
import { type Finding, sortedFindings, type TextPlace } from './finding.ts'
import type { YamlLimits } from './limits.ts'
import { type AliasNode, isEmptyNode, type ListNode, type MapNode, type ScalarNode, type YamlNode } from './nodes.ts'
import type { PlacedIssue, TextPlaces } from './places.ts'
import { partOfScalar } from './scalar-parts.ts'
import { joinedPairs, joinedItems, numberIssue, textIssue } from './traps.ts'

/** Of what stands at a path: its key, or some characters of its text. */
export interface PlacePart {
  readonly key?: boolean
  readonly offset?: number
  readonly length?: number
}

/** A YAML text that was read. */
export interface YamlDocument {
  readonly file?: string
  /** Plain JSON values; undefined when the text is no YAML, or nothing. */
  readonly value: unknown
  readonly findings: readonly Finding[]
  /** Where something stands; what is not there, where it is missing. */
  placeOf(path: OptionPath, part?: PlacePart): TextPlace
  /** The nodes, with their offsets, for those who change the text. */
  readonly root: YamlNode | undefined
  /** The scalar at a path as it is written, before it is read as a number and so on. */
  scalarAt(path: OptionPath): ScalarNode | undefined
}

interface Reading {
  readonly limits: YamlLimits
  readonly issues: PlacedIssue[]
  readonly file?: string
}

export class TreeReader {
  readonly #places: TextPlaces
  readonly #reading: Reading
  readonly #anchors = new Map<string, YamlNode>()
  readonly #targets = new Map<AliasNode, YamlNode>()
  /** Lists whose items are others than those written. */
  readonly #items = new Map<ListNode, readonly YamlNode[]>()
  /** Nodes that are being read, to notice an alias that stands inside of what it names. */
  readonly #open = new Set<YamlNode>()
  /** The alias that is being followed, the first one of a chain. */
  #outermost: AliasNode | undefined
  #aliased = 0
  #isStopped = false

  constructor(places: TextPlaces, reading: Reading) {
    this.#places = places
    this.#reading = reading
  }

  document(root: YamlNode | undefined): YamlDocument {
    const read = root === undefined || isEmptyNode(root) ? undefined : this.#value(root, [])
    const value = this.#isStopped ? undefined : read
    const { issues, file } = this.#reading
    const findings = sortedFindings(issues.map(issue => this.#places.findingOf(issue)))
    const placeOf: YamlDocument['placeOf'] = (path, part = {}) => this.#placeOf(root, path, part)
    const scalarAt: YamlDocument['scalarAt'] = path => {
      const node = this.#nodeAt(root, path)?.node
      return node?.kind === 'scalar' ? node : undefined
    }
    return { ...(file !== undefined && { file }), value, findings, placeOf, root, scalarAt }
  }

  #say(path: OptionPath, { start, end }: YamlNode, issue: Omit<PlacedIssue, 'start' | 'end'> & Partial<PlacedIssue>): undefined {
    this.#reading.issues.push({ start, end, path: pathText(path), ...issue })
  }

  #stop(path: OptionPath, node: YamlNode, issue: Pick<PlacedIssue, 'rule' | 'message'>): undefined {
    if (!this.#isStopped) this.#say(path, node, issue)
    this.#isStopped = true
  }

  #value(node: YamlNode, path: OptionPath): unknown {
    const { depthMax, aliasedValuesMax } = this.#reading.limits
    if (this.#isStopped) return undefined
    if (this.#outermost !== undefined && ++this.#aliased > aliasedValuesMax)
      return this.#stop(path, this.#outermost, {
        rule: 'alias-limit',
        message: `aliases stand for more than ${aliasedValuesMax} values (aliasedValuesMax)`,
      })
    if (node.kind === 'alias') return this.#aliasValue(node, path)
    // Inside of an alias names mean what they meant where the anchor stands.
    if (node.anchor !== undefined && this.#outermost === undefined) this.#anchors.set(node.anchor, node)
    if (node.kind === 'scalar') return this.#scalarValue(node, path)
    if (this.#open.size >= depthMax)
      return this.#stop(path, node, { rule: 'depth-limit', message: `values are nested more than ${depthMax} deep (depthMax)` })
    this.#open.add(node)
    const value = node.kind === 'list' ? this.#listValue(node, path) : this.#mapValue(node, path)
    this.#open.delete(node)
    return value
  }

  #aliasValue(node: AliasNode, path: OptionPath): unknown {
    const target = this.#targets.get(node) ?? this.#anchors.get(node.name)
    if (target === undefined || this.#open.has(target)) {
      const why = target === undefined ? 'names no anchor above it' : 'stands inside of what it names'
      this.#say(path, node, { rule: 'alias', message: `*${node.name} ${why}; put an expression that begins with * in quotes` })
      return undefined
    }
    this.#targets.set(node, target)
    const outer = this.#outermost
    this.#outermost ??= node
    const value = this.#value(target, path)
    this.#outermost = outer
    return value
  }

  #scalarValue(node: ScalarNode, path: OptionPath): unknown {
    const issue = typeof node.value === 'number' ? numberIssue(node) : textIssue(node, this.#places.text)
    if (issue !== undefined && this.#outermost === undefined) this.#say(path, node, issue)
    return node.value
  }

  #listValue(list: ListNode, path: OptionPath): unknown[] {
    const joined = list.isFlow ? joinedItems(list.items) : { kept: list.items, issues: [] }
    if (joined.issues.length > 0) this.#items.set(list, joined.kept)
    this.#sayAll(path, joined.issues)
    return joined.kept.map((item, index) => this.#value(item, [...path, index]))
  }

  #mapValue(map: MapNode, path: OptionPath): Readonly<Record<string, unknown>> {
    const joined = map.isFlow ? joinedPairs(map.pairs) : { kept: map.pairs, issues: [] }
    this.#sayAll(path, joined.issues)
    const entries = new Map<string, unknown>()
    for (const { key, value } of joined.kept) {
      const name = this.#name(key, path)
      if (name === undefined) continue
      if (entries.has(name)) {
        const message = `the key ${name} stands twice in this mapping; it has a value above`
        this.#say([...path, name], key, { rule: 'duplicate-key', message })
      } else entries.set(name, this.#value(value, [...path, name]))
    }
    // Own properties, whatever their names: no prototype is touched.
    return Object.fromEntries(entries)
  }

  #sayAll(path: OptionPath, issues: readonly (PlacedIssue & { readonly at?: string | number })[]): void {
    for (const { at, ...issue } of issues) this.#reading.issues.push({ ...issue, path: pathText(at === undefined ? path : [...path, at]) })
  }

  /** The key as a name; undefined, with an issue, when it can not be one. */
  #name(key: YamlNode, path: OptionPath): string | undefined {
    const name = nameOf(key)
    const say = (rule: PlacedIssue['rule'], message: string, { at = path, ...more }: NameIssue = {}): undefined =>
      this.#say(at, key, { rule, message, ...more })
    if (name === undefined || name === '')
      return say('bad-key', name === '' ? 'a key is empty' : 'a key must be a text; put a name that begins with { or [ or * in quotes')
    if (!name.isWellFormed()) return say('bad-character', 'a key holds half of a character (a lone surrogate)')
    if (name === '__proto__') return say('unknown-key', 'nothing can be named __proto__', { at: [...path, name] })
    if (key.kind === 'scalar' && key.style === 'plain') {
      if (name === '<<') return say('merge-key', 'the merge key << is not part of YAML 1.2; write the keys out')
      if (/^(?:on|off|yes|no)$/i.test(name))
        say('boolean-key', `other readers take the key ${name} for true or false; put it in quotes, or choose another name`, {
          at: [...path, name],
          severity: 'warning',
        })
    }
    return name
  }

  #nodeAt(root: YamlNode | undefined, path: OptionPath): Found | undefined {
    let found: Found | undefined = root && { node: this.#targetOf(root) }
    for (const part of path) {
      const within: YamlNode | undefined = found?.node
      if (within?.kind === 'list' && typeof part === 'number') found = childOf((this.#items.get(within) ?? within.items)[part])
      else if (within?.kind === 'map') {
        const pair = within.pairs.find(({ key }) => nameOf(key) === String(part))
        found = pair && { key: pair.key, node: pair.value }
      } else found = undefined
      if (found === undefined) return undefined
      found = { ...found, node: this.#targetOf(found.node) }
    }
    return found
  }

  #targetOf(node: YamlNode): YamlNode {
    let target = node
    for (let i = 0; target.kind === 'alias' && i < 64; i++)
      target = this.#targets.get(target) ?? { ...target, kind: 'scalar', value: null, ...nothing }
    return target
  }

  #placeOf(root: YamlNode | undefined, path: OptionPath, { key = false, offset, length }: PlacePart): TextPlace {
    const found = this.#nodeAt(root, path)
    if (found === undefined) return path.length === 0 ? this.#places.placeOf(0, 0) : this.#placeOf(root, path.slice(0, -1), { key: true })
    const { node } = found
    // Nothing is written there, or lines of it: the key says where that is.
    const isKeyMeant = key || isEmptyNode(node) || (node.kind === 'map' && !node.isFlow && offset === undefined)
    if (found.key !== undefined && isKeyMeant) return this.#places.placeOf(found.key.start, found.key.end)
    if (offset === undefined || node.kind !== 'scalar') return this.#places.placeOf(node.start, node.end)
    const { start, end } = partOfScalar(this.#places.text, node, { offset, length: length ?? 1 })
    return this.#places.placeOf(start, end)
  }
}

interface NameIssue {
  readonly at?: OptionPath
  readonly severity?: 'warning'
}

interface Found {
  readonly node: YamlNode
  readonly key?: YamlNode
}

const nothing = { style: 'plain', source: '' } as const

function childOf(node: YamlNode | undefined): Found | undefined {
  return node && { node }
}

/** A key as a name, as it is written: `1:` and `true:` are names as well. Undefined for what is no scalar. */
function nameOf(key: YamlNode): string | undefined {
  if (key.kind !== 'scalar') return undefined
  return key.style === 'plain' || typeof key.value !== 'string' ? key.source : key.value
}
