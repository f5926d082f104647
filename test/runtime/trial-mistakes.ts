/** Test files with one mistake each, and where it is found. */

export interface TestFileMistake {
  readonly text: string
  /** Path of the finding, and its line. */
  readonly at: readonly [path: string, line: number]
  readonly isWarning?: true
}

const event = '{ stream: o-1, type: order.placed, data: { total: 1 } }'
export const lines = (...all: string[]): string => all.join('\n')

export const testFileMistakes: readonly TestFileMistake[] = [
  { text: '[]', at: ['', 1] },
  { text: 'tests: {}', at: ['tests', 1] },
  { text: 'tests: []', at: ['tests', 1] },
  { text: 'topology: ./x.yaml', at: ['', 1] },
  { text: lines('topology: 5', 'tests:', `  - { given: [], expect: {} }`), at: ['topology', 1] },
  { text: lines('tests:', '  - nothing'), at: ['tests[0]', 2] },
  { text: lines('tests:', '  - { expect: {} }'), at: ['tests[0]', 2] },
  { text: lines('tests:', '  - { givn: [], given: [], expect: {} }'), at: ['tests[0].givn', 2] },
  { text: lines('tests:', '  - name: a', '    given: []', '    expect: { output: {} }'), at: ['tests[0].expect.output', 4] },
  { text: lines('tests:', '  - name: 5', '    given: []', '    expect: {}'), at: ['tests[0].name', 2] },
  { text: lines('tests:', '  - { name: a, given: [], expect: {} }', '  - { name: a, given: [], expect: {} }'), at: ['tests[1].name', 3] },
  { text: lines('tests:', '  - given: {}', '    expect: {}'), at: ['tests[0].given', 2] },
  { text: lines('tests:', '  - given:', '      - 7', '    expect: {}'), at: ['tests[0].given[0]', 3] },
  { text: lines('tests:', '  - given:', '      - { stream: o-1, data: 1 }', '    expect: {}'), at: ['tests[0].given[0]', 3] },
  {
    text: lines('tests:', '  - given:', '      - { stream: o-1, typ: x, type: order.placed, data: 1 }', '    expect: {}'),
    at: ['tests[0].given[0].typ', 3],
  },
  {
    text: lines('tests:', '  - given:', '      - { stream: $x, type: order.placed, data: 1 }', '    expect: {}'),
    at: ['tests[0].given[0].stream', 3],
  },
  {
    text: lines('tests:', '  - given:', '      - { stream: "", type: order.placed, data: 1 }', '    expect: {}'),
    at: ['tests[0].given[0].stream', 3],
  },
  {
    text: lines('tests:', '  - given:', '      - { stream: o-1, type: "", data: 1 }', '    expect: {}'),
    at: ['tests[0].given[0].type', 3],
  },
  {
    text: lines(
      'tests:',
      '  - given:',
      '      - stream: o-1',
      '        type: order.placed',
      '        at: noon',
      '        data: 1',
      '    expect: {}',
    ),
    at: ['tests[0].given[0].at', 5],
  },
  {
    text: lines('tests:', '  - given:', '      - { stream: o-1, type: order.placed, at: 2001-01-01, data: 1 }', '    expect: {}'),
    at: ['tests[0].given[0].at', 3],
  },
  {
    text: lines(
      'tests:',
      '  - given:',
      `      - ${event}`,
      '      - { stream: o-1, type: order.placed, at: 2025-12-31, data: 1 }',
      '    expect: {}',
    ),
    at: ['tests[0].given[1].at', 4],
  },
  { text: lines('tests:', '  - given:', '      - { advance: soon }', '    expect: {}'), at: ['tests[0].given[0].advance', 3] },
  { text: lines('tests:', '  - given:', '      - { advance: 1h, stream: o-1 }', '    expect: {}'), at: ['tests[0].given[0].stream', 3] },
  {
    text: lines('tests:', '  - given:', '      - { stream: o-1, type: order.placed, data: 1, tags: [5] }', '    expect: {}'),
    at: ['tests[0].given[0].tags', 3],
  },
  { text: lines('tests:', '  - given: []', '    end: maybe', '    expect: {}'), at: ['tests[0].end', 3] },
  { text: lines('tests:', '  - given: []', '    expect: { steps: { rws: 1 } }'), at: ['tests[0].expect.steps.rws', 3] },
  { text: lines('tests:', '  - given: []', '    expect: { steps: { rows: -1 } }'), at: ['tests[0].expect.steps.rows', 3] },
  { text: lines('tests:', '  - given: []', '    expect: { steps: { rows: { lost: 1 } } }'), at: ['tests[0].expect.steps.rows.lost', 3] },
  { text: lines('tests:', '  - given: []', '    expect: { state: { total: [] } }'), at: ['tests[0].expect.state.total', 3] },
  {
    text: lines('tests:', '  - given: []', '    expect: { state: { totals: [ { value: 1 } ] } }'),
    at: ['tests[0].expect.state.totals[0]', 3],
  },
  { text: lines('tests:', '  - given: []', '    expect: { webhooks: { rows: [] } }'), at: ['tests[0].expect.webhooks.rows', 3] },
  { text: lines('tests:', '  - given: []', '    expect: { outputs: { x: { } } }'), at: ['tests[0].expect.outputs.x', 3] },
  { text: lines('tests:', '  - given: []', '    expect: { outputs: { x: [ { typ: y } ] } }'), at: ['tests[0].expect.outputs.x[0].typ', 3] },
  { text: lines('tests:', '  - given: []', '    expect: { dead: [ { cause: 5 } ] }'), at: ['tests[0].expect.dead[0].cause', 3] },
  { text: lines('tests:', '  - given: []', '    tables: { t: [ { key: 1 } ] }', '    expect: {}'), at: ['tests[0].tables.t[0]', 3] },
  {
    text: lines('tests:', '  - given:', '      - { stream: o-1, type: order.place, data: 1 }', '    expect: {}'),
    at: ['tests[0].given[0].type', 3],
    isWarning: true,
  },
  { text: lines('tests:', '  - name: empty', '    given: []'), at: ['tests[0]', 2], isWarning: true },
]
