/** The corpus of topology files: every good one is read, and every bad one gets exactly the findings that its first lines name. */
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import * as fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { checkTopology, readTopology } from '../../topology/check.ts'
import { parseYaml } from '../../topology/read/document.ts'
import { readTopologyText, type Rule, rules, topologyOfText } from '../../topology/read/read.ts'
import { corpusFiles, expectation, expectations } from './topology-corpus.ts'

const good = corpusFiles('good')
const bad = corpusFiles('bad')

test('there are enough files to mean something', () => {
  assert.ok(good.length + bad.length >= 100)
  assert.ok(good.filter(({ path }) => existsSync(jsonOf(path))).length >= 15)
})

for (const { name, path, text } of good) {
  test(`good: ${name}`, () => {
    const { topology, findings } = readTopologyText(text, { file: path })
    assert.equal(findings, [])
    assert.ok(topology)
    assert.equal(checkTopology(topology), topology)
    // Plain JSON, which the builder's door takes as well.
    assert.equal(readTopology(JSON.parse(JSON.stringify(topology))), topology)
    if (existsSync(jsonOf(path))) assert.equal(topology, JSON.parse(readFileSync(jsonOf(path), 'utf8')))
  })
}

for (const { name, path, text } of bad) {
  test(`bad: ${name}`, () => {
    const { topology, findings } = readTopologyText(text, { file: path })
    const expected = expectations(text)
    assert.ok(expected.length > 0, 'it says nothing that it expects')
    assert.equal(findings.map(expectation), expected)
    const errors = findings.filter(({ severity }) => severity === 'error')
    assert.is(topology === undefined, errors.length > 0)
    const [first] = errors
    if (first === undefined) return assert.ok(topologyOfText(text, path))
    assert.throws(
      () => topologyOfText(text, name),
      (error: unknown) =>
        isEventStoreError(error, 'INVALID') &&
        error.message.startsWith(`${name}:${first.line}:${first.column}: ${first.message}`) &&
        error.message.endsWith(` (and ${errors.length - 1} more)`) === errors.length > 1 &&
        error.details['findings'] !== undefined,
    )
  })
}

/** Texts too large for a file of the corpus, with the rule that refuses them. */
const generated: readonly (readonly [what: string, text: () => string, rule: Rule])[] = [
  ['5 MB', () => `topology: t\n${'# a comment that fills the file\n'.repeat(160_000)}`, 'size-limit'],
  ['a byte more than there may be', () => `#${' '.repeat(1024 * 1024)}`, 'size-limit'],
  ['few characters of many bytes', () => `#${'📦'.repeat(300_000)}`, 'size-limit'],
  ['100,000 open brackets', () => `topology: ${'['.repeat(100_000)}`, 'depth-limit'],
  ['100,000 open braces', () => '{a: '.repeat(100_000), 'depth-limit'],
  ['100,000 dashes', () => '- '.repeat(100_000), 'depth-limit'],
  ['100,000 question marks', () => '? '.repeat(100_000), 'depth-limit'],
  ['lines indented deeper and deeper', () => Array.from({ length: 1000 }, (_, i) => `${' '.repeat(i)}a:\n`).join(''), 'depth-limit'],
  ['65 lists in one another', () => '['.repeat(65) + ']'.repeat(65), 'depth-limit'],
  [
    'depth by aliases',
    () => Array.from({ length: 90 }, (_, i) => `a${i}: &a${i} [${i === 0 ? '' : `*a${i - 1}`}]\n`).join(''),
    'depth-limit',
  ],
  ['a billion laughs', () => laughs((name, list) => `${name}: &${name} [${list.join(', ')}]\n`), 'alias-limit'],
  ['a billion laughs in mappings', () => laughs((name, list) => `${name}: &${name} {${named(list)}}\n`), 'alias-limit'],
  ['20,000 aliases of one text', () => `a: &a x\nb: [${'*a,'.repeat(20_000)}]\n`, 'alias-limit'],
]

function laughs(line: (name: string, list: readonly string[]) => string): string {
  const nine = (text: string): string[] => new Array<string>(9).fill(text)
  return Array.from({ length: 10 }, (_, i) => line(`a${i}`, nine(i === 0 ? 'lol' : `*a${i - 1}`))).join('')
}

