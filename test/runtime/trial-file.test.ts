/** Test files: every mistake has its place, time is virtual, and what came is written into a file without touching the rest of it. */
import fc from 'fast-check'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { isEventStoreError } from '../../event/error.ts'
import { recordedOf } from '../../event/stamp.ts'
import { listDifference } from '../../runtime/trial/difference.ts'
import { readTestText } from '../../runtime/trial/test-file.ts'
import { readTests } from '../../runtime/trial/test-value.ts'
import { updatedText } from '../../runtime/trial/update.ts'
import { yamlOf } from '../../runtime/trial/yaml-text.ts'
import { type Plan, planTopology } from '../../topology/plan.ts'
import { topology } from '../../topology/pipeline.ts'
import { parseYaml } from '../../topology/read/document.ts'
import { lines, testFileMistakes } from './trial-mistakes.ts'

const url = 'file:///orders.test.yaml'

async function orders(): Promise<Plan> {
  const { definition } = topology('orders', { version: 1 })
    .follow<{ total: number }>({ types: ['order.placed'] })
    .projection({ id: 'rows', name: 'totals', key: ['total'], value: ['total'] })
  return planTopology(definition)
}

test('every mistake of a test file is found at its place', async () => {
  const plan = await orders()
  for (const { text, at, isWarning } of testFileMistakes) {
    const { findings } = readTestText(text, { url, plan })
    const found = findings.map(({ path, line, severity }) => [path, line, severity])
    assert.equal(found, [[...at, isWarning ? 'warning' : 'error']], text)
  }
})

test('a file that is no YAML, or empty, is a finding and no failure', () => {
  for (const text of ['', 'tests: [', '\u0000', 'a: *b', `${'['.repeat(500)}`]) {
    const { tests, findings } = readTestText(text, { url })
    assert.equal([tests.length, findings.some(({ severity }) => severity === 'error')], [0, true], text)
  }
})

test('time is virtual: absolute, relative, or as it was', () => {
  const given = [
    { stream: 'a-1', type: 't', data: 1 },
    { stream: 'a-1', type: 't', data: 1, at: '+5m' },
    { advance: '1h' },
    { stream: 'b-1', type: 't', data: 1 },
    { stream: 'b-1', type: 't', data: 1, time: '2001-01-01T00:00:00Z' },
    { stream: 'b-1', type: 't', data: 1, at: '2026-02-01T10:00' },
  ]
  const { tests, issues } = readTests({ tests: [{ given, expect: {} }] })
  assert.equal(issues, [])
  const start = Date.UTC(2026, 0, 1)
  const last = Date.UTC(2026, 1, 1, 10)
  const events = tests[0]?.events ?? []
  assert.equal(
    events.map(({ stamp }) => recordedOf(stamp)),
    [start, start + 300_000, start + 3_900_000, start + 3_900_000, last],
  )
  assert.equal(
    events.map(({ time }) => time),
    [start, start + 300_000, start + 3_900_000, Date.UTC(2001, 0, 1), last],
  )
  assert.equal(
    events.map(({ version }) => version),
    [1, 2, 1, 2, 3],
  )
  assert.ok(events.every(({ stamp }, at) => at === 0 || stamp > events[at - 1]!.stamp))
})

const file = lines(
  '# Tests.',
  'tests:',
  '  - name: one # first',
  '    given: [] # nothing',
  '    expect:',
  '      # what goes out',
  '      outputs:',
  '        x:',
  '          - { data: 1 }',
  '',
  '      steps: { big: 2 } # two',
  '',
  '  - { name: two, given: [], expect: { dead: [] } }',
  '  - { name: three, given: [] }',
  '  - name: four',
  '    given: []',
  '    expect:',
  '  - name: five',
  '    given:',
  '      - { stream: s, type: t, data: "x" }',
  '# The end.',
  '',
)

