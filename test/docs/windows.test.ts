/** The tables of docs/windows.md: each is what the step above it gives for the rows of the page. */
import { readFileSync } from 'node:fs'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import { operators } from '../../operators/index.ts'
import type { ExampleFlow } from '../../operators/operator.ts'
import { readTopologyText } from '../../topology/read/read.ts'
import { runOperator } from '../contract/operator-run.ts'

const page = readFileSync(new URL('../../docs/windows.md', import.meta.url), 'utf8')
const minuteMs = 60_000
const lagMs = 5 * minuteMs

/** The lines of the first table behind a place, as cells. */
function tableAfter(place: number): string[][] {
  const [table = ''] = /(?:^\|.*\n)+/m.exec(page.slice(place)) ?? []
  const lines = table.trim().split('\n')
  return lines
    .filter((_, at) => at !== 1)
    .map(line =>
      line
        .slice(1, -1)
        .split('|')
        .map(cell => cell.trim()),
    )
}

/** The rows of the page, stamped as an `eventTime` with a lag of five minutes would. */
function rowsOfPage(): ExampleFlow[] {
  let watermark = -Infinity
  const [, ...lines] = tableAfter(page.indexOf('<!-- rows -->'))
  return lines.map(([at, user, amount]) => {
    const $eventTime = Number(at) * minuteMs
    const row = { at: Number(at), user, amount: Number(amount), $eventTime, $watermark: watermark }
    watermark = Math.max(watermark, $eventTime - lagMs)
    return row
  })
}

/** The one step of a text, as a topology has it. */
function stepOf(text: string): { operator: string; options: Record<string, unknown> } {
  const step = text.replace(/^/gm, '    ').replace(/^ {4}/, '  - ')
  const head =
    'topology: page\nversion: 1\nsources:\n  log: { follow: all }\nsteps:\n  - { id: timed, eventTime: { field: at, lag: 5m } }\n'
  const { topology, findings } = readTopologyText(`${head}${step}`, { file: 'windows.yaml' })
  assert.equal(
    findings.filter(({ severity }) => severity === 'error'),
    [],
    text,
  )
  const { operator = '', options = {} } = topology?.steps.at(-1) ?? {}
  return { operator, options: options as Record<string, unknown> }
}

const minutes = (ms: unknown): string => String(Math.round((ms as number) / minuteMs))

/** A result under the names of the columns of its table. */
function cellsOf(row: Row, names: readonly string[]): string[] {
  return names.map(name => {
    if (name === 'window') return `${minutes(row['windowStart'])}–${minutes(row['windowEnd'])}`
    return name === 'leaves as of' ? minutes(row['$eventTime']) : String(row[name])
  })
}

const blocks = [...page.matchAll(/```yaml\n([\s\S]+?)```/g)].filter(([, text = '']) => !text.startsWith('topology:'))

for (const { 1: text = '', index, 0: block } of blocks)
  test(text.trim(), async () => {
    const [names = [], ...wanted] = tableAfter(index + block.length)
    const { operator, options } = stepOf(text)
    for (const pageRows of [1, 4096]) {
      const run = { options, input: [...rowsOfPage(), 'end' as const, 'barrier' as const], pageRows }
      const { ports } = await runOperator(operators[operator] as never, run)
      assert.equal(
        (ports['main'] ?? []).map(row => cellsOf(row, names)),
        wanted,
      )
    }
  })

test('a Flink user finds each of their words', () => {
  const words =
    'tumbling, hopping, sliding, session, cumulate, global, count window, trigger, evictor, purging, allowed lateness, side output, early firing'
  for (const word of words.split(', ')) assert.ok(page.toLowerCase().includes(word), word)
  assert.ok(blocks.length >= 10)
})

test.run()
