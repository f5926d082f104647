/** `route` against the contract, by the first condition and by all. */
import * as fc from 'fast-check'
import * as assert from 'uvu/assert'
import { anyRow } from '../../operators/expressions/types.ts'
import type { Row } from '../../operators/flow.ts'
import { columns } from '../../operators/functions.ts'
import { route, type RouteOptions } from '../../operators/route.ts'
import { operatorContract } from '../contract/operator.ts'
import { withBarriers } from './arbitrary.ts'
import { pageOfRows, sendPage } from './keys.ts'
import { sameInOtherPages } from './selected.ts'

const functions = {
  '#even': ({ n }: { n?: number }) => {
    if (n === 13) throw new RangeError('unlucky')
    return (n ?? 1) % 2 === 0
  },
  '#loop': columns({ reads: ['n'], writes: { is: 'boolean' } }, ({ n }, { is }, count) => {
    for (let i = 0; i < count; i++) is.values[i] = n.kind === 'number' && (n.values[i] as number) > 10 ? 1 : 0
  }),
}
const routes = { small: 'n < 5', even: '#even', odd: '10 / (n - 9) <> 0 and n % 2 = 1' }
const options = fc.constantFrom({ routes }, { routes, match: 'all' }, { routes: { even: '#even' } })

/** The ports a row leaves by; undefined when it is given up. */
function portsOf(n: number | null, { routes: own, match }: RouteOptions): string[] | undefined {
  const ports: string[] = []
  for (const name of Object.keys(own)) {
    if (match !== 'all' && ports.length > 0) break
    if ((name === 'even' && n === 13) || (name === 'odd' && n === 9)) return undefined
    const isTrue = name === 'small' ? n !== null && n < 5 : name === 'even' ? (n ?? 1) % 2 === 0 : n !== null && n % 2 === 1
    if (isTrue) ports.push(name)
  }
  return ports.length === 0 ? ['else'] : ports
}

const numbers = fc.oneof(fc.integer({ min: 0, max: 15 }), fc.constant(null))
const test = operatorContract(route, {
  poison: { delay: 'much' },
  twin: {
    input: withBarriers(fc.record({ n: numbers })),
    options,
    functions,
    answer: (rows, chosen) => {
      const left = (row: Row): string[] | undefined => portsOf(row['n'] as number | null, chosen as unknown as RouteOptions)
      const by = (port: string): Row[] => rows.filter(row => left(row)?.includes(port) === true)
      return {
        ports: Object.fromEntries(['small', 'even', 'odd', 'else'].map(port => [port, by(port)])),
        dead: [...rows.entries()].flatMap(([order, row]) => (left(row) === undefined ? [order] : [])),
      }
    },
    numRuns: 150,
  },
})

sameInOtherPages(test, route, { options, functions, input: withBarriers(fc.record({ n: numbers, a: fc.string() }, { requiredKeys: [] })) })

const ports = (given: object): Readonly<Record<string, unknown>> => route.portsOf?.(given as never) ?? {}

test('its routes are ports, each with the columns that came in', () => {
  assert.equal(Object.keys(ports({ routes })), ['small', 'even', 'odd'])
  const input = { ...anyRow, fields: { n: 'number' }, key: ['n'] } as const
  assert.equal(
    route.types?.({ routes }, input, () => undefined),
    { small: input, even: input, odd: input, else: input },
  )
})

test('names that would be confused are INVALID', async () => {
  for (const name of ['else', 'dead', '', '1st', 'a b', 'a.b', '__proto__', 'a'.repeat(101)]) {
    const given = { routes: Object.fromEntries([[name, 'n > 1']]) }
    const isInvalid = (error: { code: string; details: { option?: string } }): boolean =>
      error.code === 'INVALID' && error.details.option === `routes.${name}`
    assert.throws(() => route.types?.(given, anyRow, () => undefined), isInvalid, name)
    assert.ok(await sendPage(route, given, pageOfRows([])).then(() => false, isInvalid), name)
  }
  for (const name of ['main', 'late', 'größer', 'toString', 'a-1_b'])
    route.types?.({ routes: { [name]: 'n > 1' } }, anyRow, () => undefined)
})

test('what is wanted at any port must come in, and what conditions read', () => {
  const wanted = (port: string): Set<string> => new Set([`of-${port}`])
  assert.equal(
    route.needs({ routes: { a: 'n > m', b: '#loop' } }, wanted, name => functions[name as '#loop']),
    new Set(['of-a', 'of-b', 'of-else', 'n', 'm']),
  )
})

test('columns are shared, and a port without rows has no page', async () => {
  const page = pageOfRows([{ n: 1 }, { n: 20 }])
  const { pages } = await sendPage(route, { routes: { small: 'n < 5', none: 'n < 0' } }, page)
  assert.equal(
    pages.map(({ port }) => port),
    ['small', 'else'],
  )
  for (const { columns: own } of pages) assert.is(own, page.columns)
})

test.run()
