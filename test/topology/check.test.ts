/** Every mistake in a topology is INVALID, names its step and says what was meant. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { EventStoreError } from '../../event/error.ts'
import { checkTopology, readTopology, topologyIssues } from '../../topology/check.ts'
import type { Step, Topology } from '../../topology/topology.ts'

const log = [{ step: 'log', port: 'main' }]
const timed: Step = { id: 'timed', operator: 'eventTime', options: { field: 'at', lag: '1m' }, from: log }
const fromTimed = [{ step: 'timed', port: 'main' }]

function withSteps(...steps: unknown[]): Topology {
  return { name: 't', version: 1, sources: [{ id: 'log', kind: 'log' }], steps: steps as Step[] }
}

const tumbleWith = (options: object, from: Step['from'] = fromTimed): Step => ({
  id: 'w',
  operator: 'tumble',
  from,
  options: { size: '1h', aggregate: { n: { aggregate: 'count' } }, ...options },
})

/** What is wrong, whose fault it is, and a word that the message must hold. */
const mistakes: readonly (readonly [what: string, topology: Topology, step: string | undefined, word: RegExp])[] = [
  ['a misspelt operator', withSteps({ ...timed, operator: 'eventTiem' }), 'timed', /did you mean eventTime\?/],
  ['a misspelt option', withSteps({ ...timed, options: { field: 'at', lga: '1m' } }), 'timed', /did you mean lag\?/],
  ['a missing option', withSteps({ ...timed, options: { field: 'at' } }), 'timed', /lag/],
  ['a wrong duration', withSteps({ ...timed, options: { field: 'at', lag: '1 hour' } }), 'timed', /lag/],
  [
    'a wrong option in a group',
    withSteps({ ...timed, options: { ...timed.options, maxFuture: { allow: '1m', fo: 'x' } } }),
    'timed',
    /maxFuture\.fo; did you mean of/,
  ],
  ['two steps of one id', withSteps(timed, timed), 'timed', /id is taken/],
  ['an id without text', withSteps({ ...timed, id: '' }), '', /id/],
  ['a step that is not before it', withSteps({ ...timed, from: [{ step: 'lgo', port: 'main' }] }), 'timed', /did you mean log\?/],
  ['a port that is not there', withSteps(timed, tumbleWith({}, [{ step: 'timed', port: 'suspects' }])), 'w', /did you mean suspect\?/],
  ['rows from nowhere', withSteps({ ...timed, from: [] }), 'timed', /nowhere/],
  [
    'rows from a sink',
    withSteps(
      { id: 's', operator: 'append', options: { stream: 's', type: 't' }, from: log },
      { ...timed, from: [{ step: 's', port: 'main' }] },
    ),
    'timed',
    /sink/,
  ],
  ['a window without event time', withSteps(tumbleWith({}, log)), 'w', /eventTime/],
  ['a misspelt aggregate', withSteps(timed, tumbleWith({ aggregate: { n: { aggregate: 'cuont' } } })), 'w', /did you mean count\?/],
  [
    'a condition of an aggregate that is none',
    withSteps(timed, tumbleWith({ aggregate: { n: { aggregate: 'count', where: '1 + 1' } } })),
    'w',
    /boolean/,
  ],
  [
    'an aggregate by event time where rows have none',
    withSteps({
      id: 'w',
      operator: 'total',
      from: log,
      options: { aggregate: { n: { aggregate: 'first', field: 'x', by: 'eventTime' } } },
    }),
    'w',
    /put an eventTime/,
  ],
  [
    'a rate where windows have no length',
    withSteps({ id: 'w', operator: 'total', from: log, options: { aggregate: { n: { aggregate: 'rate' } } } }),
    'w',
    /over: rows/,
  ],
  ['an aggregate without its column', withSteps(timed, tumbleWith({ aggregate: { n: { aggregate: 'sum' } } })), 'w', /field/],
  [
    'a percentile of 95',
    withSteps(timed, tumbleWith({ aggregate: { n: { aggregate: 'percentile', field: 'x', p: 95 } } })),
    'w',
    /from 0 to 1/,
  ],
  [
    'an aggregate named as another column',
    withSteps(timed, tumbleWith({ aggregate: { windowEnd: { aggregate: 'count' } } })),
    'w',
    /windowEnd/,
  ],
  ['no aggregate at all', withSteps(timed, tumbleWith({ aggregate: {} })), 'w', /aggregate/],
  [
    'a function that is no module#export',
    withSteps({ id: 'f', operator: 'reduce', options: { with: 'isLarge' }, from: log }),
    'f',
    /module#export/,
  ],
  ['a wrong template', withSteps({ id: 's', operator: 'append', options: { stream: 'a-{b', type: 't' }, from: log }), 's', /braces/],
  [
    'a table of unknown format',
    withSteps({ id: 'e', operator: 'enrich', options: { table: { file: 'a.xls', key: 'k' }, match: 'k', take: ['x'] }, from: log }),
    'e',
    /format/,
  ],
  [
    'another choice',
    withSteps({
      id: 'e',
      operator: 'enrich',
      options: { table: { file: 'a.csv', key: 'k' }, match: 'k', take: ['x'], missing: 'deadletter' },
      from: log,
    }),
    'e',
    /did you mean deadLetter\?/,
  ],
  ['a name with blanks', { ...withSteps(timed), name: 'my flights' }, undefined, /name/],
  ['a version of 0', { ...withSteps(timed), version: 0 }, undefined, /version/],
  ['types that are no list', { ...withSteps(timed), sources: [{ id: 'log', kind: 'log', types: 'a' as never }] }, 'log', /types/],
]

for (const [what, topology, step, word] of mistakes) {
  test(what, () => {
    const issues = topologyIssues(topology)
    assert.ok(
      issues.some(issue => issue.step === step && word.test(issue.message)),
      JSON.stringify(issues),
    )
    assert.throws(
      () => checkTopology(topology),
      (error: unknown) => error instanceof EventStoreError && error.code === 'INVALID',
    )
  })
}

test('a topology without mistakes has no issues', () => {
  assert.equal(topologyIssues(withSteps(timed, tumbleWith({}))), [])
})

test('something else than a topology is INVALID', () => {
  for (const value of [undefined, 1, {}, { name: 't' }]) {
    assert.throws(
      () => readTopology(value),
      (error: unknown) => error instanceof EventStoreError && error.code === 'INVALID',
    )
  }
})

test.run()