function named(list: readonly string[]): string {
  return list.map((one, i) => `k${i}: ${one}`).join(', ')
}

for (const [what, text, rule] of generated) {
  test(`generated: ${what}`, () => {
    const { topology, findings } = readTopologyText(text())
    assert.is(topology, undefined)
    assert.equal(
      findings.map(finding => finding.rule),
      [rule],
    )
  })
}

test('a file within the limits is read: 1 MiB, depth 64, and some aliases', () => {
  const small = good.find(({ name }) => name === 'smallest')?.text ?? ''
  assert.equal(readTopologyText(small + '#'.repeat(1024 * 1024 - small.length)).findings, [])
  assert.equal(parseYaml('['.repeat(64) + ']'.repeat(64)).findings, [])
  assert.equal(parseYaml(`a: &a x\nb: [${'*a,'.repeat(9999)}]\n`).findings, [])
})

test('every rule has a file that breaks it', () => {
  const broken = new Set(
    [...bad.flatMap(({ text }) => readTopologyText(text).findings), ...generated.map(([, , rule]) => ({ rule }))].map(({ rule }) => rule),
  )
  assert.equal(
    Object.keys(rules).filter(rule => !broken.has(rule as Rule)),
    [],
  )
})

const page = readFileSync(resolve(import.meta.dirname, '../../docs/topology-file.md'), 'utf8')

test('docs/topology-file.md lists the rules with what they mean', () => {
  const table = page.slice(page.indexOf('| rule | meaning |'))
  const listed = [...table.matchAll(/^\| `([a-z0-9-]+)` \| (.*) \|$/gm)].map(([, rule = '', meaning]) => [rule, meaning])
  assert.equal(
    listed.filter(([rule]) => (rule ?? '') in rules),
    Object.entries(rules),
  )
})

test('the complete files on docs/topology-file.md are right', () => {
  const blocks = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, block = '']) => block).filter(block => /^topology:/m.test(block))
  assert.ok(blocks.length >= 2)
  for (const block of blocks) assert.equal(readTopologyText(block).findings, [])
})

test('no prototype was touched by any of them', () => {
  assert.is(({} as { polluted?: boolean }).polluted, undefined)
  assert.equal(Object.keys(Object.prototype), [])
})

test('whatever a file holds, it is read without a throw, and each finding stands in the text', () => {
  const texts = [...good, ...bad].map(({ text }) => text).filter(text => text.length < 4000)
  const pieces = [
    '\t',
    '\n',
    ' ',
    ':',
    ': ',
    '- ',
    '{',
    '}',
    '[',
    ']',
    ',',
    '"',
    "'",
    '#',
    ' #',
    '&a ',
    '*a',
    '!',
    '|',
    '>',
    '%',
    '---\n',
    '\\',
    '(',
    ')',
    '📦',
    '\uD800',
    '\0',
    'on: ',
    '~',
  ]
  const edit = fc.record({ at: fc.nat(), remove: fc.nat(20), insert: fc.constantFrom('', ...pieces) })
  fc.assert(
    fc.property(fc.constantFrom(...texts), fc.array(edit, { minLength: 1, maxLength: 4 }), (text, edits) => {
      const edited = edits.reduce((made, { at, remove, insert }) => {
        const from = at % (made.length + 1)
        return made.slice(0, from) + insert + made.slice(from + remove)
      }, text)
      const { topology, findings } = readTopologyText(edited)
      const lines = edited.replace(/^\uFEFF/, '').split('\n')
      for (const { line, column, length, severity } of findings) {
        const there = lines[line - 1]
        assert.ok(there !== undefined && column >= 1 && column - 1 + length <= there.length, JSON.stringify({ line, column, length }))
        if (severity === 'error') assert.is(topology, undefined)
      }
      if (topology !== undefined) assert.equal(checkTopology(topology), topology)
    }),
    { numRuns: 600 },
  )
})

function jsonOf(path: string): string {
  return path.replace(/\.yaml$/, '.json')
}

test.run()
