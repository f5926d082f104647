/** Computes what is the same for every row once, before the first. What fails stays as it is: it may stand in a branch that is never taken. */
import { isEventStoreError } from '../../event/error.ts'
import { interpretNode } from './interpret.ts'
import { type Node, partsOf } from './tree.ts'

export function folded(node: Node): Node {
  const inner = withParts(node, folded)
  if (inner.kind === 'constant' || inner.kind === 'column' || inner.kind === 'ref') return inner
  if (!partsOf(inner).every(part => part.kind === 'constant')) return inner
  try {
    return { kind: 'constant', type: inner.type, value: interpretNode(inner, {}) }
  } catch (error) {
    if (!isEventStoreError(error)) throw error
    return inner
  }
}

/** The same node with other nodes below it. */
function withParts(node: Node, change: (part: Node) => Node): Node {
  switch (node.kind) {
    case 'constant':
    case 'column':
    case 'ref':
      return node
    case 'demand':
    case 'field':
    case 'not':
    case 'isNull':
    case 'isTruth':
      return { ...node, of: change(node.of) }
    case 'arithmetic':
    case 'compare':
    case 'distinct':
      return { ...node, left: change(node.left), right: change(node.right) }
    case 'logic':
    case 'coalesce':
    case 'extreme':
    case 'array':
      return { ...node, items: node.items.map(change) }
    case 'case': {
      const branches = node.branches.map(({ when, value }) => ({ when: change(when), value: change(value) }))
      return { ...node, branches, otherwise: change(node.otherwise) }
    }
    case 'in':
      return { ...node, of: change(node.of), items: node.items.map(change) }
    case 'quantified':
      return { ...node, left: change(node.left), array: change(node.array) }
    case 'let':
      return { ...node, value: change(node.value), body: change(node.body) }
    case 'call':
      return { ...node, args: node.args.map(change) }
  }
}
