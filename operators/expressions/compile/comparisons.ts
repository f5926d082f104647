/** Code of comparisons, `in`, and `any` and `all` over arrays. */
import { equalityOf, orderOf } from '../compare.ts'
import type { Compare, Constant, Distinct, In, Quantified } from '../tree.ts'
import type { ValueType } from '../types.ts'
import { both, boxed, either, isNumeric, negation, type Slot } from './code.ts'
import type { Emitter } from './emitter.ts'

const signs = { '=': '===', '<>': '!==', '<': '<', '<=': '<=', '>': '>', '>=': '>=' } as const

const isPlain = (type: ValueType): boolean => isNumeric(type) || type === 'text' || type === 'boolean'

/** Whether two values are equal that are not null. */
function equal({ code }: Emitter, by: ValueType, a: string, b: string): string {
  return isPlain(by) ? `${a} === ${b}` : `${code.constant(equalityOf(by))}(${a}, ${b})`
}

export function emitCompare(emitter: Emitter, { operator, by, left, right }: Compare): Slot {
  const { code } = emitter
  const [a, b] = [emitter.emit(left), emitter.emit(right)]
  const isNull = either(a.isNull, b.isNull)
  if (isNull === 'true') return { code: 'false', isNull }
  const isQuick = (slot: Slot): boolean => slot.isNull === 'false' || slot.isNaN === true
  if (isNumeric(by)) {
    const test = `(${a.code} ${signs[operator]} ${b.code})`
    // Nothing is equal to NaN, less or more, which is what null means for a condition.
    return { code: isQuick(a) && isQuick(b) && operator !== '<>' ? test : both(negation(isNull), test), isNull }
  }
  if (operator === '=' || operator === '<>') {
    const same = equal(emitter, by, a.code, b.code)
    const test = operator === '=' ? same : isPlain(by) ? `${a.code} !== ${b.code}` : `!${same}`
    if (isPlain(by)) return { code: both(negation(isNull), `(${test})`), isNull }
    return called(emitter, isNull, test)
  }
  return called(emitter, isNull, `${code.constant(orderOf(by))}(${a.code}, ${b.code}) ${signs[operator]} 0`)
}

/** A test that calls a function, which may throw. */
function called({ code }: Emitter, isNull: string, test: string): Slot {
  const flag = code.named(isNull, 'n')
  const name = code.fresh('v')
  code.risky(`const ${name} = ${both(negation(flag), test)}`)
  return { code: name, isNull: flag }
}

export function emitDistinct(emitter: Emitter, { isNot, by, left, right }: Distinct): Slot {
  const { code } = emitter
  const [a, b] = [emitter.bound(emitter.emit(left)), emitter.bound(emitter.emit(right))]
  const isNull = either(a.isNull, b.isNull)
  const same = equal(emitter, by, a.code, b.code)
  const name = code.fresh('v')
  code.risky(`const ${name} = ${isNull === 'false' ? same : `(${isNull} ? ${a.isNull} === ${b.isNull} : ${same})`}`)
  return { code: isNot ? name : `!${name}`, isNull: 'false' }
}

export function emitIn(emitter: Emitter, node: In): Slot {
  const { code } = emitter
  const of = emitter.bound(emitter.emit(node.of))
  const constants = node.items.filter((item): item is Constant => item.kind === 'constant')
  if (constants.length === node.items.length && isPlain(node.by)) return emitInSet(emitter, node, of, constants)
  const [truth, isNull, label] = [code.fresh('v'), code.fresh('n'), code.fresh('L')]
  code.line(`let ${truth} = false, ${isNull} = false`)
  code.block(`${label}:`, () => {
    for (const item of node.items) {
      const slot = emitter.emit(item)
      const test = equal(emitter, node.by, of.code, slot.code)
      code.risky(
        `if (${either(of.isNull, slot.isNull)}) ${isNull} = true; else if (${test}) { ${truth} = true; ${isNull} = false; break ${label} }`,
      )
    }
  })
  return { code: truth, isNull }
}

/** Few values are compared one by one, many are looked up. */
function emitInSet({ code }: Emitter, node: In, of: Slot, constants: readonly Constant[]): Slot {
  const values = constants.map(({ value }) => value).filter(value => value !== null)
  const tests = values.map(value => `${of.code} === ${code.constant(value)}`)
  // A set takes 0 and −0 for the same, as comparison does.
  const test =
    values.length > 4 ? `${code.constant(new Set(values))}.has(${of.code})` : values.length === 0 ? 'false' : `(${tests.join(' || ')})`
  const truth = code.named(of.isNull === 'false' || of.isNaN === true ? test : both(negation(of.isNull), test))
  if (values.length === node.items.length) return { code: truth, isNull: of.isNull }
  return { code: truth, isNull: code.named(`!${truth}`, 'n') }
}

function test(run: Quantified['test'], isAll: boolean, left: unknown, list: readonly unknown[] | null): boolean | null {
  if (list === null) return null
  let hasNull = false
  for (const element of list) {
    if (left === null || element === null) hasNull = true
    else if (run(left as never, element as never) !== isAll) return !isAll
  }
  return hasNull ? null : isAll
}

export function emitQuantified(emitter: Emitter, node: Quantified): Slot {
  const { code } = emitter
  const left = emitter.emit(node.left)
  const array = emitter.emit(node.array)
  const name = code.fresh('v')
  const values = `${code.constant(node.test)}, ${node.isAll}, ${boxed(left, node.left.type)}, ${boxed(array, node.array.type)}`
  code.risky(`const ${name} = ${code.constant(test)}(${values})`)
  return { code: `(${name} === true)`, isNull: `(${name} === null)` }
}
