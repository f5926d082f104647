/** The page about joins: what it quotes stands in the example whose tests are run, and it knows every join by the words of others. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { operators } from '../../operators/index.ts'

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
const page = read('docs/joins.md')

test('what the page quotes stands in the file it names', () => {
  const quotes = [...page.matchAll(/<!-- quoted from (\S+) -->\n+```yaml\n([\s\S]*?)```/g)]
  assert.ok(quotes.length >= 5)
  for (const [, file = '', text = ''] of quotes) assert.ok(read(file).includes(text), `${file}:\n${text}`)
})

test('the page names every join, and the words of other programs', () => {
  const joins = Object.values(operators).filter(({ spec }) => spec.inputs === 2)
  assert.is(joins.length, 4)
  for (const { spec } of joins) assert.ok(page.includes(`\`${spec.name}\``), spec.name)
  for (const word of [
    'interval join',
    'window join',
    'temporal join',
    'lookup join',
    'regular join',
    'KTable',
    'GlobalKTable',
    'FOR SYSTEM_TIME AS OF',
  ])
    assert.ok(page.includes(word), word)
})

test.run()
