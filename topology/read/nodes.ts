/** A YAML text as nodes with offsets: what the door to the parser gives, in our own words. */

export type ScalarStyle = 'plain' | 'single' | 'double' | 'literal' | 'folded'

interface Located {
  /** Offsets into the text. */
  readonly start: number
  readonly end: number
  readonly anchor?: string
  /** As it is written, `!name` or `!!name`. */
  readonly tag?: string
}

export interface ScalarNode extends Located {
  readonly kind: 'scalar'
  readonly value: string | number | boolean | null
  readonly style: ScalarStyle
  /** The text before it is read as a number and so on; empty where nothing is written. */
  readonly source: string
}

export interface MapNode extends Located {
  readonly kind: 'map'
  /** Written with braces. */
  readonly isFlow: boolean
  readonly pairs: readonly { readonly key: YamlNode; readonly value: YamlNode }[]
}

export interface ListNode extends Located {
  readonly kind: 'list'
  readonly isFlow: boolean
  readonly items: readonly YamlNode[]
}

export interface AliasNode extends Located {
  readonly kind: 'alias'
  readonly name: string
}

export type YamlNode = ScalarNode | MapNode | ListNode | AliasNode

/** Nothing is written. */
export function isEmptyNode(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.style === 'plain' && node.source === ''
}
