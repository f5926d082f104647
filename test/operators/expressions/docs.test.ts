/** The examples of docs/expressions.md give what the page says, as a row and as a page. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { valueAt } from '../../../operators/columns.ts'
import { evaluate, expressionOf, interpret } from '../../../operators/expressions/expression.ts'
import { functions } from '../../../operators/expressions/functions/index.ts'
import type { Row } from '../../../operators/flow.ts'
import type { StepContext } from '../../../operators/operator.ts'
import { pageOf } from '../../../operators/page.ts'

const page = readFileSync(new URL('../../../docs/expressions.md', import.meta.url), 'utf8')
const examples = page.slice(page.indexOf('## Examples'), page.indexOf('## Names'))
const event = JSON.parse(/```json\n([\s\S]*?)```/.exec(examples)?.[1] ?? '') as Row
const rows = [...examples.matchAll(/^\| `(.*)` \| `(.*)` \|$/gm)].map(
  ([, text = '', value = '']) => [text.replaceAll('\\|', '|'), value] as const,
)
const failing = {
  dead: (_: unknown, __: unknown, error: unknown): never => {
    throw error
  },
} as unknown as StepContext

test('the examples are right', () => {
  assert.ok(rows.length > 15, `${rows.length} examples`)
  for (const [text, value] of rows) {
    const expression = expressionOf(text)
    assert.is(JSON.stringify(interpret(expression, event)), value, text)
    const { column } = evaluate(expression)(pageOf([event], { order: new Float64Array(1) }), failing)
    assert.is(JSON.stringify(valueAt(column, 0)), value, text)
  }
})

test('every function is listed with all its forms', () => {
  for (const forms of functions.values())
    for (const { signature, about } of forms) {
      assert.ok(page.includes(`\`${signature}\``), signature)
      assert.ok(about === '' || about.endsWith('.'), `${signature}: ${about}`)
    }
})

test.run()
