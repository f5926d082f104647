/** Code of `case`, `coalesce`, `greatest` and `least`. */
import { orderOf } from '../compare.ts'
import type { Case, Coalesce, Extreme, Node } from '../tree.ts'
import { emptyOf, isNumeric, isReference, negation, type Slot } from './code.ts'
import type { Emitter } from './emitter.ts'
import type { ValueType } from '../types.ts'

/** A variable for a value that comes from one of several places. */
class Target {
  readonly #emitter: Emitter
  readonly #type: ValueType
  readonly #value: string
  readonly #isNull: string

  constructor(emitter: Emitter, type: ValueType) {
    const { code } = emitter
    this.#emitter = emitter
    this.#type = type
    this.#value = code.fresh('v')
    this.#isNull = code.fresh('n')
    code.line(`let ${this.#value} = ${emptyOf(type)}${isReference(type) ? '' : `, ${this.#isNull} = true`}`)
  }

  set(slot: Slot): void {
    const { code } = this.#emitter
    if (isReference(this.#type)) code.line(`${this.#value} = ${slot.code}`)
    else code.line(`${this.#value} = ${slot.code}; ${this.#isNull} = ${slot.isNull}`)
  }

  get slot(): Slot {
    return isReference(this.#type)
      ? { code: this.#value, isNull: `(${this.#value} === null)` }
      : { code: this.#value, isNull: this.#isNull }
  }
}

export function emitCase(emitter: Emitter, node: Case): Slot {
  const { code } = emitter
  const target = new Target(emitter, node.type)
  const label = code.fresh('L')
  code.block(`${label}:`, () => {
    for (const { when, value } of node.branches) {
      const { code: condition } = emitter.emit(when)
      code.block(`if (${condition})`, () => {
        target.set(emitter.emit(value))
        code.line(`break ${label}`)
      })
    }
    target.set(emitter.emit(node.otherwise))
  })
  return target.slot
}

export function emitCoalesce(emitter: Emitter, node: Coalesce): Slot {
  const { code } = emitter
  const target = new Target(emitter, node.type)
  const label = code.fresh('L')
  code.block(`${label}:`, () => {
    for (const item of node.items) {
      const slot = emitter.bound(emitter.emit(item))
      code.line(`if (${negation(slot.isNull)}) {`)
      target.set(slot)
      code.line(`break ${label} }`)
    }
  })
  return target.slot
}

export function emitExtreme(emitter: Emitter, node: Extreme): Slot {
  const { code } = emitter
  const target = new Target(emitter, node.type)
  for (const item of node.items) {
    const slot = emitter.bound(emitter.emit(item))
    const best = target.slot
    code.block(`if (${negation(slot.isNull)} && (${best.isNull} || ${better(emitter, node, { slot, best, item })}))`, () =>
      target.set(slot),
    )
  }
  return target.slot
}

interface Rivals {
  readonly slot: Slot
  readonly best: Slot
  readonly item: Node
}

function better({ code }: Emitter, { type, operator }: Extreme, { slot, best }: Rivals): string {
  const sign = operator === 'greatest' ? '>' : '<'
  if (isNumeric(type)) return `${slot.code} ${sign} ${best.code}`
  // A call that may throw: different kinds have no order.
  return `${code.constant(orderOf(type))}(${slot.code}, ${best.code}) ${sign} 0`
}
