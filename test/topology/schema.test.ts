/** The schema for editors: it takes every good file and every operator's example, and says no to what has a wrong shape. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { operators } from '../../operators/index.ts'
import { parseYaml } from '../../topology/read/document.ts'
import { corpusFiles } from './topology-corpus.ts'

const file = resolve(import.meta.dirname, '../../topology/topology.schema.json')
const schema = JSON.parse(readFileSync(file, 'utf8')) as { readonly definitions: Readonly<Record<string, unknown>> }
const validate = new Ajv({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(schema)

function isValid(text: string): boolean {
  return validate(parseYaml(text).value)
}

const head = { topology: 't', version: 1, sources: { log: { follow: 'all' } } }

for (const { name, text } of corpusFiles('good')) {
  test(`good: ${name}`, () => {
    assert.ok(isValid(text), JSON.stringify(validate.errors))
  })
}

/** Files that are wrong in their shape, which a schema can see; of names and columns it knows nothing. */
const wrongShapes = [
  'aggregate-misspelt',
  'aggregate-without-parentheses',
  'aggregates-missing',
  'choice-misspelt',
  'duration-in-words',
  'epoch-is-checkpoint',
  'from-a-mapping',
  'from-missing-in-a-sink',
  'guarantee-misspelt',
  'list-is-a-text',
  'late-beside-the-operator',
  'operator-missing',
  'operator-misspelt',
  'operators-two',
  'option-above-its-group',
  'option-missing',
  'option-misspelt',
  'options-are-a-text',
  'sink-is-no-sink',
  'source-field-of-unknown-type',
  'source-of-a-file',
  'sources-are-a-list',
  'step-without-id',
  'steps-are-a-mapping',
  'table-without-key',
  'topology-missing',
  'topology-with-blanks',
  'version-in-quotes',
  'words-of-benthos',
  'words-of-json',
]

for (const wrong of wrongShapes) {
  test(`bad: ${wrong}`, () => {
    const found = corpusFiles('bad').find(({ name }) => name === wrong)
    assert.ok(found)
    assert.not(isValid(found.text))
  })
}

for (const [name, { spec, example }] of Object.entries(operators)) {
  test(`the example of ${name}, and nothing else of it`, () => {
    const step = (options: unknown): unknown => ({ ...head, steps: [{ id: 'a', [name]: options }] })
    assert.ok(validate(step(example.options)), JSON.stringify(validate.errors))
    assert.not(validate(step({ ...example.options, 'no such option': 1 })) && spec.options[spec.shorthand ?? '']?.type !== 'json')
    const { shorthand } = spec
    const [only, more] = Object.keys(example.options)
    if (shorthand === only && only !== undefined && more === undefined)
      assert.ok(validate(step(example.options[only])), JSON.stringify(validate.errors))
    const isSink = spec.kind === 'sink'
    assert.is(validate({ ...head, sinks: { out: { from: 'log', [name]: example.options } } }), isSink)
  })
}

test('it has the options of every operator, with what they are for', () => {
  for (const [name, { spec }] of Object.entries(operators)) {
    const text = JSON.stringify(schema.definitions[`operator-${name}`])
    for (const [option, { summary, choices }] of Object.entries(spec.options)) {
      assert.ok(text.includes(JSON.stringify(option)) && text.includes(JSON.stringify(summary)), `${name}.${option}`)
      for (const choice of choices ?? []) assert.ok(text.includes(JSON.stringify(choice)), `${name}.${option}: ${choice}`)
    }
  }
})

test.run()
