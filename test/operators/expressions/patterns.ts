/** Random regular expressions with random texts, in all the calls that take them. */
import * as fc from 'fast-check'

const atom = fc.constantFrom(
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '[a-c]',
  '[[:alpha:]]',
  '[^[:digit:]]',
  '\\d',
  '\\w',
  '\\s',
  '\\W',
  '\\.',
  '1',
  ' ',
  '-',
  '[]a]',
  '[a\\]]',
  '[-a]',
  '\\x61',
  '\\u0062',
  '{',
  '}',
  ']',
  'é',
  '[é🛫]',
  '[\\d_]',
  '[^\\s]',
  '\\n',
  '\\-',
  '[b-]',
)
const quantifier = fc.oneof(
  { weight: 6, arbitrary: fc.constant('') },
  { weight: 5, arbitrary: fc.constantFrom('*', '+', '?', '{2}', '{1,2}', '{0,}', '{0,2}', '{2,}') },
  { weight: 1, arbitrary: fc.constantFrom('*?', '+?', '??', '{1,2}?') },
)
const place = fc.constantFrom('^', '$', '\\y', '\\Y', '\\A', '\\Z')

const { pattern } = fc.letrec<{ pattern: string; branch: string; piece: string }>(tie => ({
  pattern: fc.array(tie('branch'), { minLength: 1, maxLength: 3 }).map(branches => branches.join('|')),
  branch: fc.array(tie('piece'), { minLength: 1, maxLength: 4 }).map(pieces => pieces.join('')),
  piece: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 8, arbitrary: fc.tuple(atom, quantifier).map(([one, count]) => one + count) },
    { weight: 1, arbitrary: place },
    {
      weight: 3,
      arbitrary: fc
        .tuple(fc.constantFrom('(', '(?:'), tie('pattern'), quantifier)
        .map(([open, inner, count]) => `${open}${inner})${count}`),
    },
  ),
}))

const subject = fc
  .array(fc.constantFrom('a', 'b', 'c', 'ab', '1', ' ', '.', '-', '_', 'A', 'é', '🛫', '\n', ']', '{', '}'), { maxLength: 10 })
  .map(parts => parts.join(''))

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`

const calls: readonly ((text: string, pattern: string) => string)[] = [
  (text, form) => `${text} ~ ${form}`,
  (text, form) => `${text} ~ ${form}`,
  (text, form) => `${text} ~* ${form}`,
  (text, form) => `regexp_match(${text}, ${form})`,
  (text, form) => `regexp_replace(${text}, ${form}, '<\\&>')`,
  (text, form) => `regexp_replace(${text}, ${form}, '<\\1>', 'g')`,
  (text, form) => `regexp_replace(${text}, ${form}, '_', 'gi')`,
  (text, form) => `regexp_substr(${text}, ${form})`,
  (text, form) => `regexp_count(${text}, ${form})`,
  (text, form) => `substring(${text} from ${form})`,
  (text, form) => `regexp_split_to_array(${text}, ${form})`,
  (text, form) => `regexp_like(${text}, ${form})`,
]

/** Expressions without columns; Postgres reads the same. */
export const randomPatterns: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom(...calls), subject, pattern)
  .map(([call, text, form]) => call(`(${quoted(text)} || left(s1, 0))`, quoted(form)))
