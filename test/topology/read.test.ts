/** Reading YAML: places of keys and of parts of texts, limits, aggregates as calls, and what is given to whoever reads further. */
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { stringify } from 'yaml'
import { isEventStoreError } from '../../event/error.ts'
import { aggregateOfText } from '../../topology/read/aggregate-text.ts'
import { parseYaml } from '../../topology/read/document.ts'
import { readTopologyText, topologyOfText } from '../../topology/read/read.ts'

const text = `a: 1 # one
list: [x, { y: 'two' }]
nested:
  deep: "q"
  empty:
`

test('a value is plain, and each part of it has a place', () => {
  const document = parseYaml(text, { file: 'a.yaml' })
  assert.is(document.file, 'a.yaml')
  assert.equal(document.findings, [])
  assert.equal(document.value, { a: 1, list: ['x', { y: 'two' }], nested: { deep: 'q', empty: null } })
  assert.equal(document.placeOf(['a']), { line: 1, column: 4, length: 1 })
  assert.equal(document.placeOf(['a'], { key: true }), { line: 1, column: 1, length: 1 })
  assert.equal(document.placeOf(['list', 1, 'y']), { line: 2, column: 16, length: 5 })
  assert.equal(document.placeOf(['list', 1, 'y'], { offset: 1, length: 2 }), { line: 2, column: 18, length: 2 })
  assert.equal(document.placeOf(['list', 1]), { line: 2, column: 11, length: 12 })
})

test('lines below a key, and nothing behind one, are shown at the key', () => {
  const document = parseYaml(text)
  assert.equal(document.placeOf(['nested']), { line: 3, column: 1, length: 6 })
  assert.equal(document.placeOf(['nested', 'empty']), { line: 5, column: 3, length: 5 })
})

test('what is not there is shown at the key that should hold it', () => {
  const document = parseYaml(text)
  assert.equal(document.placeOf(['nested', 'missing']), { line: 3, column: 1, length: 6 })
  assert.equal(document.placeOf(['nested', 'deep', 'er', 4]), { line: 4, column: 3, length: 4 })
  assert.equal(document.placeOf(['list', 7]), { line: 2, column: 1, length: 4 })
  assert.equal(document.placeOf([]), { line: 1, column: 1, length: 10 })
  assert.equal(parseYaml('').placeOf(['a']), { line: 1, column: 1, length: 0 })
})

test('a value behind an alias has the place of what it stands for', () => {
  const document = parseYaml('a: &x { b: 1 }\nc: *x\n')
  assert.equal(document.value, { a: { b: 1 }, c: { b: 1 } })
  assert.equal(document.placeOf(['c', 'b']), { line: 1, column: 12, length: 1 })
  assert.equal(document.placeOf(['c'], { key: true }), { line: 2, column: 1, length: 1 })
})

test('an anchor that is given twice means the one above', () => {
  const { value, findings } = parseYaml('a: &x [&y 1]\nb: &y 2\nc: *x\nd: *y\ne: &x 3\nf: *x\n')
  assert.equal(findings, [])
  assert.equal(value, { a: [1], b: 2, c: [1], d: 2, e: 3, f: 3 })
})

test('names are as they are written, and none of them touches a prototype', () => {
  const { value } = parseYaml('{ 1: a, true: b, 1.0: c, ~: d, constructor: e, "x y": f }')
  assert.equal(value, { 1: 'a', true: 'b', '1.0': 'c', '~': 'd', constructor: 'e', 'x y': 'f' })
  assert.is(Object.getPrototypeOf(value), Object.prototype)
  assert.is(Object.getPrototypeOf(parseYaml('__proto__: { a: 1 }').value), Object.prototype)
})

test('YAML is 1.2: yes, no, on, off and 1:30 are texts', () => {
  assert.equal(parseYaml('[yes, no, on, off, y, 1:30, 010, 0o17, 2001-01-01]').value, [
    'yes',
    'no',
    'on',
    'off',
    'y',
    '1:30',
    10,
    15,
    '2001-01-01',
  ])
})

