/** Code of arithmetic. Overflow of sums and products shows in what they go into, so that a chain of them is looked at once. */
import { rowFault } from '../fault.ts'
import type { Arithmetic } from '../tree.ts'
import { type Code, either, negation, type Slot } from './code.ts'
import type { Emitter } from './emitter.ts'

function failZero(): never {
  throw rowFault('division by zero')
}

function failNumber(): never {
  throw rowFault('number out of range')
}

function failInteger(): never {
  throw rowFault('integer out of range')
}

/** Looks for overflow that was not looked for yet. */
export function settled(code: Code, slot: Slot): Slot {
  if (slot.pending === undefined) return slot
  const { pending, ...rest } = slot
  const value = slot.code
  const tests = pending.map(each =>
    each.isNull === 'false' ? `${each.code} - ${each.code} !== 0` : `(!${each.isNull} && ${each.code} - ${each.code} !== 0)`,
  )
  code.risky(`if (${value} - ${value} !== 0 && (${tests.join(' || ')})) ${code.constant(failNumber)}()`)
  return rest
}

export function emitArithmetic(emitter: Emitter, { type, operator, left, right }: Arithmetic): Slot {
  const { code } = emitter
  const a = type === 'integer' ? emitter.emit(left) : emitter.open(left)
  // What is infinite may vanish below a division, so that it has to be looked at before.
  const b = operator === '/' || operator === '%' || type === 'integer' ? emitter.emit(right) : emitter.open(right)
  const isNull = code.named(either(a.isNull, b.isNull), 'n')
  const isNaN = (a.isNull === 'false' || a.isNaN === true) && (b.isNull === 'false' || b.isNaN === true)
  const divisor = operator === '/' || operator === '%' ? divisorOf(code, b, isNull) : b.code
  const value = code.fresh('v')
  const flags = isNaN && isNull !== 'false' ? { isNaN: true as const } : {}
  if (type === 'number') {
    code.line(`const ${value} = ${a.code} ${operator} ${divisor}`)
    return { code: value, isNull, ...flags, pending: [...(a.pending ?? []), ...(b.pending ?? []), { code: value, isNull }] }
  }
  const result = operator === '/' ? `Math.trunc(${a.code} / ${divisor})` : `${a.code} ${operator} ${divisor}`
  // The zero that is added makes 0 of −0, which is no integer.
  code.line(`const ${value} = ${result} + 0`)
  if (operator === '+' || operator === '-' || operator === '*') {
    const isBeyond = `(${value} > ${Number.MAX_SAFE_INTEGER} || ${value} < ${-Number.MAX_SAFE_INTEGER})`
    code.risky(`if (${isBeyond} && ${negation(isNull)}) ${code.constant(failInteger)}()`)
  }
  return { code: value, isNull, ...flags }
}

function divisorOf(code: Code, slot: Slot, isNull: string): string {
  const value = code.named(slot.code)
  if (!/^-?[1-9]/.test(value)) code.risky(`if (${value} === 0 && ${negation(isNull)}) ${code.constant(failZero)}()`)
  return value
}
