/** Random expressions of every type, from templates, and the values that columns of their rows may hold. */
import * as fc from 'fast-check'
import { leaves, type Letter, type Templates } from './templates.ts'

export { declaredRow, type Letter, letterTypes, ourTemplates, templates } from './templates.ts'

/** Random expressions of the type of a letter, at most so deep. */
export class RandomExpressions {
  readonly #templates: readonly Templates[]
  readonly #known = new Map<string, fc.Arbitrary<string>>()

  constructor(templates: readonly Templates[]) {
    this.#templates = templates
  }

  of(letter: Letter, depth: number): fc.Arbitrary<string> {
    const key = `${letter}${depth}`
    let known = this.#known.get(key)
    if (known === undefined) this.#known.set(key, (known = this.#made(letter, depth)))
    return known
  }

  #made(letter: Letter, depth: number): fc.Arbitrary<string> {
    const ends = fc.constantFrom(...leaves[letter])
    const own = this.#templates.flatMap(templates => templates[letter])
    if (depth <= 0 || own.length === 0) return ends
    const inner = fc.constantFrom(...own).chain(template => this.#filled(template, depth - 1))
    return fc.oneof({ weight: 1, arbitrary: ends }, { weight: 4, arbitrary: inner })
  }

  #filled(template: string, depth: number): fc.Arbitrary<string> {
    const pieces = template.split(/\{([nisbtvjxya])\}/)
    const parts = pieces.map((piece, index) => (index % 2 === 0 ? fc.constant(piece) : this.of(piece as Letter, depth)))
    return fc.tuple(...parts).map(list => list.join(''))
  }
}

export const texts = [
  '',
  'a',
  'b',
  'ab',
  'abc',
  'A',
  ' a ',
  'aab',
  'ba',
  '1',
  '-2',
  '2.5',
  'true',
  'é',
  '\u{1f6eb}',
  '\ufffd',
  'a,b',
  'x%y',
  'aa_b',
  'b\nc',
  '2024-02-29',
]
export const numbers = [0, 1, -1, 2, 3, -7.25, 0.5, 2.5, 1.5, 0.1, 100, 1e10, 123456.789, 1e15, 1e300, -1e300]
export const integers = [0, 1, -1, 2, 3, 5, -4, 10, 97, 1000, 9007199254740991, -9007199254740991]
export const times = [
  0, 1, 86_399_999, 1_709_164_800_000, 1_709_251_199_500, 1_704_067_200_000, -1, -62_000_000_000_000, 951_782_400_000, 4_102_444_800_000,
]
export const jsons: readonly unknown[] = [
  { a: 1, b: 'x' },
  { a: { b: 'deep' }, bb: [1] },
  { a: null },
  [1, 'a', null],
  [],
  {},
  'text',
  5,
  true,
  { a: [1, 2], c: 0.5 },
  [{ a: 1 }],
  { '': 1, aa: 'q"\\\n' },
]
