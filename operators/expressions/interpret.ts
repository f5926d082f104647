/** Computes a checked expression for one row by going through its tree: the plain twin that the compiled form is tested against. */
import { unreachable } from '../../event/assert.ts'
import { equalityOf, orderOf } from './compare.ts'
import { demandOf } from './demand.ts'
import { rowFault } from './fault.ts'
import { fieldOf, orNull } from './json.ts'
import type { Arithmetic, Compare, Node, Quantified } from './tree.ts'

type Row = Readonly<Record<string, unknown>>

/** The value for a row; null when it has none. Throws what makes the row a dead letter. */
export function interpretNode(node: Node, row: Row, slots: unknown[] = []): unknown {
  const value = (of: Node): unknown => interpretNode(of, row, slots)
  switch (node.kind) {
    case 'constant':
      return node.value
    case 'column':
      return Object.hasOwn(row, node.name) ? orNull(row[node.name]) : null
    case 'ref':
      return slots[node.slot]
    case 'let':
      slots[node.slot] = value(node.value)
      return value(node.body)
    case 'demand': {
      const given = value(node.of)
      return given === null ? null : demandOf(node.type)(given, node.label)
    }
    case 'field':
      return fieldOf(value(node.of), node.key)
    case 'arithmetic':
      return arithmetic(node, value(node.left), value(node.right))
    case 'compare':
      return compare(node, value(node.left), value(node.right))
    case 'distinct': {
      const [left, right] = [value(node.left), value(node.right)]
      const isSame = left === null || right === null ? left === right : equalityOf(node.by)(left as never, right as never)
      return isSame === node.isNot
    }
    case 'logic': {
      // `and` ends at the first false, `or` at the first true; a null makes null of what is not ended so.
      const end = node.operator === 'or'
      let answer: unknown = !end
      for (const item of node.items) {
        const one = value(item)
        if (one === end) return end
        if (one === null) answer = null
      }
      return answer
    }
    case 'not': {
      const given = value(node.of)
      return given === null ? null : !(given as boolean)
    }
    case 'isNull':
      return (value(node.of) === null) !== node.isNot
    case 'isTruth':
      return (value(node.of) === node.truth) !== node.isNot
    case 'case':
      return value(node.branches.find(({ when }) => value(when) === true)?.value ?? node.otherwise)
    case 'coalesce':
      for (const item of node.items) {
        const one = value(item)
        if (one !== null) return one
      }
      return null
    case 'extreme': {
      const order = orderOf(node.type) as (a: unknown, b: unknown) => number
      const sign = node.operator === 'greatest' ? 1 : -1
      const better = (best: unknown, one: unknown): unknown => (best === null || (one !== null && order(one, best) * sign > 0) ? one : best)
      return node.items.map(value).reduce(better, null)
    }
    case 'in': {
      const of = value(node.of)
      const equal = equalityOf(node.by) as (a: unknown, b: unknown) => boolean
      let answer: unknown = false
      for (const item of node.items) {
        const one = value(item)
        if (of === null || one === null) answer = null
        else if (equal(of, one)) return true
      }
      return answer
    }
    case 'quantified':
      return quantified(node, value(node.left), value(node.array))
    case 'array':
      return node.items.map(value)
    case 'call': {
      const values = node.args.map(value)
      if (!node.takesNulls && values.includes(null)) return null
      return orNull(node.run(...(values as never[])))
    }
    default:
      return unreachable(node)
  }
}

function arithmetic({ operator, type }: Arithmetic, left: unknown, right: unknown): number | null {
  if (left === null || right === null) return null
  const [a, b] = [left as number, right as number]
  if ((operator === '/' || operator === '%') && b === 0) throw rowFault('division by zero')
  const isWhole = type === 'integer'
  const exact = operator === '+' ? a + b : operator === '-' ? a - b : operator === '*' ? a * b : operator === '/' ? a / b : a % b
  const result = isWhole ? Math.trunc(exact) + 0 : exact
  if (isWhole && !Number.isSafeInteger(result)) throw rowFault('integer out of range')
  if (!Number.isFinite(result)) throw rowFault('number out of range')
  return result
}

function compare({ operator, by }: Compare, left: unknown, right: unknown): boolean | null {
  if (left === null || right === null) return null
  if (operator === '=' || operator === '<>') return equalityOf(by)(left as never, right as never) === (operator === '=')
  const order = orderOf(by)(left as never, right as never)
  if (operator === '<') return order < 0
  if (operator === '<=') return order <= 0
  return operator === '>' ? order > 0 : order >= 0
}

function quantified({ test, isAll }: Quantified, left: unknown, array: unknown): boolean | null {
  if (array === null) return null
  let answer: boolean | null = isAll
  for (const element of array as readonly unknown[]) {
    const one = left === null || element === null ? null : test(left as never, element as never)
    if (one === !isAll) return one
    if (one === null) answer = null
  }
  return answer
}
