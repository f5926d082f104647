/** The shape of a function of the language: a signature as people read it, a sentence, and what it does. */
import type { ValueType } from '../types.ts'

/**
 * What an argument may be: a type; `array` any array, `element` one of its elements; `shown` anything, given as text; `texts` any array,
 * given as texts; `value` anything that JSON can hold.
 */
export type ParameterType = ValueType | 'array' | 'element' | 'shown' | 'texts' | 'value'

/** `name(type, [type]) → type`; brackets hold arguments that may be left out, `…` means that the last may come again. */
export interface FunctionSpec {
  readonly signature: string
  readonly about: string
  /** What it does; left out when `bind` makes it. */
  readonly run?: Run
  readonly bind?: Bind
  /** It is called with nulls too; others give null when an argument is null. */
  readonly takesNulls?: true
  /** Its result may be null though no argument is. */
  readonly mayBeNull?: true
}

export type Run = (...values: never[]) => unknown

/** Says what is wrong with an argument; `at` is a place in it, if it is a text. */
export type Fail = (index: number, sentence: string, at?: number) => never

/**
 * Makes the function once for the arguments that are constants (undefined for others), where `run` would do the same work for every row,
 * and refuses those that can not be.
 */
export type Bind = (constants: readonly unknown[], fail: Fail) => Run

/** A signature that was read. */
export interface Signature {
  readonly name: string
  readonly parameters: readonly ParameterType[]
  /** How many must be there. */
  readonly least: number
  /** The last may come again. */
  readonly isOpen: boolean
  readonly result: ParameterType
}

export function signatureOf(text: string): Signature {
  const [, name = '', list = '', result = ''] = /^(\w+)\((.*)\) → (\S+)$/.exec(text) ?? []
  const isOpen = list.includes('…')
  const parameters = list === '' ? [] : list.replace('…', '').split(', ')
  const least = parameters.filter(parameter => !parameter.startsWith('[')).length
  const bare = parameters.map(one => one.replace(/^\[(.*)\]$/, '$1') as ParameterType)
  return { name, parameters: bare, least, isOpen, result: result as ParameterType }
}
