/** Goes through a checked tree and writes the code of each node. */
import { unreachable } from '../../../event/assert.ts'
import type { Call, Field, Node } from '../tree.ts'
import { fieldOf } from '../json.ts'
import { both, boxed, type Code, either, emptyOf, isNumeric, isReference, negation, nullSlot, type Slot } from './code.ts'
import { emitArithmetic, settled } from './arithmetic.ts'
import { emitCase, emitCoalesce, emitExtreme } from './branches.ts'
import { emitCompare, emitDistinct, emitIn, emitQuantified } from './comparisons.ts'
import { emitLogic } from './logic.ts'
import { demanded, readAny, readAs, type Reader } from './reading.ts'

/** What stands for a part of the tree that is computed elsewhere; undefined when it is computed here. */
export type Elsewhere = (node: Node, emitter: Emitter) => Slot | undefined

export class Emitter {
  readonly code: Code
  readonly readers: ReadonlyMap<string, Reader>
  readonly #elsewhere: Elsewhere
  readonly #slots = new Map<number, Slot>()

  constructor(code: Code, readers: ReadonlyMap<string, Reader>, elsewhere: Elsewhere) {
    this.code = code
    this.readers = readers
    this.#elsewhere = elsewhere
  }

  /** The value of a node, with nothing left to look at. */
  emit(node: Node): Slot {
    return settled(this.code, this.open(node))
  }

  /** The same, but overflow may yet have to be looked for. */
  open(node: Node): Slot {
    const { code } = this
    const elsewhere = this.#elsewhere(node, this)
    if (elsewhere !== undefined) return elsewhere
    switch (node.kind) {
      case 'constant':
        return node.value === null ? nullSlot(node.type) : { code: code.constant(node.value), isNull: 'false' }
      case 'column':
        return readAny(code, this.readers.get(node.name) as Reader)
      case 'demand':
        if (node.of.kind === 'column') return readAs(code, this.readers.get(node.of.name) as Reader, node)
        return node.type === 'json' ? this.emit(node.of) : demanded(code, this.emit(node.of), node)
      case 'field':
        return this.#field(node)
      case 'arithmetic':
        return emitArithmetic(this, node)
      case 'compare':
        return emitCompare(this, node)
      case 'distinct':
        return emitDistinct(this, node)
      case 'logic':
        return emitLogic(this, node)
      case 'not': {
        const { code: value, isNull } = this.emit(node.of)
        return { code: isNull === 'false' ? `!${value}` : both(negation(isNull), `!${value}`), isNull }
      }
      case 'isNull': {
        const { isNull } = this.emit(node.of)
        return { code: node.isNot ? negation(isNull) : isNull, isNull: 'false' }
      }
      case 'isTruth': {
        const { code: value, isNull } = this.emit(node.of)
        const holds = node.truth ? value : both(negation(isNull), `!${value}`)
        return { code: node.isNot ? `!(${holds})` : holds, isNull: 'false' }
      }
      case 'case':
        return emitCase(this, node)
      case 'coalesce':
        return emitCoalesce(this, node)
      case 'extreme':
        return emitExtreme(this, node)
      case 'in':
        return emitIn(this, node)
      case 'quantified':
        return emitQuantified(this, node)
      case 'array': {
        const items = node.items.map(item => boxed(this.emit(item), item.type))
        const name = code.fresh('v')
        code.risky(`const ${name} = [${items.join(', ')}]`)
        return { code: name, isNull: 'false' }
      }
      case 'let':
        this.#slots.set(node.slot, this.bound(this.emit(node.value)))
        return this.emit(node.body)
      case 'ref':
        return this.#slots.get(node.slot) as Slot
      case 'call':
        return this.#call(node)
      default:
        return unreachable(node)
    }
  }

  /** The same with names instead of expressions. */
  bound({ code, isNull, isNaN }: Slot): Slot {
    return { code: this.code.named(code), isNull: this.code.named(isNull, 'n'), ...(isNaN && { isNaN }) }
  }

  #field({ of, key }: Field): Slot {
    const { code } = this
    const value = code.named(this.emit(of).code)
    const name = code.fresh('v')
    const found = isPlainName(key)
      ? `(typeof ${value} === 'object' && ${value} !== null ? ${code.constant(plainOf)}(${value}[${code.constant(key)}]) : null)`
      : `${code.constant(fieldOf)}(${value}, ${code.constant(key)})`
    code.risky(`const ${name} = ${found}`)
    return { code: name, isNull: `(${name} === null)` }
  }

  #call(node: Call): Slot {
    const { code } = this
    const { type, args } = node
    const slots = args.map(arg => this.emit(arg))
    const values = slots.map((slot, index) => (node.takesNulls ? boxed(slot, args[index]?.type ?? 'any') : slot.code))
    const call = `${code.constant(node.run)}(${values.join(', ')})`
    const isNull = node.takesNulls ? 'false' : code.named(either(...slots.map(slot => slot.isNull)), 'n')
    if (isNull === 'true') return nullSlot(type)
    const name = code.fresh('v')
    const result = isNull === 'false' ? call : `(${isNull} ? ${node.mayBeNull || isReference(type) ? 'null' : emptyOf(type)} : ${call})`
    if (!node.mayBeNull) {
      code.risky(`const ${name} = ${result}`)
      return { code: name, isNull, ...(isNumeric(type) && isNull !== 'false' && { isNaN: true as const }) }
    }
    code.risky(`const ${name} = ${result} ?? null`)
    if (isReference(type)) return { code: name, isNull: `(${name} === null)` }
    const flag = code.named(`(${name} === null)`, 'n')
    const value = code.named(`(${flag} ? ${emptyOf(type)} : ${name})`)
    return { code: value, isNull: flag, ...(isNumeric(type) && { isNaN: true as const }) }
  }
}

function plainOf(value: unknown): unknown {
  return value === undefined || value !== value ? null : value
}

const prototypes = [Object, Array, Uint8Array, Object.getPrototypeOf(Uint8Array) as typeof Uint8Array, Date, Map, Set, RegExp, Error].map(
  made => made.prototype as object,
)

/** A name that nothing but an object of JSON has, so that it can be looked up the quick way. */
function isPlainName(key: string): boolean {
  return /^[a-zA-Z_]/.test(key) && key !== 'length' && !prototypes.some(prototype => key in prototype)
}
