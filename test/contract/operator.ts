/** The contract of operators: what each of them must do, whatever its idea. A test of an operator is one call. */
import * as fc from 'fast-check'
import { suite } from 'uvu'
import * as assert from 'uvu/assert'
import type { Row } from '../../operators/flow.ts'
import type { AnyOperator, ExampleFlow } from '../../operators/operator.ts'
import { equalInLanes, lanesTried } from './operator-lanes.ts'
import { runOperator, type Outcome, type Run } from './operator-run.ts'

/** What a dumb twin is asked: the same input, answered row by row in the plainest way. */
export interface Twin {
  readonly input: fc.Arbitrary<readonly ExampleFlow[]>
  readonly options: Readonly<Record<string, unknown>> | fc.Arbitrary<Readonly<Record<string, unknown>>>
  readonly functions?: Readonly<Record<string, unknown>>
  readonly key?: readonly string[]
  readonly answer: (
    rows: readonly Row[],
    options: Readonly<Record<string, unknown>>,
  ) => Partial<Pick<Outcome, 'ports' | 'projection' | 'outbox' | 'posts' | 'dead'>>
  readonly numRuns?: number
}

export interface ContractCase {
  /** A row that must be given up alone; left out by operators that can not fail on a row, with the reason. */
  readonly poison: Row | { readonly skip: string }
  /** Functions that choke on the poison; those of the example when left out. */
  readonly poisonFunctions?: Readonly<Record<string, unknown>>
  readonly twin: Twin | { readonly skip: string }
}

/** So few bytes that all but one or two keys leave memory at every page and barrier. */
export const tinyMemory = 300