test('limits can be set, and a text beyond them is not read', () => {
  const rulesOf = (limits: object, yaml: string): unknown => {
    const { value, findings } = parseYaml(yaml, { limits })
    return [value, ...findings.map(({ rule }) => rule)]
  }
  assert.equal(rulesOf({ textBytesMax: 3 }, 'ab: 1'), [undefined, 'size-limit'])
  assert.equal(rulesOf({ textBytesMax: 3 }, 'é: 1'), [undefined, 'size-limit'])
  assert.equal(rulesOf({ depthMax: 1 }, '[[]]'), [undefined, 'depth-limit'])
  assert.equal(rulesOf({ depthMax: 2 }, '[[]]'), [[[]]])
  assert.equal(rulesOf({ aliasedValuesMax: 2 }, '[&a [1, 2], *a]'), [undefined, 'alias-limit'])
  assert.equal(rulesOf({ aliasedValuesMax: 3 }, '[&a [1, 2], *a]'), [
    [
      [1, 2],
      [1, 2],
    ],
  ])
})

/** How the library writes a text, which need not be how anybody else would. */
const styles = ['PLAIN', 'QUOTE_SINGLE', 'QUOTE_DOUBLE', 'BLOCK_LITERAL', 'BLOCK_FOLDED'] as const

for (const style of styles) {
  test(`each character of a text is found where it stands: ${style}`, () => {
    const word = fc.constantFrom(
      'ab',
      "it's",
      '"q"',
      'c\\d',
      'é',
      '📦',
      '(x, y)',
      '#',
      'a:b',
      ' ',
      '  ',
      '\n',
      '\n\n',
      '\t',
      'delay',
      '<',
      '60',
    )
    fc.assert(
      fc.property(fc.array(word, { minLength: 1, maxLength: 14 }), fc.boolean(), (words, isWindows) => {
        const value = words.join(' ')
        const lineWidth = style === 'QUOTE_SINGLE' || style === 'PLAIN' ? 20 : 24
        const made = stringify(
          { outer: { inner: value } },
          { defaultStringType: style, defaultKeyType: 'PLAIN', lineWidth, minContentWidth: 0 },
        )
        const yaml = isWindows ? made.replaceAll('\n', '\r\n') : made
        const document = parseYaml(yaml)
        const read = (document.value as { outer: { inner: unknown } }).outer.inner
        // Some blanks are lost in some styles.
        fc.pre(read === value)
        const lines = yaml.split('\n')
        for (const [offset, character] of Array.from(value, (_, at) => [at, value[at] as string] as const)) {
          if (/\s/.test(character)) continue
          const { line, column } = document.placeOf(['outer', 'inner'], { offset, length: 1 })
          const there = lines[line - 1]?.slice(column - 1) ?? ''
          const isThere = there.startsWith(character) || there.startsWith('\\') || (character === "'" && there.startsWith("''"))
          assert.ok(isThere, JSON.stringify({ yaml, offset, character, there }))
        }
      }),
      { numRuns: 200 },
    )
  })
}

test('a part behind the end of a text is the place where something is missing', () => {
  const document = parseYaml("a: 'x <'\nb: y\n")
  assert.equal(document.placeOf(['a'], { offset: 3, length: 0 }), { line: 1, column: 8, length: 0 })
  assert.equal(document.placeOf(['b'], { offset: 99, length: 5 }), { line: 2, column: 5, length: 0 })
})

test('an aggregate may have a condition: as SQL has it, behind where, or as an argument', () => {
  const where = "price < 10 and f(')') = 1"
  for (const text of [`sum(price) where ${where}`, `sum(price) FILTER (WHERE ${where})`, `sum(price, where => ${where})`]) {
    const read = aggregateOfText(text)
    assert.ok('use' in read, text)
    assert.equal(read.use, { aggregate: 'sum', field: 'price', where })
    const { offset, length } = read.parts['where'] ?? { offset: 0, length: 0 }
    assert.is(text.slice(offset, offset + length), where)
  }
  assert.equal(
    'use' in aggregateOfText('count(*) filter (where a)') && (aggregateOfText('count(*) filter (where a)') as { use: unknown }).use,
    {
      aggregate: 'count',
      where: 'a',
    },
  )
  for (const text of [
    'count() where',
    'count() filter (a)',
    'count() having a',
    'count(where => a) where b',
    'percentile(p => 1, x, p => 2)',
  ])
    assert.ok('message' in aggregateOfText(text), text)
})

test('a mistake in the condition of an aggregate is told where it stands, however it is written', () => {
  for (const use of ['count() where dleay > 15', 'count(*) filter (where dleay > 15)', '{ aggregate: count, where: dleay > 15 }']) {
    const text = `topology: t
version: 1
sources: { log: { follow: all, fields: { delay: number } } }
steps: [{ id: s, total: { aggregate: { n: ${JSON.stringify(use).startsWith('"{') ? use : JSON.stringify(use)} } } }]
`
    const { findings } = readTopologyText(text, { file: 't.yaml' })
    const [found] = findings.filter(({ severity }) => severity === 'error')
    const line = text.split('\n')[(found?.line ?? 0) - 1] ?? ''
    assert.is(line.slice((found?.column ?? 0) - 1, (found?.column ?? 0) - 1 + (found?.length ?? 0)), 'dleay', use)
  }
})

