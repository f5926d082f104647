/** The tables of docs/patterns.md are run as they stand on the page, and its topology is read. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import type { Row } from '../../operators/flow.ts'
import type { ExampleFlow } from '../../operators/operator.ts'
import { pattern } from '../../operators/pattern.ts'
import { readTopologyText } from '../../topology/read/read.ts'
import { runOperator } from '../contract/operator-run.ts'

const page = readFileSync(new URL('../../docs/patterns.md', import.meta.url), 'utf8')
const names = ['a', 'b', 'c', 'd']

/** The matches of rows such as `a1 c1 b1`, each as the ids of its rows. */
async function matchesIn(rows: string, given: string, skip: string): Promise<string> {
  const steps = (parse(given) as Row[]).map(step => {
    const name = Object.values(step).find(value => names.includes(value as string)) as string
    return { ...step, where: `kind = '${name}'` }
  })
  const input = rows.split(' ').map((id, at): ExampleFlow => ({ id, kind: id[0], bit: 2 ** at, $eventTime: at, $watermark: -Infinity }))
  const matched = steps.flatMap(step => (Object.keys(step).some(word => word.startsWith('not')) ? [] : [step.where.at(-2) as string]))
  const select = Object.fromEntries(matched.map(name => [name, `sum(${name}.bit)`]))
  const { ports } = await runOperator(pattern, {
    options: { steps, within: 1000, skip, select },
    input: [...input, 'end', 'barrier'],
    pageRows: 7,
  })
  const ids = (row: Row): string => {
    const bits = matched.reduce((sum, name) => sum + ((row[name] as number | null) ?? 0), 0)
    return `\`${rows
      .split(' ')
      .filter((_, at) => ((bits >> at) & 1) === 1)
      .join(' ')}\``
  }
  return (ports['main'] ?? []).map(ids).join(', ') || 'none'
}

test('each line of a table is what the rows above it give', async () => {
  let tried = 0
  let rows = ''
  for (const line of page.split('\n')) {
    rows = /^<!-- rows: (.+) -->$/.exec(line)?.[1] ?? rows
    const [, code = '', matches = ''] = /^\| `([^`]+)` \| ([^|]+?) \|/.exec(line) ?? []
    if (code === '') continue
    const isSkip = !code.startsWith('[')
    const steps = isSkip ? '[{ begin: a, oneOrMore: true, greedy: true }, { followedBy: b }]' : code
    assert.is(await matchesIn(rows, steps, isSkip ? code : 'none'), matches, code)
    tried++
  }
  assert.is(tried, 22)
})

test('the topology of the page is read without a word against it', () => {
  const [, text = ''] = /```yaml\n([\s\S]+?)```/.exec(page) ?? []
  assert.equal(readTopologyText(text, { file: 'patterns.yaml' }).findings, [])
})

test.run()