/** The suite for one operator, to be run by the file that asks for it. */
export function operatorContract(operator: AnyOperator, { poison, poisonFunctions, twin }: ContractCase): ReturnType<typeof suite> {
  const { spec, example } = operator
  const test = suite(`${spec.name} keeps the contract of operators`)
  const run = (more: Partial<Run> = {}): Promise<Outcome> => runOperator(operator, { ...example, pageRows: 4096, ...more })

  test('its example does what the page says', async () => {
    const outcome = await run()
    const { ports = {}, projection = [], outbox = [], posts = [], dead = [] } = example.output
    for (const [port, rows] of Object.entries(ports)) assert.equal(shownAs(outcome.ports[port] ?? [], rows), rows, `port ${port}`)
    for (const port of Object.keys(outcome.ports))
      if (spec.kind !== 'sink' && outcome.ports[port]?.length) assert.ok(port in ports, `port ${port}`)
    assert.equal([outcome.projection, outcome.outbox, outcome.posts, outcome.dead], [projection, outbox, posts, dead])
  })

  test('its example names only ports and options of the spec', () => {
    const ports = { ...spec.ports, ...operator.portsOf?.(example.options as never) }
    for (const port of Object.keys(example.output.ports ?? {})) assert.ok(port in ports, port)
    for (const option of Object.keys(example.options)) assert.ok(option in spec.options, option)
  })

  test('control passes, in order and behind the data', async () => {
    const rows = example.input.filter(one => typeof one === 'object')
    const { kinds } = await run({ input: [...rows, 'watermark 9000000000', 'barrier', 'end', 'barrier'] })
    const control = kinds.filter(kind => kind !== 'page')
    assert.equal(control.slice(-4), ['watermark', 'barrier', 'end', 'barrier'])
    assert.is(kinds.at(-1), 'barrier')
    if (spec.kind === 'stateless') assert.is(kinds.lastIndexOf('page') < kinds.indexOf('watermark'), true)
  })

  test('pages of 1, 7 and 4096 rows give the same', async () => {
    const input = doubled(example.input)
    const whole = results(await run({ input }))
    for (const pageRows of [1, 7]) assert.equal(results(await run({ input, pageRows })), whole, `pages of ${pageRows}`)
    const parted = input.flatMap((one): ExampleFlow[] => (typeof one === 'object' ? [one, 'barrier'] : [one]))
    for (const pageRows of [1, 7])
      assert.equal(
        results(await run({ input: parted, pageRows, stateBytes: tinyMemory })),
        whole,
        `hardly any memory, pages of ${pageRows}`,
      )
  })

  test('a restart at any barrier changes nothing', async () => {
    const rows = example.input
    const whole = results(await run())
    for (let at = 0; at <= rows.length; at++) {
      const input = [...rows.slice(0, at), 'barrier' as const, ...rows.slice(at)]
      for (const stateBytes of [undefined, tinyMemory])
        assert.equal(results(await run({ input, restartAfter: [1, 2], stateBytes })), whole, `restart before ${at}`)
    }
  })

  const mayBeInLane = operator.splitBy !== undefined || (spec.kind === 'stateless' && spec.stateVersion === undefined)
  if (mayBeInLane)
    test('lanes give what one lane gives, also when a restart changes how many there are', async () => {
      const rows = example.input
      for (const at of [0, 1, Math.ceil(rows.length / 2), rows.length]) {
        const input = [...rows.slice(0, at), 'barrier' as const, ...rows.slice(at)]
        for (const pageRows of [1, 4096]) {
          const one = { ...example, input, pageRows, restartAfter: [1, 2] }
          const whole = await runOperator(operator, one)
          for (const lanes of lanesTried) await equalInLanes(operator, one, whole, lanes)
        }
      }
    })

  if ('skip' in poison && typeof poison.skip === 'string') test.skip(`a poison row is given up alone (${poison.skip})`)
  else
    test('a poison row is given up alone', async () => {
      const functions = poisonFunctions ?? example.functions ?? {}
      const rows = example.input
      const at = rows.findIndex(one => typeof one === 'object')
      const before = results(await run({ functions }))
      const neighbour = rows[at] as Row
      const stamps = Object.fromEntries(['$eventTime', '$watermark'].flatMap(name => (name in neighbour ? [[name, neighbour[name]]] : [])))
      const poisoned = [...rows.slice(0, at), { ...stamps, ...(poison as Row) }, ...rows.slice(at)]
      for (const pageRows of [1, 4096]) {
        const after = results(await run({ functions, input: poisoned, pageRows }))
        assert.is(after.dead.length, before.dead.length + 1)
        assert.equal({ ...after, dead: [] }, { ...before, dead: [] }, `pages of ${pageRows}`)
      }
    })

  if ('skip' in twin) test.skip(`equals a dumb twin (${twin.skip})`)
  else
    test('equals a dumb twin on random rows, at any page size, restart and bound of memory', async () => {
      const options = twin.options instanceof fc.Arbitrary ? twin.options : fc.constant(twin.options)
      const shape = { functions: twin.functions ?? {}, ...(twin.key && { key: twin.key }) }
      const cut = fc.record({
        pageRows: fc.constantFrom(1, 2, 7, 4096),
        stateBytes: fc.constantFrom(undefined, tinyMemory, 4 * tinyMemory),
        lanes: fc.constantFrom(...lanesTried),
      })
      let laned = 0
      const property = fc.asyncProperty(twin.input, options, cut, async (input, chosen, { pageRows, stateBytes, lanes }) => {
        const rows = input.filter(one => typeof one === 'object')
        const one = { ...shape, options: chosen, input, pageRows, stateBytes, restartAfter: [1, 3] }
        const outcome = await runOperator(operator, one)
        const wanted = twin.answer(rows, chosen)
        for (const [port, expected] of Object.entries(wanted.ports ?? {}))
          assert.equal(shownAs(outcome.ports[port] ?? [], expected), expected, port)
        for (const part of ['projection', 'outbox', 'posts', 'dead'] as const)
          if (wanted[part] !== undefined) assert.equal(outcome[part], wanted[part], part)
        if (mayBeInLane && (await equalInLanes(operator, one, outcome, lanes))) laned++
      })
      await fc.assert(property, { seed: 4, numRuns: twin.numRuns ?? 60 })
      if (operator.splitBy) assert.ok(laned > 0, 'none of the options lets it run in lanes')
    })

  return test
}

/** What must not depend on pages and restarts. */
function results({ ports, projection, outbox, posts, dead }: Outcome): Pick<Outcome, 'ports' | 'projection' | 'outbox' | 'posts' | 'dead'> {
  return { ports: Object.fromEntries(Object.entries(ports).filter(([, rows]) => rows.length > 0)), projection, outbox, posts, dead }
}

/** Rows with the stamps only where the expected row names them. */
function shownAs(rows: readonly Row[], expected: readonly Row[]): Row[] {
  return rows.map((row, i) => {
    const names = expected[i] ?? {}
    return Object.fromEntries(Object.entries(row).filter(([name]) => !name.startsWith('$') || name in names))
  })
}

/** The rows of the example many times over, control kept at the end, so that pages of 7 have something to cut. */
function doubled(input: readonly ExampleFlow[]): ExampleFlow[] {
  const firstEnd = input.findIndex(one => typeof one === 'string')
  const rows = firstEnd < 0 ? input : input.slice(0, firstEnd)
  return [...rows, ...rows, ...rows, ...rows, ...(firstEnd < 0 ? [] : input.slice(firstEnd))]
}