test('aggregates are calls', () => {
  const useOf = (call: string): unknown => {
    const read = aggregateOfText(call)
    return 'use' in read ? read.use : read.message
  }
  assert.equal(useOf('count()'), { aggregate: 'count' })
  assert.equal(useOf('count( * )'), { aggregate: 'count' })
  assert.equal(useOf(' sum(\n delay ) '), { aggregate: 'sum', field: 'delay' })
  assert.equal(useOf('sum("a ""b""")'), { aggregate: 'sum', field: 'a "b"' })
  assert.equal(useOf('sum(größe)'), { aggregate: 'sum', field: 'größe' })
  assert.equal(useOf('sum(null)'), { aggregate: 'sum', of: 'null' })
  assert.equal(useOf("sum(f(a, ')', [1, 2]))"), { aggregate: 'sum', of: "f(a, ')', [1, 2])" })
  assert.equal(useOf('percentile(a + b, 95e-2)'), { aggregate: 'percentile', of: 'a + b', p: 0.95 })
  assert.equal(useOf('nothing(a, b)'), { aggregate: 'nothing' })
  assert.equal(useOf('count(distinct bidder)'), { aggregate: 'countDistinct', field: 'bidder' })
  assert.equal(useOf('percentile(p => 0.5, a + b)'), { aggregate: 'percentile', of: 'a + b', p: 0.5 })
  assert.equal(useOf('percentile(field: delay, p: 0.5)'), { aggregate: 'percentile', field: 'delay', p: 0.5 })
  for (const wrong of ['', 'count', 'sum(', 'sum(a', 'sum(a))', 'sum(a) + 1', 'sum(,)', 'sum(a, b, c)', '1(a)', 'sum(a]', "sum('a)"]) {
    assert.type(useOf(wrong), 'string', wrong)
  }
})

test('the parts of a call are told by their offsets', () => {
  const call = 'percentile( delay * 2 , 0.95 )'
  const read = aggregateOfText(call)
  const parts = 'parts' in read ? read.parts : {}
  const texts = Object.entries(parts).map(([option, { offset, length }]) => [option, call.slice(offset, offset + length)])
  assert.equal(Object.fromEntries(texts), { aggregate: 'percentile', of: 'delay * 2', p: '0.95' })
})

test('a topology that is wrong is INVALID with the place of the first mistake', () => {
  const wrong = 'topology: t\nversion: 1\nsources:\n  log: { folow: all }\nsinks:\n  out: { from: lgo, append: { stream: s } }\n'
  assert.throws(
    () => topologyOfText(wrong, 'a.yaml'),
    (error: unknown) =>
      isEventStoreError(error, 'INVALID') &&
      error.message.startsWith('a.yaml:4:') &&
      error.message.endsWith('more)') &&
      error.details['file'] === 'a.yaml' &&
      Array.isArray(error.details['findings']),
  )
})

test('warnings alone do not keep a topology from being read', () => {
  const lonely = 'topology: t\nversion: 1\nsources:\n  log: { follow: all }\n'
  const { topology, findings, file } = readTopologyText(lonely, { file: 'b.yaml' })
  assert.is(file, 'b.yaml')
  assert.equal(topology, topologyOfText(lonely, 'b.yaml'))
  assert.ok(findings.length > 0 && findings.every(({ severity }) => severity === 'warning'))
})

test('a step of 500 others is found', () => {
  const steps = Array.from({ length: 500 }, (_, i) => `  - id: s${i}\n    filter: a > ${i}\n`).join('')
  const head = 'topology: t\nversion: 1\nsources:\n  log: { follow: all, fields: { a: number } }\n'
  const file = `${head}steps:\n${steps}sinks:\n  out: { from: s499, append: { stream: s, type: t } }\n`
  assert.equal(readTopologyText(file).findings, [])
  const { findings } = readTopologyText(file.replace('a > 321', 'b > 321'))
  assert.equal(
    findings.map(({ line, column, rule }) => [line, column, rule]),
    [[5 + 2 * 322, 13, 'unknown-column']],
  )
})

test.run()