test('what came is written in place: comments and layout around it stay', () => {
  const made = updatedText(
    file,
    [
      { path: ['tests', 0, 'expect', 'outputs', 'x'], value: [{ data: { a: 'yes', b: '5' } }, { data: [] }] },
      { path: ['tests', 0, 'expect', 'steps', 'big'], value: 3 },
      { path: ['tests', 1, 'expect', 'dead'], value: [{ step: 'a b' }] },
      { path: ['tests', 2, 'expect'], value: { outputs: { x: [{ data: 1 }] } } },
      { path: ['tests', 3, 'expect'], value: { dead: [] } },
      { path: ['tests', 4, 'expect'], value: { state: { p: [{ key: [1], value: null }] }, dead: [] } },
    ],
    'orders.test.yaml',
  )
  assert.equal(made.split('\n'), [
    '# Tests.',
    'tests:',
    '  - name: one # first',
    '    given: [] # nothing',
    '    expect:',
    '      # what goes out',
    '      outputs:',
    '        x:',
    '          - { data: { a: "yes", b: "5" } }',
    '          - { data: [] }',
    '',
    '      steps: { big: 3 } # two',
    '',
    '  - { name: two, given: [], expect: { dead: [{ step: a b }] } }',
    '  - { name: three, given: [], expect: { outputs: { x: [{ data: 1 }] } } }',
    '  - name: four',
    '    given: []',
    '    expect:',
    '      dead: []',
    '  - name: five',
    '    given:',
    '      - { stream: s, type: t, data: "x" }',
    '    expect:',
    '      state:',
    '        p:',
    '          - { key: [1], value: null }',
    '      dead: []',
    '# The end.',
    '',
  ])
})

test('a mark of byte order and line ends of other systems stay', () => {
  const windows = `\uFEFF${file.replaceAll('\n', '\r\n')}`
  const made = updatedText(windows, [{ path: ['tests', 0, 'expect', 'steps', 'big'], value: 3 }], 'x')
  assert.is(made, windows.replace('big: 2', 'big: 3'))
})

test('a file that can not be updated in place is refused and named', () => {
  const anchored = lines('tests:', '  - given: []', '    expect: &same', '      dead: []', '  - given: []', '    expect: *same')
  try {
    updatedText(anchored, [{ path: ['tests', 0, 'expect'], value: { dead: [{ step: 'x' }] } }], 'x.test.yaml')
    assert.unreachable()
  } catch (error) {
    assert.ok(isEventStoreError(error, 'INVALID'))
  }
})

test('any value written as YAML is read back as it was', () => {
  const key = fc
    .string({ unit: 'grapheme', minLength: 1 })
    .filter(name => name !== '__proto__' && /^[^\p{Cc}\p{Cn}\p{Co}\p{Cs}]*$/u.test(name))
  const { value } = fc.letrec(tie => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(
        'yes',
        'null',
        '~',
        '1e5',
        '0x1F',
        '- a',
        'a: b',
        'a #b',
        '#',
        '*a',
        '&a',
        '!t',
        '%',
        '@',
        '`',
        ' a ',
        "'",
        '"',
        '\\',
        '2026-01-01',
        'a\nb',
      ),
      key,
      fc.integer(),
      fc
        .double({ noNaN: true, noDefaultInfinity: true })
        .filter(one => !Object.is(one, -0) && (!Number.isInteger(one) || Number.isSafeInteger(one))),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value'), { maxLength: 4 }),
      fc.dictionary(key, tie('value'), { maxKeys: 4, noNullPrototype: true }),
    ),
  }))
  fc.assert(
    fc.property(value, one => {
      const { value: read, findings } = parseYaml(`v: ${yamlOf(one)}\n`)
      assert.equal(findings, [])
      assert.equal((read as { v: unknown }).v, one)
    }),
    { seed: 4, numRuns: 300 },
  )
})

test('lists are told apart by the fewest lines, however long they are', () => {
  const difference = (expected: readonly number[], received: readonly number[]): string[] =>
    listDifference({ expected, received, matches: (a, b) => a === b, shown: one => one })
  assert.equal(difference([1, 2, 3], [1, 2, 3]), [])
  assert.equal(difference([1, 2, 3], [1, 3, 4]), ['  1', '- 2', '  3', '+ 4'])
  assert.equal(difference([], [1]), ['+ 1'])
  const many = Array.from({ length: 5000 }, (_, at) => at)
  assert.equal(
    difference(many, [...many, 7]).filter(line => !line.startsWith(' ')),
    ['+ 7'],
  )
  fc.assert(
    fc.property(fc.array(fc.nat(3), { maxLength: 8 }), fc.array(fc.nat(3), { maxLength: 8 }), (expected, received) => {
      const said = difference(expected, received)
      const side = (marks: string): number[] => said.filter(line => marks.includes(line[0]!)).map(line => Number(line.slice(2)))
      if (said.length === 0) assert.equal(expected, received)
      else assert.equal([side(' -'), side(' +')], [expected, received])
    }),
    { seed: 4 },
  )
})

test.run()
