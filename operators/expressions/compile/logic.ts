/** Code of `and` and `or`: what comes behind is not run when the answer is known. */
import type { Logic } from '../tree.ts'
import { both, either, negation, type Slot } from './code.ts'
import type { Emitter } from './emitter.ts'

export function emitLogic(emitter: Emitter, node: Logic): Slot {
  const { code } = emitter
  const [first, ...rest] = node.items
  if (first === undefined) return { code: String(node.operator === 'and'), isNull: 'false' }
  const start = emitter.emit(first)
  const items = rest.map(item => code.apart(() => emitter.emit(item)))
  const isAnd = node.operator === 'and'
  if (items.every(({ isRisky }) => !isRisky)) {
    for (const { lines } of items) code.append(lines)
    return plain(emitter, [start, ...items.map(({ result }) => result)], isAnd)
  }
  const [truth, isNull] = [code.fresh('v'), code.fresh('n')]
  code.line(`let ${truth} = ${start.code}, ${isNull} = ${start.isNull}`)
  for (const { lines, result } of items) {
    code.block(isAnd ? `if (${truth} || ${isNull})` : `if (!${truth})`, () => {
      code.append(lines)
      if (isAnd) code.line(`if (!(${result.code})) { ${truth} = false; ${isNull} = ${result.isNull} }`)
      else code.line(`if (${result.code}) { ${truth} = true; ${isNull} = false } else if (${result.isNull}) ${isNull} = true`)
    })
  }
  return { code: truth, isNull }
}

/** When nothing can go wrong, all sides are simply looked at. */
function plain(emitter: Emitter, slots: readonly Slot[], isAnd: boolean): Slot {
  const { code } = emitter
  const bound = slots.map(({ code: value, isNull }) => ({ code: value, isNull }))
  const truth = code.named(`(${bound.map(slot => slot.code).join(isAnd ? ' && ' : ' || ')})`)
  const anyNull = either(...bound.map(slot => slot.isNull))
  if (anyNull === 'false') return { code: truth, isNull: 'false' }
  if (!isAnd) return { code: truth, isNull: code.named(both(`!${truth}`, anyNull), 'n') }
  const isFalse = bound.map(slot => both(negation(slot.isNull), `!(${slot.code})`))
  return { code: truth, isNull: code.named(both(anyNull, `!(${isFalse.join(' || ')})`), 'n') }
}
