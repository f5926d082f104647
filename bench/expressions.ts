/** Expressions over pages of columns: rows a second of each; against the same as a loop written by hand over the same columns. */
import { systemClock } from '../event/clock.ts'
import { evaluate, expressionOf, keepWhere } from '../operators/expressions/expression.ts'
import { anyRow } from '../operators/expressions/types.ts'
import type { NumberColumn, Page, TextColumn } from '../operators/flow.ts'
import type { StepContext } from '../operators/operator.ts'
import { eachInItsProcess } from './each-case.ts'
import { loadAverage } from './machine.ts'
import { nexmarkPage } from './nexmark/columns.ts'
import type { BenchOptions } from './options.ts'
import { report } from './report.ts'

const pageRows = 4096
const pagesMade = 64
const secondsDefault = 2

/** By hand: fills what the expression would make, and answers a number so that nothing is optimised away. */
type Loop = (page: Page) => number

const numbers = (page: Page, name: string): Float64Array => (page.columns.get(name) as NumberColumn).values
const texts = (page: Page, name: string): TextColumn => page.columns.get(name) as TextColumn

function product(page: Page): number {
  const price = numbers(page, 'price')
  const out = new Float64Array(page.count)
  for (let i = 0; i < page.count; i++) out[i] = Math.floor(((price[i] as number) * 908) / 1000)
  return out[page.count - 1] as number
}

function kept(page: Page, keep: (row: number) => boolean): number {
  const rows = new Int32Array(page.count)
  let count = 0
  for (let i = 0; i < page.count; i++) if (keep(i)) rows[count++] = i
  return count
}

const cases: readonly { readonly name: string; readonly expression: string; readonly loop: Loop }[] = [
  { name: 'arithmetic', expression: 'floor(price * 908 / 1000.0)', loop: product },
  {
    name: 'comparison',
    expression: 'price > 1000 and auction % 123 = 0',
    loop: page => {
      const [price, auction] = [numbers(page, 'price'), numbers(page, 'auction')]
      return kept(page, i => (price[i] as number) > 1000 && (auction[i] as number) % 123 === 0)
    },
  },
  {
    name: 'text',
    expression: "type = 'bid'",
    loop: page => {
      const { codes, dictionary } = texts(page, 'type')
      const bid = dictionary.indexOf('bid')
      return kept(page, i => codes[i] === bid)
    },
  },
  {
    name: 'case over numbers and texts',
    expression: "case when price > 10000 then 'high' when price > 100 then upper(type) else 'low' end",
    loop: page => {
      const [price, { codes, dictionary }] = [numbers(page, 'price'), texts(page, 'type')]
      const upper = dictionary.map(text => text.toUpperCase())
      const out = new Array<string>(page.count)
      for (let i = 0; i < page.count; i++) {
        const value = price[i] as number
        out[i] = value > 10_000 ? 'high' : value > 100 ? (upper[codes[i] as number] as string) : 'low'
      }
      return out.length
    },
  },
]

const context = { row: anyRow, beforeCall: () => undefined, dead: () => undefined } as unknown as StepContext

/** Rows a second, over the same pages again and again. */
function rate(pages: readonly Page[], seconds: number, work: (page: Page) => unknown): number {
  for (const page of pages) work(page)
  const begun = systemClock.monotonic()
  let rows = 0
  while (systemClock.monotonic() - begun < seconds * 1000) {
    for (const page of pages) work(page)
    rows += pages.length * pageRows
  }
  return (rows * 1000) / (systemClock.monotonic() - begun)
}

await eachInItsProcess('expressions', cases, async ({ name, expression, loop }, { seconds = secondsDefault }: BenchOptions) => {
  const pages = Array.from({ length: pagesMade }, (_, n) => nexmarkPage(n * pageRows, pageRows))
  const checked = expressionOf(expression)
  const run = checked.type === 'boolean' ? keepWhere(checked) : evaluate(checked)
  const value = rate(pages, seconds, page => run(page, context))
  const baseline = { name: 'a loop by hand over the same columns', value: rate(pages, seconds, loop) }
  report({ bench: 'expressions', case: name, value, unit: 'rows/s', baseline, expression, load: loadAverage() })
})
